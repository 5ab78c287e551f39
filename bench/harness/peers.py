"""The table of tools: how each is called, which level is which flags, is it installed."""
from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .errors import UsageError

PITH = "pith"
_BENCH = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True)
class Peer:
    """One entry of peers.toml; the fields are explained at its top."""

    name: str
    programs: list[str]
    version: str
    compress: str
    decompress: str
    levels: list[str]
    package: str = ""
    level_flag: str = "-{n}"
    flags: dict[str, str] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    decode_threads: dict[str, str] = field(default_factory=dict)
    suffix: str = ".packed"
    check: str = ""
    self_timed: bool = False

    def level_words(self, level: str) -> list[str]:
        """The flags of a level; any plain level works, not only the listed ones.

        Long options may follow it: 5--no-prime.
        """
        level, *options = level.split("--")
        return self._plain_level(level) + [f"--{option}" for option in options]

    def _plain_level(self, level: str) -> list[str]:
        if level in self.flags:
            return shlex.split(self.flags[level])
        if not self.level_flag:
            known = ", ".join(self.flags)
            raise UsageError(f"{self.name} has no level '{level}' (it has: {known})")
        return shlex.split(self.level_flag.replace("{n}", level))

    def thread_words(self, threads: int, decoding: bool) -> list[str]:
        """The flags that hold the tool to this many threads."""
        table = self.decode_threads if decoding and self.decode_threads else self.threads
        flags = table.get("one" if threads == 1 else "many", "")
        return shlex.split(flags.replace("{n}", str(threads)))


@dataclass(frozen=True)
class Tool:
    """A peer at one level, found on this machine: one row of every table."""

    peer: Peer
    level: str
    program: str
    version: str

    @property
    def name(self) -> str:
        return f"{self.peer.name}-{self.level}"

    def command(self, decoding: bool, threads: int, **names: str) -> list[str]:
        """The argument list; `names` are the values of {input}, {output}, {original}."""
        names = {"bench": _BENCH} | names | {"program": self.program}
        words: list[str] = []
        for word in shlex.split(self.peer.decompress if decoding else self.peer.compress):
            if word == "{level}":
                words += self.peer.level_words(self.level)
            elif word == "{threads}":
                words += self.peer.thread_words(threads, decoding)
            else:
                for key, value in names.items():
                    word = word.replace("{" + key + "}", value)
                words.append(word)
        return words

    def streams(self, decoding: bool) -> tuple[bool, bool]:
        """Whether it reads stdin, whether it writes stdout."""
        template = self.peer.decompress if decoding else self.peer.compress
        return "{input}" not in template, "{output}" not in template

    def describe(self, threads: int) -> dict[str, object]:
        """What the JSON says about it, so that every run can be repeated by hand."""
        shown = {"input": "IN", "output": "OUT", "original": "NAME", "bench": "bench"}
        lines = []
        for decoding in (False, True):
            stdin, stdout = self.streams(decoding)
            words = self.command(decoding, threads, **shown)
            if words[0] == self.program:
                words[0] = Path(self.program).name
            lines.append(shlex.join(words) + " < IN" * stdin + " > OUT" * stdout)
        return {
            "name": self.name, "peer": self.peer.name, "level": self.level,
            "version": self.version, "program": self.program,
            "program_sha256": hashlib.sha256(Path(self.program).read_bytes()).hexdigest(),
            "multithreaded": threads > 1 and bool(self.peer.threads),
            "compress": lines[0], "decompress": lines[1],
        }


@dataclass(frozen=True)
class Missing:
    """A tool that was asked for and is not there: named in every report."""

    name: str
    package: str

    def __str__(self) -> str:
        hint = f" (Debian package {self.package})" if self.package else ""
        return f"{self.name}: not installed{hint}"


def load_peers(path: Path) -> dict[str, Peer]:
    """Reads the table; an unknown or absent key is an error, never ignored."""
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
        return {name: Peer(name=name, **entry) for name, entry in table.items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise UsageError(f"{path}: {error}") from error


def expand(wanted: list[str], table: dict[str, Peer]) -> list[tuple[Peer, str]]:
    """Turns `zstd-19` into one (peer, level) and `zstd` into all its listed levels."""
    pairs: list[tuple[Peer, str]] = []
    for text in wanted:
        name, _, level = text.partition("-")
        if name not in table:
            raise UsageError(f"unknown peer '{name}' (known: {', '.join(table)})")
        peer = table[name]
        for each in [level] if level else peer.levels:
            peer.level_words(each)  # refuses an unknown level before anything runs
            if (peer, each) not in pairs:
                pairs.append((peer, each))
    return pairs


def resolve(pairs: list[tuple[Peer, str]], pith: str) -> tuple[list[Tool], list[Missing]]:
    """Finds the programs. pith itself has to be there: without it nothing is compared."""
    tools: list[Tool] = []
    missing: list[Missing] = []
    found: dict[str, tuple[str, str] | None] = {}
    for peer, level in pairs:
        if peer.name not in found:
            names = [pith] if peer.name == PITH else peer.programs
            found[peer.name] = _find(peer, names)
        if hit := found[peer.name]:
            tools.append(Tool(peer, level, *hit))
        elif peer.name == PITH:
            raise UsageError(f"no program at {pith}: build pith, name it with --pith PATH, "
                             "or measure peers alone with --levels none")
        else:
            missing.append(Missing(f"{peer.name}-{level}", peer.package))
    return tools, missing


def _find(peer: Peer, names: list[str]) -> tuple[str, str] | None:
    for name in names:
        if path := shutil.which(name):
            path = os.path.abspath(path)
            if peer.check and not _succeeds(peer.check, path):
                continue
            return path, _version(peer, path)
    return None


def _call(command: str, program: str) -> subprocess.CompletedProcess[bytes]:
    words = [word.replace("{program}", program).replace("{bench}", _BENCH)
             for word in shlex.split(command)]
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def _succeeds(command: str, program: str) -> bool:
    try:
        return _call(command, program).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _version(peer: Peer, program: str) -> str:
    """First line that says something; some tools print it to stderr, some fail after it."""
    try:
        done = _call(peer.version, program)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({error})"
    lines = done.stdout.decode(errors="replace").splitlines()
    return next((line.strip(" *\t") for line in lines if line.strip(" *\t")), "unknown")
