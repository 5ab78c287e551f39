#!/usr/bin/env python3
"""Writes the starting points of the fuzz targets, tests/fuzz/corpus/TARGET/seed_*.

    tests/fuzz/make_seeds.py [PITH]        (the program that makes payloads: build/pith)

Inputs that once were a finding lie beside them under a name of their own, with a sentence in
tests/fuzz/corpus/README.md. The targets over whole files also start from tests/golden.
"""

import gzip
import io
import random
import re
import struct
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
ROOT = CORPUS.parents[2]
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


def sample_las() -> bytes:
    """Version 1.4, point format 6 with a named extra byte, an extended VLR behind."""
    points, start = 20, 375 + 54 + 192
    head = struct.pack("<4sHH16sBB32s32sHHHIIBHI20x", b"LASF", 0, 0, b"", 1, 4, b"", b"", 1, 2026,
                       375, start, 1, 6, 31, 0)
    head += struct.pack("<12d", *[0.01] * 3, *[0.0] * 9)
    head += struct.pack("<QQIQ120x", 0, start + points * 31, 1, points)
    vlr = struct.pack("<H16sHH32s", 0, b"LASF_Spec", 4, 192, b"")
    vlr += struct.pack("<HBB32s156x", 0, 1, 0, b"amplitude")
    records = b"".join(struct.pack("<iiiHBBBBhHdB", i * 7, -i, i // 3, i, 17, 0, 2, 0, i, 1, i / 8, i)
                       for i in range(points))
    return head + vlr + records + bytes(60) + b"behind"


def sample_scan() -> bytes:
    """What a scanner with 16 lasers sees that turns in equal steps."""
    out, x, y = b"", 1.0, 0.0
    for column in range(20):
        for ring in range(16):
            reach = 8 + 3 * (column // 5) + 0.25 * ring
            out += struct.pack("<5f", reach * x, reach * y, reach * (0.03 * ring - 0.2), column, ring)
        x, y = x * 0.99998 - y * 0.00632, x * 0.00632 + y * 0.99998
    return out


PCD = (b"# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y z _ rgb\nSIZE 4 4 4 1 4\n"
       b"TYPE F F F U F\nCOUNT 1 1 1 4 1\nWIDTH 6\nHEIGHT 4\nPOINTS 24\nDATA ")
PLY = (b"ply\nformat binary_big_endian 1.0\nelement vertex 30\nproperty float x\nproperty float y\n"
       b"property double z\nproperty uchar red\nelement face 7\n"
       b"property list uchar int vertex_indices\nend_header\n")
NUMBERS = b"".join(struct.pack("<f", i % 17 / 4) for i in range(150))

CLOUDS = {
    "las": sample_las(),
    "frame": sample_scan(),
    "pcd": PCD + b"binary\n" + NUMBERS,
    # 24 points of zeros as LZF.
    "pcd_compressed": PCD + b"binary_compressed\n" + struct.pack("<II", 12, 384)
    + bytes.fromhex("010000e0ff00e06b00010000") + b"tail",
    "ply": PLY + NUMBERS,
}


def machine_code() -> bytes:
    dice = random.Random(1)
    code = b""
    for _ in range(300):
        code += bytes(dice.randrange(0x40, 0x60) for _ in range(dice.randrange(2, 8)))
        target = 0x1000 + dice.randrange(16) * 640
        code += b"\xe8" + struct.pack("<i", target - len(code) - 5)
    return code


def filled_prose() -> bytes:
    dice = random.Random(2)
    words = "the and of house river which there Winter because light a it stone was".split()
    text, line = "", ""
    while len(text) < 3000:
        word = dice.choice(words)
        if len(line) + len(word) + 1 > 68:
            text += line + "\n"
            line = word
        else:
            line += (" " if line else "") + word
    return (text + line + "\n").encode()


# What each transform and each built-in text is for.
BLOCKS = {
    "text": TEXT,
    "prose": filled_prose(),
    "code": machine_code(),
    "json": b'{"id": 17, "name": "lamp", "tags": ["new", "red"], "price": null},\n' * 8,
    "csv": b"".join(b"2026-11-%02d,N,%d,true\n" % (i % 30, i * 7919 % 9000) for i in range(60)),
    "runs": b"\0" * 2000 + b"ab" * 500,
}
# Options for each codec that models.
MODELS = {
    "log": [("1", False), ("6", False)],
    "logmix": [("7", False), ("9", False)],
    "tensor": [("5", False), ("9", False)],
    "text": [("7", False), ("7", True), ("8", False), ("9", False)],
    "bwt": [("4", False), ("5", False), ("6", False)],
}


def registry() -> dict[str, int]:
    """The names of the codecs in the order by which the fuzz targets number them, with their ids."""
    ids = {name.lower(): number for name, number in
           re.findall(r"k(\w+) = (\d+)", (ROOT / "codecs/codec.h").read_text())}
    order = re.findall(r"&(\w+)_codec\(\)", (ROOT / "codecs/registry.cpp").read_text())
    return {name: int(ids[name]) for name in order}


def decode_input(file: bytes) -> bytes | None:
    """An input of codec_decode from the first block of a file, if it is small."""
    if len(file) < 112:
        return None
    codec = int.from_bytes(file[26:28], "little")
    raw_size, payload_size = struct.unpack_from("<II", file, 28)
    ids = list(registry().values())
    if not 0 < raw_size <= 65536 or codec not in ids:
        return None
    front = struct.pack("<BHB", ids.index(codec), raw_size - 1, 255)
    return front + file[60 : 60 + payload_size]


def payloads(pith: str) -> dict[str, bytes]:
    """Payloads of the golden files and of what the codecs that model make of BLOCKS."""
    seeds = {}
    for path in sorted((CORPUS.parent.parent / "golden").glob("v*/*.pith")):
        seed = decode_input(path.read_bytes())
        if seed is not None:
            seeds[f"{path.parent.name}_{path.stem}"] = seed
    for codec, variants in MODELS.items():
        for level, prime in variants:
            for name, data in BLOCKS.items():
                options = ["--codec", codec, "--level", level] + ([] if prime else ["--no-prime"])
                made = subprocess.run([pith, "-c", *options], input=data, stdout=subprocess.PIPE,
                                      check=True)
                seed = decode_input(made.stdout)
                primed = "_primed" if prime else ""
                if seed is not None and seed not in seeds.values():
                    seeds[f"{codec}_{level}{primed}_{name}"] = seed
    return seeds


def main() -> None:
    pith = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/pith")
    codecs = list(registry())
    # Behind the last format: detection.
    formats = len(set(re.findall(r"&\w+_format\(\)", (ROOT / "formats/registry.cpp").read_text())))
    seeds: dict[str, dict[str, bytes]] = {
        "container": {"empty": b""},
        "recover": {"empty": b""},
        "roundtrip": {name: b"\x04" + data for name, data in (FILES | CLOUDS).items()},
        "codec_roundtrip": {
            f"{name}_{codec}": bytes([number, 4]) + data
            for name, data in FILES.items()
            for number, codec in enumerate(codecs)
        }
        | {
            f"{name}_{codec}_{level}{'_primed' if prime else ''}":
                bytes([codecs.index(codec), int(level) - 1 + (9 if prime else 0)]) + data
            for codec, variants in MODELS.items()
            for level, prime in variants
            for name, data in BLOCKS.items()
        },
        "segmenter": {
            f"{name}_{piece}": bytes([formats, piece]) + data
            for name, data in (FILES | CLOUDS).items()
            for piece in (0, 100)
        },
        "codec_decode": payloads(pith),
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
        for old in folder.glob("seed_*"):
            old.unlink()
        for name, data in inputs.items():
            (folder / f"seed_{name}").write_bytes(data)


if __name__ == "__main__":
    main()
