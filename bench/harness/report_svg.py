"""The picture: ratio against speed, a panel for each direction, from the JSON result alone."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from .summary import pareto

Json = dict[str, Any]
Point = tuple[str, float, float]        # name, MB/s, ratio
Box = tuple[float, float, float, float]  # left, top, right, bottom

_WIDTH, _HEIGHT = 620.0, 520.0           # of a panel's plot area
_LEFT, _TOP, _GAP, _BOTTOM = 60.0, 70.0, 80.0, 74.0
_LETTER, _LINE = 6.3, 12.0               # of the labels, in pixels
_PITH = "#c1121f"
_PALETTE = ["#33658a", "#588157", "#8d6a9f", "#b08900", "#2a9d8f", "#7f5539", "#577590",
            "#6b705c", "#bc6c25", "#4d4dab", "#3a7d44", "#8a5a83"]


class _Panel:
    """One plot: maps numbers to pixels and keeps labels off each other."""

    def __init__(self, left: float, points: list[Point], ratios: list[float]) -> None:
        self.left = left
        speeds = [point[1] for point in points]
        self.low = math.log10(min(speeds) / 1.5)
        self.high = math.log10(max(speeds) * 2.5)  # room for the rightmost label
        margin = 0.08 * (max(ratios) - min(ratios)) or 0.1
        self.bottom, self.top = min(ratios) - margin, max(ratios) + margin
        self.taken: list[Box] = []

    def x(self, speed: float) -> float:
        return self.left + _WIDTH * (math.log10(speed) - self.low) / (self.high - self.low)

    def y(self, ratio: float) -> float:
        return _TOP + _HEIGHT * (self.top - ratio) / (self.top - self.bottom)

    def axes(self, title: str, clock: str) -> list[str]:
        out = [f'<rect x="{self.left:.1f}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" '
               'fill="none" stroke="#888"/>',
               _text(self.left + _WIDTH / 2, _TOP - 12, title, "middle", 'font-weight="bold"'),
               _text(self.left + _WIDTH / 2, _TOP + _HEIGHT + 40,
                     f"MB/s of {clock} time, best repetition", "middle"),
               _text(self.left, _TOP - 12, "ratio", "middle")]
        for speed in _log_ticks(self.low, self.high):
            x = self.x(speed)
            out.append(_line(x, _TOP, x, _TOP + _HEIGHT, "#e4e4e4"))
            out.append(_text(x, _TOP + _HEIGHT + 18, f"{speed:g}", "middle"))
        for ratio in _linear_ticks(self.bottom, self.top):
            y = self.y(ratio)
            out.append(_line(self.left, y, self.left + _WIDTH, y, "#e4e4e4"))
            out.append(_text(self.left - 6, y + 4, f"{ratio:g}", "end"))
        return out

    def front(self, points: list[Point]) -> str:
        """Steps: below and left of them, some tool is better in both."""
        best = pareto(points)
        path = f"M{self.x(best[0][1]):.1f},{_TOP + _HEIGHT:.1f}"
        for _, speed, ratio in best:
            path += f"V{self.y(ratio):.1f}H{self.x(speed):.1f}" if path.count("V") == 0 \
                else f"H{self.x(speed):.1f}V{self.y(ratio):.1f}"
        return (f'<path d="{path}H{self.left:.1f}" fill="none" stroke="#222" '
                'stroke-dasharray="5 4" stroke-opacity="0.6"/>')

    def series(self, points: list[Point], colour: str) -> str:
        """A thin line through the levels; for pith only, with all tools it hides the dots."""
        path = "L".join(f"{self.x(speed):.1f},{self.y(ratio):.1f}" for _, speed, ratio in points)
        return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-opacity="0.45"/>'

    def dot(self, point: Point, colour: str, size: float) -> str:
        name, speed, ratio = point
        x, y = self.x(speed), self.y(ratio)
        self.taken.append((x - 4, y - 4, x + 4, y + 4))
        return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}">'
                f"<title>{escape(name)}: ratio {ratio:.3f}, {speed:.3g} MB/s</title></circle>")

    def label(self, point: Point, colour: str, bold: bool) -> str:
        """The nearest place where it covers nothing; a thin line leads to a far one."""
        name, speed, ratio = point
        x, y, wide = self.x(speed), self.y(ratio), _LETTER * len(name)
        places = [(x + side + (0 if side > 0 else -wide), y + 4 + drop)
                  for distance in (0, 1, 2, 3, 4, 6, 8, 11)
                  for drop in ((0,) if not distance else (-11 * distance, 11 * distance))
                  for side in (7 + 5 * distance, -7 - 5 * distance)]
        boxes = [(left, base - 10, left + wide, base - 10 + _LINE) for left, base in places]
        cost = [sum(_overlap(box, other) for other in self.taken) + self._outside(box)
                for box in boxes]
        index = cost.index(min(cost))
        self.taken.append(boxes[index])
        left, base = places[index]
        style = (f'fill="{colour}" stroke="white" stroke-width="3" paint-order="stroke"'
                 + (' font-weight="bold"' if bold else ""))
        out = _text(left, base, name, "start", style)
        if index >= 6:
            near = left if left > x else left + wide
            out = _line(x, y, near, base - 4, colour, 'stroke-opacity="0.4"') + out
        return out

    def _outside(self, box: Box) -> float:
        over = (max(0.0, self.left - box[0]) + max(0.0, box[2] - self.left - _WIDTH)
                + max(0.0, _TOP - box[1]) + max(0.0, box[3] - _TOP - _HEIGHT))
        return 1000 * over


def draw(result: Json) -> str:
    """The SVG text. Only tools that restored every file are drawn: others have no total."""
    rows = [row for row in result["totals"] if row["complete"]]
    clock = result["options"]["clock"]
    width = 2 * _WIDTH + _LEFT + _GAP + 20
    height = _TOP + _HEIGHT + _BOTTOM
    machine = result["machine"]
    title = (f"{result['title']}: {len(result['files'])} file(s), "
             f"{machine['cpu']}, {result['options']['threads']} thread(s), {machine['date'][:10]}")
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
           f'width="{width:.0f}" height="{height:.0f}" font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="white"/>',
           _text(_LEFT, 26, title, "start", 'font-size="14"')]
    if not rows:
        return "\n".join([*out, _text(_LEFT, 60, "nothing was measured", "start"), "</svg>\n"])
    peers = list(dict.fromkeys(_peer(row["tool"]) for row in rows))
    colour = _colours(peers)
    for number, way in enumerate(("encode", "decode")):
        points = [(row["tool"], row[way][clock]["best"], row["ratio"]) for row in rows]
        panel = _Panel(_LEFT + number * (_WIDTH + _GAP), points, [point[2] for point in points])
        out += panel.axes(way, clock)
        out.append(panel.front(points))
        for peer in peers:
            own = [point for point in points if _peer(point[0]) == peer]
            if peer == "pith":
                plain = [point for point in own if "--" not in point[0]]
                out.append(panel.series(plain or own, colour(peer)))
            out += [panel.dot(p, colour(peer), 5 if peer == "pith" else 3.5) for p in own]
        for point in sorted(points, key=lambda p: _peer(p[0]) != "pith"):  # pith's places first
            peer = _peer(point[0])
            out.append(panel.label(point, colour(peer), peer == "pith"))
    out.append(_text(_LEFT, height - 6, "Dashed: the Pareto front. Ratio = all original bytes / "
                     "all compressed bytes.", "start", 'fill="#555"'))
    return "\n".join([*out, "</svg>\n"])


def _peer(tool: str) -> str:
    return tool.partition("-")[0]


def _colours(peers: list[str]) -> Callable[[str], str]:
    others = [peer for peer in peers if peer != "pith"]
    table = {peer: _PALETTE[i % len(_PALETTE)] for i, peer in enumerate(others)} | {"pith": _PITH}
    return lambda peer: table[peer]


def _log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10 ...; only powers of ten if there are many."""
    steps = (1, 2, 5) if high - low < 4 else (1,)
    ticks = [step * 10.0 ** power for power in range(math.floor(low), math.ceil(high))
             for step in steps]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]


def _linear_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough)
    return [round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _overlap(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" {more}/>')


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
