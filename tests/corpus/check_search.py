#!/usr/bin/env python3
"""Searches in real logs: `pith grep` gives what `grep` gives, for strings drawn from each log below
PITH_CORPUS/logs (numbers, addresses, parts of them, whatever crosses words), as they are and
changed, printed with line numbers and counted.

    check_search.py [--strings N] [--levels A,B,...] [-v]

Without PITH_CORPUS nothing is checked; the exit status is 77.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

VALUE = re.compile(rb"[0-9][0-9a-fA-F.:,-]+|[0-9]+")


def draw(data: bytes, dice: random.Random) -> bytes:
    """A value or any few bytes of a line, or a part of such, or one with a digit changed."""
    at = dice.randrange(len(data))
    line = data[data.rfind(b"\n", 0, at) + 1 :][:4000].split(b"\n")[0].replace(b"\0", b"")
    if not line:
        return b""
    found = VALUE.findall(line)
    if found and dice.random() < 0.6:
        string = dice.choice(found)
    else:
        begin = dice.randrange(len(line))
        string = line[begin : begin + dice.randrange(3, 30)]
    if dice.random() < 0.3:
        string = string[dice.randrange(len(string)) :]
    if dice.random() < 0.3:
        spot = dice.randrange(len(string))
        string = string[:spot] + b"%d" % dice.randrange(10) + string[spot + 1 :]
    return string


def output(command: list[bytes], path: Path) -> tuple[int, bytes]:
    result = subprocess.run([*command, os.fsencode(path)], capture_output=True,
                            env=dict(os.environ, LC_ALL="C"))
    return result.returncode, result.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strings", type=int, default=12, help="for each log and level")
    parser.add_argument("--levels", default="1,5")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    corpus = os.environ.get("PITH_CORPUS")
    logs = sorted((Path(corpus) / "logs").glob("*.*")) if corpus else []
    if not logs:
        print("SKIPPED: there are no logs below PITH_CORPUS", file=sys.stderr)
        return 77
    pith = os.fsencode(os.environ.get("PITH", "build/pith"))
    dice = random.Random(1)
    checked = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        coded = Path(folder) / "log.pith"
        for log in logs:
            data = log.read_bytes()
            for level in arguments.levels.split(","):
                subprocess.run([pith, f"-{level}", "-q", "-f", "-o", coded, log], check=True)
                for _ in range(arguments.strings):
                    string = draw(data, dice)
                    if not string:
                        continue
                    options = dice.choice([[b"-n"], [b"-c"], [b"-n", b"-i"], [b"-c", b"-v"]])
                    words = [*options, b"-a", b"-F", b"-e", string]
                    same = output([b"grep", *words], log) == output([pith, b"grep", *words], coded)
                    checked += 1
                    failures += not same
                    if not same or arguments.verbose:
                        print(f"{'ok' if same else 'FAILED'} {log.name} -{level} {words}")
    print(f"{checked} searches, {failures} different from grep's")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
