"""The picture: ratio against speed, a panel for each direction, from the JSON result alone."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from . import svg
from .summary import pareto

Json = dict[str, Any]
Point = tuple[str, float, float]        # name, MB/s, ratio

_WIDTH, _HEIGHT = 620.0, 520.0           # of a panel's plot area
_LEFT, _TOP, _GAP, _BOTTOM = 60.0, 70.0, 80.0, 74.0
_LETTER, _LINE = 6.3, 12.0               # of the labels, in pixels


class _Panel:
    """One plot: maps numbers to pixels and keeps labels off each other."""

    def __init__(self, left: float, points: list[Point], ratios: list[float]) -> None:
        self.left = left
        speeds = [point[1] for point in points]
        self.low = math.log10(min(speeds) / 1.5)
        self.high = math.log10(max(speeds) * 2.5)  # room for the rightmost label
        margin = 0.08 * (max(ratios) - min(ratios)) or 0.1
        self.bottom, self.top = min(ratios) - margin, max(ratios) + margin
        self.taken: list[svg.Box] = []

    def x(self, speed: float) -> float:
        return self.left + _WIDTH * (math.log10(speed) - self.low) / (self.high - self.low)

    def y(self, ratio: float) -> float:
        return _TOP + _HEIGHT * (self.top - ratio) / (self.top - self.bottom)

    def axes(self, title: str, clock: str) -> list[str]:
        out = [f'<rect x="{self.left:.1f}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" '
               'fill="none" stroke="#888"/>',
               svg.text(self.left + _WIDTH / 2, _TOP - 12, title, "middle",
                        'font-weight="bold"'),
               svg.text(self.left + _WIDTH / 2, _TOP + _HEIGHT + 40,
                        f"MB/s of {clock} time, best repetition", "middle"),
               svg.text(self.left, _TOP - 12, "ratio", "middle")]
        for speed in svg.log_ticks(self.low, self.high):
            x = self.x(speed)
            out.append(svg.line(x, _TOP, x, _TOP + _HEIGHT, "#e4e4e4"))
            out.append(svg.text(x, _TOP + _HEIGHT + 18, f"{speed:g}", "middle"))
        for ratio in svg.linear_ticks(self.bottom, self.top):
            y = self.y(ratio)
            out.append(svg.line(self.left, y, self.left + _WIDTH, y, "#e4e4e4"))
            out.append(svg.text(self.left - 6, y + 4, f"{ratio:g}", "end"))
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
        cost = [sum(svg.overlap(box, other) for other in self.taken) + self._outside(box)
                for box in boxes]
        index = cost.index(min(cost))
        self.taken.append(boxes[index])
        left, base = places[index]
        style = (f'fill="{colour}" stroke="white" stroke-width="3" paint-order="stroke"'
                 + (' font-weight="bold"' if bold else ""))
        out = svg.text(left, base, name, "start", style)
        if index >= 6:
            near = left if left > x else left + wide
            out = svg.line(x, y, near, base - 4, colour, 'stroke-opacity="0.4"') + out
        return out

    def _outside(self, box: svg.Box) -> float:
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
    out = [*svg.start(width, height),
           svg.text(_LEFT, 26, title, "start", 'font-size="14"')]
    if not rows:
        return "\n".join([*out, svg.text(_LEFT, 60, "nothing was measured", "start"), "</svg>\n"])
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
    out.append(svg.text(_LEFT, height - 6, "Dashed: the Pareto front. Ratio = all original bytes / "
                        "all compressed bytes.", "start", 'fill="#555"'))
    return "\n".join([*out, "</svg>\n"])


def _peer(tool: str) -> str:
    return tool.partition("-")[0]


def _colours(peers: list[str]) -> Callable[[str], str]:
    others = [peer for peer in peers if peer != "pith"]
    table = {peer: svg.PALETTE[i % len(svg.PALETTE)] for i, peer in enumerate(others)}
    table["pith"] = svg.PITH
    return lambda peer: table[peer]
