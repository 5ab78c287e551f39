#!/usr/bin/env python3
"""Writes the starting points of the fuzz targets, tests/fuzz/corpus/TARGET/seed_*.

Inputs that once were a finding lie beside them under a name of their own, with a sentence in
tests/fuzz/corpus/README.md. The targets over whole files also start from tests/golden.
"""

import gzip
import io
import struct
import tarfile
import zlib
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
TEXT = b"the quick brown fox jumps over the lazy dog\n" * 40


def sample_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in (
            ("a.txt", TEXT),
            ("empty", b""),
            ("b.gz", gzip.compress(TEXT, 6, mtime=0)),
            ("long/" + "n" * 150, bytes(range(256)) * 3),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


FILES = {
    "text": TEXT,
    "gzip": gzip.compress(TEXT, 9, mtime=0),
    "two_members": gzip.compress(TEXT, 1, mtime=0) + gzip.compress(b"x", 6, mtime=0),
    "zlib": zlib.compress(TEXT, 6),
    "zlib_stored": zlib.compress(bytes(range(256)), 0),
    "tar": sample_tar(),
    "zeros": bytes(3000),
}


def payloads_of_golden_files() -> dict[str, bytes]:
    """Payloads of one-block files, with the raw size that they decode to. The fuzz target numbers the
    codecs in the order of the registry, which is that of falling ids."""
    seeds = {}
    for path in sorted((CORPUS.parent.parent / "golden").glob("v*/*.pith")):
        file = path.read_bytes()
        if len(file) < 112:
            continue
        codec = int.from_bytes(file[26:28], "little")
        raw_size, payload_size = struct.unpack_from("<II", file, 28)
        if raw_size <= 65536 and codec <= 2:
            front = struct.pack("<BHB", 2 - codec, raw_size - 1, 255)
            seeds[f"{path.parent.name}_{path.stem}"] = front + file[60 : 60 + payload_size]
    return seeds


def main() -> None:
    seeds: dict[str, dict[str, bytes]] = {
        "container": {"empty": b""},
        "recover": {"empty": b""},
        "roundtrip": {name: b"\x04" + data for name, data in FILES.items()},
        "codec_roundtrip": {
            f"{name}_{codec}": bytes([codec, 4]) + data
            for name, data in FILES.items()
            for codec in range(3)
        },
        "segmenter": {
            f"{name}_{piece}": bytes([6, piece]) + data
            for name, data in FILES.items()
            for piece in (0, 100)
        },
        "codec_decode": payloads_of_golden_files(),
        "frames": {"zeros": bytes(100), "ramp": bytes(range(256)) * 4},
        "arguments": {
            str(number): line.replace(b" ", b"\0")
            for number, line in enumerate(
                [
                    b"-dck -T4 -9 - -- -x",
                    b"--level 5 --codec zstd -o out a b",
                    b"--range 1K:2M --memlimit=1G file",
                    b"--progress=json --max-output 10T -qq -vv",
                    b"--recover --recover-map m --skip-holes f",
                    b"--output-dir-mirror d --explain --json x",
                ]
            )
        },
    }
    for target, inputs in seeds.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in inputs.items():
            (folder / f"seed_{name}").write_bytes(data)


if __name__ == "__main__":
    main()
