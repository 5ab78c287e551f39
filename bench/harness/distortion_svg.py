"""The pictures of rate and distortion: PSNR and largest error against bits per value."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from . import svg

Json = dict[str, Any]
Point = tuple[float, float]  # bits per value, PSNR or error

_WIDTH, _HEIGHT = 480.0, 330.0  # of a panel's plot area
_LEFT, _TOP, _GAP, _BELOW = 64.0, 106.0, 84.0, 96.0
_PITH = [(svg.PITH, ""), (svg.PITH, "6 3"), ("#e36414", ""), ("#d6247a", ""), ("#7f1d1d", "")]


@dataclass(frozen=True)
class _Look:
    colour: str
    dash: str
    filled: bool
    size: float


class _Panel:
    """Maps bits and errors to pixels; bits are logarithmic."""

    def __init__(self, left: float, top: float, points: list[Point], logarithmic: bool) -> None:
        self.left, self.top, self.logarithmic = left, top, logarithmic
        bits = [math.log10(point[0]) for point in points]
        heights = [self._height(point[1]) for point in points]
        self.low, self.high = min(bits) - 0.1, max(bits) + 0.1
        margin = 0.06 * (max(heights) - min(heights)) or 0.5
        self.bottom, self.upper = min(heights) - margin, max(heights) + margin

    def _height(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def x(self, bits: float) -> float:
        return self.left + _WIDTH * (math.log10(bits) - self.low) / (self.high - self.low)

    def y(self, value: float) -> float:
        return self.top + _HEIGHT * (self.upper - self._height(value)) / (self.upper - self.bottom)

    def axes(self, title: str, measure: str) -> list[str]:
        right, floor = self.left + _WIDTH, self.top + _HEIGHT
        out = [f'<rect x="{self.left:.1f}" y="{self.top:.1f}" width="{_WIDTH}" height="{_HEIGHT}" '
               'fill="none" stroke="#888"/>',
               svg.text(self.left + _WIDTH / 2, self.top - 10, title, "middle",
                        'font-weight="bold"'),
               svg.text(self.left + _WIDTH / 2, floor + 36, "bits per value", "middle"),
               svg.text(self.left - 40, self.top - 10, measure, "start")]
        for bits in svg.log_ticks(self.low, self.high):
            out.append(svg.line(self.x(bits), self.top, self.x(bits), floor, "#e4e4e4"))
            out.append(svg.text(self.x(bits), floor + 16, f"{bits:g}", "middle"))
        ticks = svg.log_ticks if self.logarithmic else svg.linear_ticks
        for value in ticks(self.bottom, self.upper):
            out.append(svg.line(self.left, self.y(value), right, self.y(value), "#e4e4e4"))
            out.append(svg.text(self.left - 6, self.y(value) + 4, f"{value:g}", "end"))
        return out

    def series(self, name: str, points: list[Point], look: _Look, unit: str) -> list[str]:
        path = "L".join(f"{self.x(bits):.1f},{self.y(value):.1f}" for bits, value in points)
        dash = f' stroke-dasharray="{look.dash}"' if look.dash else ""
        out = [f'<path d="M{path}" fill="none" stroke="{look.colour}" stroke-width="1.4"{dash}/>']
        for bits, value in points:
            out.append(f'<circle cx="{self.x(bits):.1f}" cy="{self.y(value):.1f}" r="{look.size}" '
                       f'fill="{look.colour if look.filled else "white"}" stroke="{look.colour}">'
                       f"<title>{escape(name)}: {bits:.3f} bits per value, {value:.4g}{unit}"
                       "</title></circle>")
        return out


def draw(result: Json) -> str:
    """The SVG text: a row of two panels for each array, one legend for all."""
    looks = _looks(result)
    shown = [array for array in result["arrays"]
             if any(row["array"] == array["name"] for row in result["points"])]
    width = _LEFT + 2 * _WIDTH + _GAP + 20
    height = _TOP + len(shown) * (_HEIGHT + _BELOW)
    machine = result["machine"]
    out = [*svg.start(width, max(height, 120)),
           svg.text(_LEFT, 26, f"{result['title']}: {machine['cpu']}, {machine['date'][:10]}",
                    "start", 'font-size="14"'), *_legend(looks, width)]
    if not shown:
        return "\n".join([*out, svg.text(_LEFT, 90, "nothing was measured", "start"), "</svg>\n"])
    for number, array in enumerate(shown):
        top = _TOP + number * (_HEIGHT + _BELOW)
        for column, (key, title, measure, unit) in enumerate((
                ("psnr", "PSNR", "dB", " dB"),
                ("largest_error", "largest error", "error / range", " of the range"))):
            curves = _curves(result, array, key)
            every = [point for points in curves.values() for point in points]
            if not every:
                continue
            panel = _Panel(_LEFT + column * (_WIDTH + _GAP), top, every, column == 1)
            out += panel.axes(f"{array['name']}: {title}", measure)
            for name, points in curves.items():
                out += panel.series(name, points, looks[name], unit)
    return "\n".join([*out, "</svg>\n"])


def _curves(result: Json, array: Json, key: str) -> dict[str, list[Point]]:
    """The points of each series; those of another place have no error but their bound."""
    curves: dict[str, list[Point]] = {}
    for row in result["points"] + result["taken"]:
        value = row.get(key, row.get("bound"))
        if row["array"] == array["name"] and value and not row.get("problem"):
            point = (8 * row["bytes"] / array["values"], value)
            curves.setdefault(row["series"], []).append(point)
    return {name: sorted(points) for name, points in curves.items()}


def _looks(result: Json) -> dict[str, _Look]:
    """Series that have points: pith in reds, figures from elsewhere hollow. A series keeps its
    colour when another one is skipped."""
    looks: dict[str, _Look] = {}
    there = {row["series"] for row in result["points"] + result["taken"]}
    own = [s["name"] for s in result["series"] if s["tool"] == "pith"]
    peers = [s["name"] for s in result["series"] if s["tool"] != "pith"]
    taken = list(dict.fromkeys(row["series"] for row in result["taken"]))
    for i, name in enumerate(own):
        looks[name] = _Look(*_PITH[i % len(_PITH)], True, 4)
    for i, name in enumerate(peers + taken):
        colour = svg.PALETTE[i % len(svg.PALETTE)]
        looks[name] = _Look(colour, "3 3" if name in taken else "", name not in taken, 3)
    return {name: look for name, look in looks.items() if name in there}


def _legend(looks: dict[str, _Look], right: float) -> list[str]:
    out: list[str] = []
    x, y = _LEFT, 46
    for name, look in looks.items():
        label = name if look.filled else f"{name} (taken)"
        wide = 48 + 6.3 * len(label)
        if x + wide > right:
            x, y = _LEFT, y + 16
        dash = f'stroke-dasharray="{look.dash}"' if look.dash else ""
        out.append(svg.line(x, y, x + 26, y, look.colour, f'stroke-width="1.6" {dash}'))
        out.append(f'<circle cx="{x + 13:.1f}" cy="{y}" r="{look.size}" stroke="{look.colour}" '
                   f'fill="{look.colour if look.filled else "white"}"/>')
        out.append(svg.text(x + 32, y + 4, label, "start"))
        x += wide
    return out
