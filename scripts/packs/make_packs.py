#!/usr/bin/env python3
"""Makes the priming packs (codecs/text/packs/*) from packages of free texts.

    make_packs.py --fetch SOURCES          download and unpack the packages
    make_packs.py SOURCES [PACK...]        write the packs (all by default)
    make_packs.py --check [CORPUS]         lengths, hashes, and what they share with files of CORPUS

A released pack never changes: a stream names it by its number, and the decoder must have the same
bytes. This script documents how the packs came about; it is no part of the build. See
testdata/SOURCES.md for origins and licences.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import sources as sources_module  # noqa: E402
import notices  # noqa: E402
from check import check  # noqa: E402

PACKS = Path(__file__).resolve().parent.parent.parent / "codecs" / "text" / "packs"
RECIPES = ("prose", "wiki", "source", "json", "markup", "csv", "x86")


def make(name: str, sources: sources_module.Sources) -> bytes:
    module = {"json": "json_pack", "csv": "csv_pack"}.get(name, name)
    return __import__(module).make(sources)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fetch", action="store_true", help="download the packages first")
    parser.add_argument("--check", action="store_true", help="describe the packs that are there")
    parser.add_argument("folder", type=Path, nargs="?", help="the unpacked packages, or the corpus")
    parser.add_argument("packs", nargs="*", help=", ".join(RECIPES))
    arguments = parser.parse_args()
    if arguments.check:
        return check(PACKS, arguments.folder)
    if arguments.folder is None:
        parser.error("which folder?")
    if arguments.fetch:
        sources_module.fetch(arguments.folder)
    sources = sources_module.Sources(arguments.folder)
    PACKS.mkdir(parents=True, exist_ok=True)
    for name in arguments.packs or RECIPES:
        data = make(name, sources)
        (PACKS / (name + (".bin" if name == "x86" else ".txt"))).write_bytes(data)
        print(f"{name}: {len(data)} bytes")
    (PACKS / "NOTICES").write_text(notices.make(sources), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
