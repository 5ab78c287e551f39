"""Array, picture and video coders on frames of values: how each is called, there and back.

Rearranging values for a tool (halves of floats, 12 bits of a range, bands before rows) is not part
of the tool and not timed; Commands adds up what the tools themselves took.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from . import measure
from .array_values import from_planes, to_planes
from .measure import Cost

_FFMPEG = "ffmpeg -nostdin -y -v error"
_JXL = "--quiet --num_threads=0"
_X265_DEEPEST, _JXL_DEEPEST = 4095, 65535


class ToolError(Exception):
    """A tool ended with an error; the text is its last message."""


class Commands:
    """Runs commands in a folder and adds up their cost."""

    def __init__(self, folder: Path, cores: list[int], timeout: float = 1e6,
                 own_group: bool = True) -> None:
        self.folder, self.cores, self.timeout = folder, cores, timeout
        self.own_group = own_group
        self.cost = Cost(0, 0, 0, 0)

    def __call__(self, command: str, stdout: str = "/dev/null") -> None:
        done = measure.run(command.split(), self.folder, self.cores, self.timeout, stdout=stdout,
                           own_group=self.own_group)
        if done.problem:
            raise ToolError(done.problem)
        self.add(done.cost)

    def add(self, cost: Cost) -> None:
        self.cost = Cost(self.cost.wall + cost.wall, self.cost.user + cost.user,
                         self.cost.system + cost.system,
                         max(self.cost.peak_bytes, cost.peak_bytes))


# Values as (frames, rows, columns). An encoder returns the files that hold what its decoder needs
# beside shape and type, for video also beside the range.
Frames = np.ndarray


def zfp_encode(run: Commands, frames: Frames, options: str) -> list[Path]:
    """zfp has no 16-bit integers: they are widened."""
    wide = frames.astype(_zfp_type(frames.dtype))
    (run.folder / "raw").write_bytes(wide.tobytes())
    run(f"zfp -q {_zfp_words(frames.shape, frames.dtype)} {options} -i raw -z packed")
    return [run.folder / "packed"]


def zfp_decode(run: Commands, parts: list[Path], shape: tuple[int, ...], dtype: np.dtype,
               options: str) -> Frames:
    run(f"zfp -q {_zfp_words(shape, dtype)} {options} -z {parts[0]} -o back")
    wide = np.fromfile(run.folder / "back", _zfp_type(dtype)).reshape(shape)
    return wide.astype(dtype)


def _zfp_type(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind == "f" else np.dtype("<i4" if dtype.itemsize < 4 else "<i8")


def _zfp_words(shape: tuple[int, ...], dtype: np.dtype) -> str:
    """One frame is given as two-dimensional: zfp would make it four deep."""
    wide, axes = _zfp_type(dtype), 3 if shape[0] > 1 else 2
    sizes = " ".join(str(size) for size in shape[:-axes - 1:-1])
    return f"-t {wide.kind}{8 * wide.itemsize} -{axes} {sizes}"


def blosc_encode(run: Commands, frames: Frames, level: int) -> list[Path]:
    """Inside this process: blosc is a library. The memory counted is that of all of it."""
    import blosc

    blosc.set_nthreads(1)
    raw = frames.tobytes()
    packed = _timed(run, lambda: blosc.compress(raw, frames.dtype.itemsize, level,
                                                blosc.BITSHUFFLE, "zstd"))
    (run.folder / "packed").write_bytes(packed)
    return [run.folder / "packed"]


def blosc_decode(run: Commands, parts: list[Path], shape: tuple[int, ...],
                 dtype: np.dtype) -> Frames:
    import blosc

    blosc.set_nthreads(1)
    packed = parts[0].read_bytes()
    return np.frombuffer(_timed(run, lambda: blosc.decompress(packed)), dtype).reshape(shape)


def _timed(run: Commands, work: Callable[[], bytes]) -> bytes:
    before = measure.self_cost()
    result = work()
    after = measure.self_cost()
    run.add(Cost(after.wall - before.wall, after.user - before.user, after.system - before.system,
                 after.peak_bytes))
    return result


def ffv1_encode(run: Commands, frames: Frames) -> list[Path]:
    parts = []
    count, rows, columns = frames.shape
    for number, plane in enumerate(to_planes(frames)):
        (run.folder / "raw").write_bytes(plane.tobytes())
        run(f"{_FFMPEG} -f rawvideo -pix_fmt gray16le -s {columns}x{rows} -i raw -c:v ffv1 -level 3"
            f" -coder 1 -context 1 -g 1000 -slices 4 -slicecrc 0 -threads 1 -f nut packed{number}")
        parts.append(run.folder / f"packed{number}")
    return parts


def ffv1_decode(run: Commands, parts: list[Path], shape: tuple[int, ...],
                dtype: np.dtype) -> Frames:
    planes = []
    for part in parts:
        run(f"{_FFMPEG} -threads 1 -i {part} -f rawvideo -pix_fmt gray16le back")
        planes.append(np.fromfile(run.folder / "back", "<u2").reshape(shape))
    return from_planes(planes, dtype)


def jxl_encode(run: Commands, frames: Frames, effort: int) -> list[Path]:
    """All frames in one tall picture, a picture for each 16 bits of a value."""
    parts = []
    for number, plane in enumerate(to_planes(frames)):
        _write_pgm(run.folder / "in.pgm", plane)
        run(f"cjxl {_JXL} -d 0 -e {effort} in.pgm packed{number}.jxl")
        parts.append(run.folder / f"packed{number}.jxl")
    return parts


def jxl_decode(run: Commands, parts: list[Path], shape: tuple[int, ...],
               dtype: np.dtype) -> Frames:
    planes = []
    for part in parts:
        part = part.rename(part.with_name("in.jxl"))  # djxl insists on the ending
        run(f"djxl {_JXL} in.jxl back.pgm")
        planes.append(_read_pgm(run.folder / "back.pgm").reshape(shape))
    return from_planes(planes, dtype)


def _write_pgm(path: Path, plane: np.ndarray) -> None:
    rows, columns = plane.shape[0] * plane.shape[1], plane.shape[2]
    path.write_bytes(b"P5\n%d %d\n65535\n" % (columns, rows) + plane.astype(">u2").tobytes())


def _read_pgm(path: Path) -> np.ndarray:
    """One white byte ends the header; the values may begin with another."""
    found = re.match(rb"P5\s(\d+)\s(\d+)\s(\d+)\s", content := path.read_bytes())
    if not found:
        raise ToolError("djxl wrote no PGM")
    width, height, deepest = (int(number) for number in found.groups())
    kind = ">u2" if deepest > 255 else "u1"
    return np.frombuffer(content, kind, width * height, found.end()).astype("<u2")


def x265_encode(run: Commands, frames: Frames, crf: float) -> list[Path]:
    """Twelve bits over the range of the array, as video coders of arrays do it."""
    _, rows, columns = frames.shape
    (run.folder / "raw").write_bytes(to_steps(frames, _X265_DEEPEST).tobytes())
    run(f"{_FFMPEG} -f rawvideo -pix_fmt gray12le -s {columns}x{rows} -i raw -c:v libx265"
        f" -preset medium -tune psnr -crf {crf:g} -pix_fmt gray12le -threads 1"
        " -x265-params pools=none:frame-threads=1:log-level=error -f hevc packed")
    return [run.folder / "packed"]


def x265_decode(run: Commands, parts: list[Path], frames: Frames) -> Frames:
    run(f"{_FFMPEG} -threads 1 -f hevc -i {parts[0]} -f rawvideo -pix_fmt gray12le back")
    return from_steps(np.fromfile(run.folder / "back", "<u2"), frames, _X265_DEEPEST)


def jxl_lossy_encode(run: Commands, frames: Frames, distance: float) -> list[Path]:
    _write_pgm(run.folder / "in.pgm", to_steps(frames, _JXL_DEEPEST))
    run(f"cjxl {_JXL} -d {distance:g} -e 7 in.pgm packed.jxl")
    return [run.folder / "packed.jxl"]


def jxl_lossy_decode(run: Commands, parts: list[Path], frames: Frames) -> Frames:
    run(f"djxl {_JXL} {parts[0]} back.pgm")
    return from_steps(_read_pgm(run.folder / "back.pgm"), frames, _JXL_DEEPEST)


def to_steps(frames: Frames, deepest: int) -> np.ndarray:
    """The range of the array in equal steps from 0 to `deepest`."""
    low, high = float(frames.min()), float(frames.max())
    scaled = (frames.astype(np.float64) - low) * (deepest / ((high - low) or 1.0))
    return np.rint(scaled).astype("<u2")


def from_steps(steps: np.ndarray, frames: Frames, deepest: int) -> Frames:
    """Undoes to_steps; of `frames` only shape, type and range are used."""
    low, high = float(frames.min()), float(frames.max())
    values = steps.reshape(frames.shape) * ((high - low) / deepest) + low
    return values.astype(frames.dtype)
