"""Which files a family is measured on: globs in the corpus, or files made on the spot."""
from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .errors import UsageError

CORPUS_VARIABLE = "PITH_CORPUS"
_BENCH = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True)
class Entry:
    """One [[inputs]] of a family file: either a glob or a command that writes the file."""

    name: str
    glob: str = ""
    generate: str = ""

    def __post_init__(self) -> None:
        if bool(self.glob) == bool(self.generate):
            raise UsageError(f"input '{self.name}' needs either glob or generate")


@dataclass(frozen=True)
class Elsewhere:
    """A figure that is not measured here but taken from somewhere; reports say so."""

    tool: str
    file: str  # base name
    bytes: int
    note: str = ""


@dataclass(frozen=True)
class Family:
    """A family file: what is compared, on what, against what."""

    name: str
    title: str
    levels: list[int]
    peers: list[str]
    inputs: list[Entry]
    reference: str = ""
    options: list[str] = field(default_factory=lambda: [""])  # pith runs with each of them
    unit: str = ""  # what files hold many of: points
    counts: dict[str, int] = field(default_factory=dict)  # of it, by base names of files
    elsewhere: list[Elsewhere] = field(default_factory=list)

    def pith_levels(self) -> list[str]:
        """Every level with every set of options: 5, 5--no-prime."""
        return [f"{level}{options}" for options in self.options for level in self.levels]


@dataclass(frozen=True)
class InputFile:
    """A file to measure; `name` is what the reports call it."""

    name: str
    path: Path
    bytes: int
    sha256: str


@dataclass
class Inputs:
    """What was found, and what was not and why: both go into the reports."""

    files: list[InputFile] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, name: str, path: Path) -> None:
        """Hashes the file; that also brings it into the page cache."""
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = path.stat().st_size
        except OSError as error:
            self.skipped.append(f"{name}: {error.strerror}")
            return
        if size == 0:
            self.skipped.append(f"{name}: empty")
        else:
            self.files.append(InputFile(name, path, size, digest))


def load_family(path: Path) -> Family:
    """Reads a family file; an unknown key is an error, never ignored."""
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
        entries = [Entry(**entry) for entry in table.pop("inputs", [])]
        elsewhere = [Elsewhere(**entry) for entry in table.pop("elsewhere", [])]
        return Family(name=path.stem, inputs=entries, elsewhere=elsewhere, **table)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise UsageError(f"{path}: {error}") from error


def collect(family: Family, only: list[str], cache: Path) -> Inputs:
    """Expands the family's entries, or those that `only` picks.

    A pattern of `only` picks a whole entry by its name, or single files of a glob.
    """
    inputs = Inputs()
    corpus = os.environ.get(CORPUS_VARIABLE, "")
    for entry in family.inputs:
        whole = not only or _matches(entry.name, only)
        if entry.generate:
            if whole:
                _add_generated(inputs, entry, cache)
            continue
        if not corpus and not os.path.isabs(entry.glob):
            inputs.skipped.append(f"{entry.name} ({entry.glob}): {CORPUS_VARIABLE} is not set")
            continue
        paths = sorted(Path(p) for p in glob.glob(os.path.join(corpus, entry.glob), recursive=True))
        paths = [path for path in paths if path.is_file()]
        if not paths:
            inputs.skipped.append(f"{entry.name} ({entry.glob}): no such file in {corpus or '/'}")
        for path in paths:
            name = os.path.relpath(path, corpus) if not os.path.isabs(entry.glob) else str(path)
            if whole or _matches(name, only) or _matches(path.name, only):
                inputs.add(name, path)
    return inputs


def from_paths(paths: list[str]) -> Inputs:
    """The files of --files, called by their base names as long as these differ."""
    inputs = Inputs()
    bases = [Path(path).name for path in paths]
    for path, base in zip(paths, bases):
        inputs.add(base if bases.count(base) == 1 else path, Path(path))
    return inputs


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _add_generated(inputs: Inputs, entry: Entry, cache: Path) -> None:
    """Makes the file unless the same command has made it before."""
    digest = hashlib.sha256(entry.generate.encode()).hexdigest()[:12]
    path = cache / digest / entry.name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        print(f"making {path}", file=sys.stderr)
        with part.open("wb") as stream:
            done = subprocess.run(["sh", "-c", entry.generate], stdin=subprocess.DEVNULL,
                                  stdout=stream, env=os.environ | {"PITH_BENCH": _BENCH},
                                  check=False)
        if done.returncode != 0:
            part.unlink()
            inputs.skipped.append(f"{entry.name}: its command ended with {done.returncode}")
            return
        part.rename(path)
    inputs.add(entry.name, path)
