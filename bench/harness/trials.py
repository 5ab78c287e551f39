"""The runs themselves: interleaved, each restore compared with the original by hash."""
from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from . import machine, measure
from .inputs import InputFile
from .measure import Cost
from .peers import Tool

_MEMORY_DISK = Path("/dev/shm")
_RESTORED = "restored"


@dataclass(frozen=True)
class Trial:
    """One tool on one file, once: there and back. The costs are None if it failed."""

    file: str
    tool: str
    repetition: int
    problem: str
    packed_bytes: int = 0
    encode: Cost | None = None
    decode: Cost | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Setup:
    """What all trials of a run share."""

    scratch: Path
    cores: list[int]
    timeout: float


@contextmanager
def scratch_folder(largest: int, fallback: Path) -> Iterator[Path]:
    """A folder for all tools alike: in memory if original, packed and restored fit there
    with room to spare for the tools themselves, else beside the results."""
    needed = 4 * largest + (64 << 20)
    in_memory = (_MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free > needed
                 and machine.available_memory() > 3 * needed)
    fallback.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="pith-bench-",
                                   dir=_MEMORY_DISK if in_memory else fallback))
    try:
        _touch_memory(folder, 3 * largest)
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_all(files: list[InputFile], tools: list[Tool], repeat: int,
            setup: Setup) -> Iterator[Trial]:
    """A B C A B C ... on each file: whatever else the machine does meanwhile hits all
    tools alike, and the results of one repetition can be paired.

    A tool that failed on a file is not run on it again.
    """
    number, total = 0, len(files) * len(tools) * repeat
    for file in files:
        # Tools get a copy: none can harm the original, all read from the same disk.
        staged = setup.scratch / _safe_name(file.path.name)
        shutil.copyfile(file.path, staged)
        failed: set[str] = set()
        for repetition in range(repeat):
            for tool in tools:
                number += 1
                if tool.name in failed:
                    continue
                trial = _run(file, staged.name, tool, repetition, setup)
                _tell(f"[{number}/{total}]", trial, file.bytes)
                if trial.problem:
                    failed.add(tool.name)
                yield trial
        staged.unlink()


def _run(file: InputFile, staged: str, tool: Tool, repetition: int, setup: Setup) -> Trial:
    """Names are relative to the scratch folder: an archiver that stores them gives the
    same size wherever that folder is."""
    packed = staged + tool.peer.suffix
    for name in (packed, _RESTORED):
        (setup.scratch / name).unlink(missing_ok=True)
    try:
        encode = _step(tool, False, staged, packed, staged, setup)
        if encode.problem:
            return Trial(file.name, tool.name, repetition, f"encode: {encode.problem}")
        if not (setup.scratch / packed).is_file():
            return Trial(file.name, tool.name, repetition, "encode: wrote no file")
        size = (setup.scratch / packed).stat().st_size
        decode = _step(tool, True, packed, _RESTORED, staged, setup)
        problem = f"decode: {decode.problem}" if decode.problem else _difference(file, setup)
        if problem:
            return Trial(file.name, tool.name, repetition, problem, size)
        return Trial(file.name, tool.name, repetition, "", size, encode.cost, decode.cost)
    finally:
        for name in (packed, _RESTORED):
            (setup.scratch / name).unlink(missing_ok=True)


def _step(tool: Tool, decoding: bool, source: str, target: str, original: str,
          setup: Setup) -> measure.Outcome:
    command = tool.command(decoding, len(setup.cores), input=source, output=target,
                           original=original)
    from_stdin, to_stdout = tool.streams(decoding)
    outcome = measure.run(command, setup.scratch, setup.cores, setup.timeout,
                          stdin=source if from_stdin else "/dev/null",
                          stdout=target if to_stdout else "/dev/null")
    if tool.peer.self_timed and not outcome.problem:
        return measure.Outcome(measure.told(setup.scratch), "")
    return outcome


def _difference(file: InputFile, setup: Setup) -> str:
    restored = setup.scratch / _RESTORED
    if not restored.is_file():
        return "decode: wrote no file"
    size = restored.stat().st_size
    if size != file.bytes:
        return f"WRONG RESTORE: {size} bytes instead of {file.bytes}"
    with restored.open("rb") as stream:
        same = hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    return "" if same else "WRONG RESTORE: other bytes"


def _touch_memory(folder: Path, size: int) -> None:
    """On a virtual machine the first use of a page costs several times the later ones;
    without this the first tool of the first repetition pays it."""
    chunk = bytes(1 << 20)
    filler = folder / "filler"
    with filler.open("wb") as stream:
        for _ in range(0, size, len(chunk)):
            stream.write(chunk)
    filler.unlink()


def _safe_name(name: str) -> str:
    """Odd names are the business of pith's own tests, not of every peer's parser."""
    return "f" + re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _tell(head: str, trial: Trial, size: int) -> None:
    """Progress on stderr: a run may take hours."""
    if trial.encode and trial.decode:
        said = (f"{size / trial.packed_bytes:.3f}  {size / 1e6 / trial.encode.wall:.1f}"
                f" / {size / 1e6 / trial.decode.wall:.1f} MB/s")
    else:
        said = f"FAILED: {trial.problem}"
    print(f"{head} {trial.file} {trial.tool} {said}", file=sys.stderr, flush=True)
