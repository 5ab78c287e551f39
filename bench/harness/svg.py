"""What the pictures are made of: lines, text, round numbers for the axes, colours."""
from __future__ import annotations

import math
from xml.sax.saxutils import escape

Box = tuple[float, float, float, float]  # left, top, right, bottom

PITH = "#c1121f"
PALETTE = ["#33658a", "#588157", "#8d6a9f", "#b08900", "#2a9d8f", "#7f5539", "#577590",
           "#6b705c", "#bc6c25", "#4d4dab", "#3a7d44", "#8a5a83"]


def start(width: float, height: float) -> list[str]:
    """The first lines of a picture; `</svg>` ends it."""
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-family="sans-serif" font-size="11">',
            '<rect width="100%" height="100%" fill="white"/>']


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10 ...; only powers of ten if there are many."""
    steps = (1, 2, 5) if high - low < 4 else (1,)
    ticks = [step * 10.0 ** power for power in range(math.floor(low), math.ceil(high))
             for step in steps]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]


def linear_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough)
    return [round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def overlap(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" {more}/>')


def text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
