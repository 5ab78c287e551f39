"""Arrays as the tools want them: a variable of a file, its gaps filled, as frames, as planes."""
from __future__ import annotations

from pathlib import Path

import numpy as np

_FEW = 16  # a last axis this short holds channels, not the columns of a picture


def read(path: Path, variable: str) -> tuple[np.ndarray, np.ndarray]:
    """The stored values, little-endian, and where they are gaps: fill values and NaN."""
    if path.suffix == ".npy":
        array, fills = np.load(path), []
    else:
        import netCDF4  # only these need it

        with netCDF4.Dataset(path) as data:
            data.set_auto_maskandscale(False)
            found = data.variables[variable]
            array = found[...]
            fills = [np.ravel(found.getncattr(name)) for name in ("_FillValue", "missing_value")
                     if name in found.ncattrs()]
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    gaps = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
    for fill in np.concatenate(fills) if fills else []:
        gaps |= array == fill
    return array, gaps


def fill_gaps(array: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Each gap takes the mean of its neighbours in the picture, from the edges inwards."""
    filled, open_ = array.copy(), gaps.copy()
    filled[open_] = 0
    while open_.any():
        total, count = np.zeros(array.shape), np.zeros(array.shape, np.int32)
        for axis in (-2, -1):
            for step in (1, -1):
                here = _shifted(array.ndim, axis, step)
                there = _shifted(array.ndim, axis, -step)
                total[here] += np.where(open_[there], 0, filled[there])
                count[here] += ~open_[there]
        reached = open_ & (count > 0)
        if not reached.any():  # pictures without any value
            filled[open_] = array[~gaps].mean()
            break
        filled[reached] = total[reached] / count[reached]
        open_ &= ~reached
    return filled


def _shifted(axes: int, axis: int, step: int) -> tuple[slice, ...]:
    """All cells but the first or last along an axis."""
    cut = [slice(None)] * axes
    cut[axis] = slice(1, None) if step > 0 else slice(None, -1)
    return tuple(cut)


def to_frames(array: np.ndarray) -> np.ndarray:
    """Pictures one behind the other; channels behind each value become pictures of their own."""
    array = np.squeeze(array)
    if array.ndim >= 3 and array.shape[-1] <= _FEW:
        array = np.moveaxis(array, -1, -3)
    shape = (1, 1, 1, *array.shape)[-3:] if array.ndim < 3 else (-1, *array.shape[-2:])
    return np.ascontiguousarray(array.reshape(shape))


def from_frames(frames: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undoes to_frames."""
    inner = [size for size in shape if size != 1]
    if len(inner) >= 3 and inner[-1] <= _FEW:
        frames = frames.reshape(*inner[:-3], inner[-1], *inner[-3:-1])
        frames = np.moveaxis(frames, -3, -1)
    return np.ascontiguousarray(frames.reshape(shape))


def to_planes(frames: np.ndarray) -> list[np.ndarray]:
    """Planes of 16 bits, the highest first: floats as integers of the same order, integers
    from the smallest on."""
    size = frames.dtype.itemsize
    bits = frames.view(f"<u{size}")
    top = np.array(1 << (8 * size - 1), bits.dtype)
    if frames.dtype.kind == "f":
        bits = np.where(bits & top, ~bits, bits | top)
    elif frames.dtype.kind == "i":
        bits = bits ^ top
    if size == 1:
        return [bits.astype("<u2")]
    halves = bits.view("<u2").reshape(*frames.shape, size // 2)
    return [np.ascontiguousarray(halves[..., i]) for i in reversed(range(size // 2))]


def from_planes(planes: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Undoes to_planes."""
    size = dtype.itemsize
    top = np.array(1 << (8 * size - 1), f"<u{size}")
    if size == 1:
        bits = planes[0].astype("u1")
    else:
        halves = np.stack(planes[::-1], axis=-1)
        bits = np.ascontiguousarray(halves).view(f"<u{size}")[..., 0]
    if dtype.kind == "f":
        bits = np.where(bits & top, bits & ~top, ~bits)
    elif dtype.kind == "i":
        bits = bits ^ top
    return np.ascontiguousarray(bits).view(dtype)
