"""From single trials to the numbers that are quoted. Reports only print what is here."""
from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

from .inputs import InputFile
from .measure import Cost
from .trials import Trial

Row = dict[str, Any]
CLOCKS: dict[str, Callable[[Cost], float]] = {"cpu": lambda c: c.cpu, "wall": lambda c: c.wall}
DIRECTIONS = ("encode", "decode")
_TICK = 1e-6  # a CPU time of 0 means less than the clock shows


class Summary:
    """Groups the trials by tool and file; keeps those tools apart that failed somewhere."""

    def __init__(self, files: list[InputFile], tools: list[str], trials: list[Trial]) -> None:
        self.files = files
        self.tools = tools
        self._bytes = {file.name: file.bytes for file in files}
        self._trials: dict[tuple[str, str], list[Trial]] = defaultdict(list)
        for trial in trials:
            self._trials[trial.tool, trial.file].append(trial)

    def good(self, tool: str, file: str) -> list[Trial]:
        """The trials of a tool on a file, in order, or none if any of them failed."""
        trials = self._trials[tool, file]
        return [] if any(trial.problem for trial in trials) else trials

    def failures(self) -> list[Row]:
        return [{"tool": tool, "file": file, "problem": trial.problem}
                for (tool, file), trials in self._trials.items()
                for trial in trials if trial.problem]

    def per_file(self) -> list[Row]:
        """A row for each file and tool."""
        rows = []
        for file in self.files:
            for tool in self.tools:
                if self.good(tool, file.name):
                    rows.append({"file": file.name} | self._row(tool, [file.name]))
        return rows

    def totals(self) -> list[Row]:
        """A row for each tool over all files it restored; `complete` says if that is all."""
        rows = []
        for tool in self.tools:
            names = [file.name for file in self.files if self.good(tool, file.name)]
            if names:
                complete = len(names) == len(self.files)
                rows.append(self._row(tool, names) | {"files": len(names), "complete": complete})
        return rows

    def per_unit(self, counts: dict[str, int]) -> list[Row]:
        """For each tool, over the files with a count that it restored: bytes of a unit, and
        millions of units a second of CPU time, in the best repetition."""
        rows = []
        for tool in self.tools:
            names = [file.name for file in self.files
                     if file.name in counts and self.good(tool, file.name)]
            if not names:
                continue
            units = sum(counts[name] for name in names)
            row: Row = {"tool": tool, "files": len(names), "units": units,
                        "complete": len(names) == len(counts),
                        "bytes_per_unit": self._packed(tool, names) / units}
            for way in DIRECTIONS:
                row[way] = units / 1e6 / min(self._times(tool, names, way, "cpu"))
            rows.append(row)
        return rows

    def against(self, reference: str, subjects: list[str]) -> list[Row]:
        """Each subject's size and speeds relative to the reference, paired by repetition.

        Above 1 the subject is better: smaller, faster. file None is the total over the
        files that both restored.
        """
        rows: list[Row] = []
        for subject in subjects:
            names = [file.name for file in self.files
                     if self.good(subject, file.name) and self.good(reference, file.name)]
            groups: list[tuple[str | None, list[str]]] = [(None, names)] if names else []
            groups += [(name, [name]) for name in names]
            for label, group in groups:
                mine, theirs = self._packed(subject, group), self._packed(reference, group)
                row: Row = {"tool": subject, "reference": reference, "file": label,
                            "size": theirs / mine}
                for way in DIRECTIONS:
                    row[way] = {clock: _spread(self._pairs(subject, reference, group, way, clock))
                                for clock in CLOCKS}
                rows.append(row)
        return rows

    def _row(self, tool: str, names: list[str]) -> Row:
        original = sum(self._bytes[name] for name in names)
        packed = self._packed(tool, names)
        sizes = [{t.packed_bytes for t in self.good(tool, name)} for name in names]
        logs = [math.log(self._bytes[name] / self._packed(tool, [name])) for name in names]
        row: Row = {"tool": tool, "bytes": original, "packed_bytes": packed,
                    "ratio": original / packed, "bits_per_byte": 8 * packed / original,
                    "ratio_geomean": math.exp(sum(logs) / len(logs)),
                    "size_varies": any(len(size) > 1 for size in sizes)}
        for way in DIRECTIONS:
            row[way] = {"peak_bytes": max(getattr(trial, way).peak_bytes for name in names
                                          for trial in self.good(tool, name))}
            for clock in CLOCKS:
                speeds = [original / 1e6 / t for t in self._times(tool, names, way, clock)]
                row[way][clock] = {"best": max(speeds), "median": median(speeds)}
        return row

    def _packed(self, tool: str, names: list[str]) -> int:
        """Compressed bytes; a tool whose size varies is taken at its worst."""
        return sum(max(t.packed_bytes for t in self.good(tool, name)) for name in names)

    def _times(self, tool: str, names: list[str], way: str, clock: str) -> list[float]:
        """Seconds of each repetition over these files."""
        per_file = [[CLOCKS[clock](getattr(trial, way)) for trial in self.good(tool, name)]
                    for name in names]
        return [max(sum(times), _TICK) for times in zip(*per_file)]

    def _pairs(self, subject: str, reference: str, names: list[str], way: str,
               clock: str) -> list[float]:
        mine = self._times(subject, names, way, clock)
        theirs = self._times(reference, names, way, clock)
        return [other / own for own, other in zip(mine, theirs)]


def pareto(points: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """Of (name, speed, ratio), those that no other beats in one without losing in the
    other; fastest first."""
    front: list[tuple[str, float, float]] = []
    for point in sorted(points, key=lambda p: (-p[1], -p[2])):
        if not front or point[2] > front[-1][2]:
            front.append(point)
    return front


def domination(totals: list[Row], clock: str) -> list[Row]:
    """For each tool that restored every file the others that are no worse in size, encode speed
    and decode speed, and better in one of them; smallest first."""
    rows = sorted((row for row in totals if row["complete"]), key=lambda r: r["packed_bytes"])
    merits = {row["tool"]: (-row["packed_bytes"], *(row[way][clock]["best"] for way in DIRECTIONS))
              for row in rows}
    return [{"tool": tool, "dominated_by": [
        other for other, theirs in merits.items()
        if theirs != mine and all(t >= m for t, m in zip(theirs, mine))]}
        for tool, mine in merits.items()]


def _spread(values: list[float]) -> Row:
    return {"median": median(values), "min": min(values), "max": max(values), "all": values}
