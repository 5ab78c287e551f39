#!/usr/bin/env python3
"""Round trips of real files: every file below PITH_CORPUS, at several levels, with one thread and
two, from a file and from a pipe. All ways must give the same bytes and restore the original.

  tests/corpus/check_corpus.py            levels 1, 5, 7 and 9 on every file
  tests/corpus/check_corpus.py --quick    level 1 on every file; the others on smaller ones

Without PITH_CORPUS nothing is checked; the exit status is 77 and a message says so.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

QUICK_SIZE = {1: 1 << 40, 5: 1_200_000, 7: 300_000, 9: 160_000}


def run(command: list[str], data: bytes | None = None) -> bytes:
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def check(pith: str, path: Path, data: bytes, level: int) -> int:
    """Returns the compressed size, or raises."""
    coded = None
    for threads in (1, 2):
        options = [pith, f"-{level}", f"-T{threads}", "-c"]
        for way, output in (
            ("file", run([*options, str(path)])),
            ("pipe", run(options, data)),
        ):
            if coded is None:
                coded = output
            elif output != coded:
                raise RuntimeError(f"-T{threads} from a {way} gives other bytes")
    assert coded is not None
    digest = hashlib.sha256(data).digest()
    for threads in (1, 2):
        restored = run([pith, "-d", f"-T{threads}", "-c"], coded)
        if hashlib.sha256(restored).digest() != digest:
            raise RuntimeError(f"-d -T{threads} restores other bytes")
    return len(coded)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--levels", default="1,5,7,9")
    arguments = parser.parse_args()
    corpus = os.environ.get("PITH_CORPUS")
    if not corpus:
        print("SKIPPED: PITH_CORPUS is not set, so no real file was checked", file=sys.stderr)
        return 77
    pith = os.environ.get("PITH", "build/pith")
    levels = [int(level) for level in arguments.levels.split(",")]
    files = [path for path in sorted(Path(corpus).rglob("*")) if path.is_file()]
    totals = {level: [0, 0, 0] for level in levels}
    failures = 0
    start = time.monotonic()
    for path in files:
        data = path.read_bytes()
        for level in levels:
            if arguments.quick and len(data) > QUICK_SIZE[level]:
                continue
            try:
                size = check(pith, path, data, level)
            except RuntimeError as error:
                failures += 1
                print(f"FAILED {path.relative_to(corpus)} level {level}: {error}")
                continue
            totals[level][0] += 1
            totals[level][1] += len(data)
            totals[level][2] += size
    for level, (count, raw, coded) in totals.items():
        print(f"level {level}: {count} files, {raw} -> {coded} bytes, ratio {raw / max(coded, 1):.4f}")
    print(f"{len(files)} files, {failures} failures, {time.monotonic() - start:.0f} s")
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main())
