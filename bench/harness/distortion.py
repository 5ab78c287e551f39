"""Rate and distortion: the plan (distortion.toml), the runs, the measures of what is restored."""
from __future__ import annotations

import fnmatch
import math
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import array_tools, array_values
from .errors import UsageError
from .measure import Cost

Row = dict[str, Any]
KEPT = ("", "error", "psnr")
_ROUNDING = 1e-9  # of a bound: the comparison itself is in doubles


@dataclass(frozen=True)
class Series:
    """One tool at several values."""

    name: str
    tool: str
    values: list[float]
    options: str = ""
    keeps: str = ""
    optional: bool = False

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise UsageError(f"series '{self.name}': no tool '{self.tool}' "
                             f"(there are {', '.join(TOOLS)})")
        if self.keeps not in KEPT:
            raise UsageError(f"series '{self.name}' keeps '{self.keeps}': either error or psnr")


@dataclass(frozen=True)
class Source:
    """Where an array is found."""

    name: str
    file: str
    variable: str = ""


@dataclass(frozen=True)
class Plan:
    """The whole of distortion.toml."""

    title: str
    arrays: list[Source]
    series: list[Series]
    taken: list[Row]
    psnr_targets: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Values:
    """An array to measure on: float, NaN in the gaps; and with the gaps filled, as frames."""

    name: str
    array: np.ndarray
    gaps: np.ndarray
    frames: np.ndarray
    range: float

    def describe(self) -> Row:
        return {"name": self.name, "shape": self.array.shape, "values": self.array.size,
                "gaps": int(self.gaps.sum()), "range": self.range, "bytes": self.array.nbytes}


def load_plan(path: Path) -> Plan:
    """Reads the plan; an unknown or absent key is an error, never ignored."""
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
        arrays = [Source(**entry) for entry in table.pop("arrays", [])]
        series = [Series(**entry) for entry in table.pop("series", [])]
        taken = []
        for entry in table.pop("taken", []):
            name, source = entry.pop("name"), entry.pop("source")
            for array, rows in entry.items():
                if array not in [known.name for known in arrays]:
                    raise UsageError(f"{path}: {name} has figures of {array}, which is no array")
                taken += [{"series": name, "source": source, "array": array, "bound": row[0],
                           "bytes": row[1], "psnr": row[2] if len(row) > 2 else None}
                          for row in rows]
        return Plan(arrays=arrays, series=series, taken=taken, **table)
    except (OSError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise UsageError(f"{path}: {error}") from error


def picked(name: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def load_values(source: Source, corpus: str) -> Values:
    """Integers become floats of the same value: only these may be rounded."""
    stored, gaps = array_values.read(Path(corpus) / source.file, source.variable)
    wide = stored.dtype.kind == "f" and stored.dtype.itemsize == 8
    array = stored.astype("<f8" if wide or stored.dtype.itemsize == 8 else "<f4")
    filled = array_values.fill_gaps(array, gaps)
    array[gaps] = np.nan
    valid = array[~gaps].astype(np.float64)
    return Values(source.name, array, gaps, array_values.to_frames(filled),
                  float(valid.max() - valid.min()))


def points(values: Values, series: Series, program: str, scratch: Path, cores: list[int],
           repeat: int, timeout: float) -> Iterator[Row]:
    """A row for each value of the series; the cost is that of the quickest repetition."""
    for value in series.values:
        row: Row = {"array": values.name, "series": series.name, "value": value}
        for _ in range(repeat):
            folder = scratch / "series"
            folder.mkdir()
            run = array_tools.Commands(folder, cores, timeout)
            try:
                size, restored, encode = TOOLS[series.tool](values, series, value, program, run)
            except array_tools.ToolError as error:
                row["problem"] = str(error)
                break
            finally:
                shutil.rmtree(folder)
            decode = Cost(run.cost.wall - encode.wall, run.cost.user - encode.user,
                          run.cost.system - encode.system, run.cost.peak_bytes)
            row |= _measures(values, restored, size)
            row["problem"] = _broken_promise(values, series, value, row)
            for way, cost in (("encode", encode), ("decode", decode)):
                row[way] = max(row.get(way, 0.0), values.array.nbytes / 1e6 / max(cost.cpu, 1e-6))
        yield row
        if row["problem"] and "bytes" not in row:
            return  # refused or failed: the other values would be too


def _measures(values: Values, restored: np.ndarray, size: int) -> Row:
    """Of the values that are no gaps; the peak of the PSNR is the range."""
    valid = ~values.gaps
    error = restored[valid].astype(np.float64) - values.array[valid].astype(np.float64)
    mean = float(np.mean(error * error))
    psnr = 20 * math.log10(values.range) - 10 * math.log10(mean) if mean > 0 else None
    return {"bytes": size, "bits_per_value": 8 * size / values.array.size, "psnr": psnr,
            "largest_error": float(np.max(np.abs(error))) / values.range,
            "gaps_kept": bool(np.all(np.isnan(restored[values.gaps])))}


def _broken_promise(values: Values, series: Series, value: float, row: Row) -> str:
    if not math.isfinite(row["largest_error"]):
        return "WRONG RESTORE: values became gaps"
    if series.keeps == "error" and row["largest_error"] > value * (1 + _ROUNDING):
        return f"BOUND EXCEEDED: largest error {row['largest_error']:.6g} of the range"
    if series.keeps == "psnr" and row["psnr"] is not None and row["psnr"] < value - _ROUNDING:
        return f"PSNR MISSED: {row['psnr']:.3f} dB"
    if series.tool == "pith" and not row["gaps_kept"]:
        return "WRONG RESTORE: gaps became values"
    return ""


# Each: (bytes, restored values in the shape of the array, cost of encoding); run.cost in the end
# has decoding too. pith gets the array with its gaps, the others get them filled.
Outcome = tuple[int, np.ndarray, Cost]


def _pith(values: Values, series: Series, value: float, program: str,
          run: array_tools.Commands) -> Outcome:
    np.save(run.folder / "in.npy", values.array)
    run(f"{program} -T1 {series.options.replace('{x}', f'{value:g}')} -c in.npy", stdout="packed")
    encode = run.cost
    run(f"{program} -d -T1 -c packed", stdout="back.npy")
    return (run.folder / "packed").stat().st_size, np.load(run.folder / "back.npy"), encode


def _zfp(values: Values, _series: Series, value: float, _program: str,
         run: array_tools.Commands) -> Outcome:
    options = f"-a {value * values.range:.17g}"
    parts = array_tools.zfp_encode(run, values.frames, options)
    encode = run.cost
    frames = array_tools.zfp_decode(run, parts, values.frames.shape, values.frames.dtype, options)
    return _outcome(values, parts, frames, encode)


def _x265(values: Values, _series: Series, value: float, _program: str,
          run: array_tools.Commands) -> Outcome:
    parts = array_tools.x265_encode(run, values.frames, value)
    encode = run.cost
    return _outcome(values, parts, array_tools.x265_decode(run, parts, values.frames), encode)


def _jxl(values: Values, _series: Series, value: float, _program: str,
         run: array_tools.Commands) -> Outcome:
    parts = array_tools.jxl_lossy_encode(run, values.frames, value)
    encode = run.cost
    return _outcome(values, parts, array_tools.jxl_lossy_decode(run, parts, values.frames), encode)


def _outcome(values: Values, parts: list[Path], frames: np.ndarray, encode: Cost) -> Outcome:
    return (sum(part.stat().st_size for part in parts),
            array_values.from_frames(frames, values.array.shape), encode)


TOOLS = {"pith": _pith, "zfp": _zfp, "x265": _x265, "jxl": _jxl}
PEER_OF = {"pith": "pith-5", "zfp": "zfp-R", "x265": "ffv1-3", "jxl": "jxl-8"}  # in peers.toml
