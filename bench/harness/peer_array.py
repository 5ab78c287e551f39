#!/usr/bin/env python3
"""Makes peers of coders that take frames of numbers: .npy to one packed file and back.

    peer_array.py zfp|blosc|ffv1|jxl encode OPTION IN OUT
    peer_array.py zfp|blosc|ffv1|jxl decode OPTION IN OUT
    peer_array.py check [MODULE]

The last line on stderr is the cost of the coder alone, without Python and rearranging. A packed
file is a line of JSON (type, shape, sizes) and the coder's files one behind the other.
"""
import json
import os
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import with_numpy  # noqa: E402


def _encode(tool: str, option: str, source: Path, target: Path, run) -> None:
    array = numpy.load(source)
    frames = array_values.to_frames(array)
    if tool == "zfp":
        parts = array_tools.zfp_encode(run, frames, option)
    elif tool == "blosc":
        parts = array_tools.blosc_encode(run, array, int(option))
    elif tool == "ffv1":
        parts = array_tools.ffv1_encode(run, frames)
    else:
        parts = array_tools.jxl_encode(run, frames, int(option))
    contents = [part.read_bytes() for part in parts]
    head = {"type": array.dtype.str, "shape": array.shape, "sizes": [len(c) for c in contents]}
    target.write_bytes(json.dumps(head).encode() + b"\n" + b"".join(contents))


def _decode(tool: str, option: str, source: Path, target: Path, run) -> None:
    line, _, content = source.read_bytes().partition(b"\n")
    head = json.loads(line)
    dtype, shape = numpy.dtype(head["type"]), tuple(head["shape"])
    parts = []
    for number, size in enumerate(head["sizes"]):
        parts.append(run.folder / f"part{number}")
        parts[-1].write_bytes(content[:size])
        content = content[size:]
    frames = array_values.to_frames(numpy.empty(shape, dtype)).shape
    if tool == "blosc":
        array = array_tools.blosc_decode(run, parts, shape, dtype)
    elif tool == "zfp":
        array = array_tools.zfp_decode(run, parts, frames, dtype, option)
    elif tool == "ffv1":
        array = array_tools.ffv1_decode(run, parts, frames, dtype)
    else:
        array = array_tools.jxl_decode(run, parts, frames, dtype)
    if tool != "blosc":
        array = array_values.from_frames(array, shape)
    with target.open("wb") as stream:
        numpy.save(stream, array)


if __name__ == "__main__":
    if sys.argv[1] == "check":
        with_numpy.ensure(*sys.argv[2:])
        sys.exit(0)
    _, name, way, level, given, wanted = sys.argv
    with_numpy.ensure(*(["blosc"] if name == "blosc" else []))
    import numpy

    from harness import array_tools, array_values, measure

    with tempfile.TemporaryDirectory(dir=".") as folder:
        commands = array_tools.Commands(Path(folder).resolve(), sorted(os.sched_getaffinity(0)),
                                        own_group=False)
        try:
            (_encode if way == "encode" else _decode)(name, level, Path(given), Path(wanted),
                                                      commands)
        except array_tools.ToolError as error:
            sys.exit(f"{name}: {error}")
        measure.tell(commands.cost)
