"""Tests of the reference decoder, on streams built by hand from the tables of docs/format.md."""
import ctypes
import ctypes.util
import hashlib
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import reference_decoder as ref  # noqa: E402
from reference_decoder import Damaged, Unsupported, crc32c, decode, xxh3  # noqa: E402

DATA, METADATA, INDEX, CODEC_TABLE, PARITY = range(1, 6)


# ---- A writer as small as the format allows ----
def stream_header(salt, version=1, features=0, block_bits=16, memory_bits=8):
    head = struct.pack("<8s4BI", b"\x89PTH\r\n\x1A\n", version, features, block_bits, memory_bits, salt)
    return head + struct.pack("<I", crc32c(head))


class Stream:
    """Gathers frames; bytes() gives the stream. Every value can be set wrong by its name."""

    def __init__(self, salt=None, **header):
        self.salt, self.header, self.frames, self.raw = salt, header, [], b""

    def frame(self, kind, payload, /, **wrong):
        values = dict(kind=kind, segment=0, codec=0, raw_size=len(payload), payload_size=len(payload),
                      raw_offset=len(self.raw), raw_hash=xxh3(payload)[0], memory=0, sync=b"\xF5PTB",
                      header_xor=0, payload_xor=0)
        assert not wrong.keys() - values.keys()
        self.frames.append((values | wrong, payload))
        return self

    def block(self, raw, payload=None, /, **values):
        payload = raw if payload is None else payload
        self.frame(DATA, payload, **dict(raw_size=len(raw), raw_hash=xxh3(raw)[0]) | values)
        self.raw += raw
        return self

    def zstd(self, raw, *options, **values):
        run = subprocess.run(["zstd", "-cq", "--no-check", f"--stream-size={len(raw)}", *options],
                             input=raw, capture_output=True, check=True)
        return self.block(raw, run.stdout, **dict(codec=1, memory=256) | values)

    def index(self, change=lambda payload: payload):
        return self.frame(INDEX, change(b"".join(
            struct.pack("<2IH2BQ", v["payload_size"], v["raw_size"] if v["kind"] == DATA else 0, v["codec"],
                        v["segment"], 0, v["raw_hash"]) for v, _ in self.frames)))

    def bytes(self, **wrong):
        blocks = [v for v, _ in self.frames if v["kind"] == DATA]
        salt = self.salt if self.salt is not None else blocks[0]["raw_hash"] % 2**32 if blocks else 0
        out = stream_header(salt, **self.header)
        for v, payload in self.frames:
            head = struct.pack("<4s2BH2I2QI", v["sync"], v["kind"], v["segment"], v["codec"], v["raw_size"],
                               v["payload_size"], v["raw_offset"], v["raw_hash"], v["memory"])
            out += head + struct.pack("<I", crc32c(head) ^ salt ^ v["header_xor"])
            out += payload + struct.pack("<I", crc32c(payload) ^ v["payload_xor"])
        last = self.frames[-1] if self.frames else None
        values = dict(index_size=44 + len(last[1]) if last and last[0]["kind"] == INDEX else 0,
                      raw_size=len(self.raw), raw_hash=xxh3(self.raw)[1], stream_size=len(out) + 48,
                      start=b"\xF5PTE", end=b"HTP\x89", crc_xor=0)
        assert not wrong.keys() - values.keys()
        v = values | wrong
        tail = struct.pack("<4sIQ16sQ", v["start"], v["index_size"], v["raw_size"],
                           v["raw_hash"].to_bytes(16, "little"), v["stream_size"])
        return out + tail + struct.pack("<I4s", crc32c(tail) ^ salt ^ v["crc_xor"], v["end"])


def record(tag, value, flags=0):
    return struct.pack("<2HI", tag, flags, len(value)) + value


TEXT = b"".join(b"line %d of some text\n" % i for i in range(500))


class Checks(unittest.TestCase):
    def test_crc32c(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(crc32c(b""), 0)
        self.assertEqual(crc32c(bytes(32)), 0x8A9136AA)  # RFC 3720, B.4

    def test_xxh3_of_nothing(self):
        self.assertEqual(xxh3(b"")[0], 0x2D06800538D394C2)
        self.assertEqual(xxh3(b"")[1], 0x99AA06D3014798D86001C324468D497F)

    def test_xxh3_equals_libxxhash(self):
        name = ctypes.util.find_library("xxhash") or "libxxhash.so.0"
        try:
            library = ctypes.CDLL(name)
        except OSError as error:
            print(f"SKIPPED, XXH3 IS NOT COMPARED: no libxxhash ({error})", file=sys.stderr)
            self.skipTest("no libxxhash")

        class Hash128(ctypes.Structure):
            _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]

        for function, result in ((library.XXH3_64bits, ctypes.c_uint64), (library.XXH3_128bits, Hash128)):
            function.restype, function.argtypes = result, (ctypes.c_char_p, ctypes.c_size_t)
        data = random.Random(1).randbytes(5000)
        for size in (*range(301), 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 5000):
            for part in (data[:size], bytes(size), b"\xFF" * size):
                wide = library.XXH3_128bits(part, size)
                self.assertEqual(xxh3(part)[0], library.XXH3_64bits(part, size), size)
                self.assertEqual(xxh3(part)[1], wide.high << 64 | wide.low, size)


class Good(unittest.TestCase):
    def check(self, *streams):
        """Each argument is a Stream; the file has them back to back."""
        self.assertEqual(decode(b"".join(s.bytes() for s in streams)), b"".join(s.raw for s in streams))

    def test_empty_stream(self):
        self.assertEqual(len(Stream().bytes()), 68)
        self.check(Stream())

    def test_stored_block(self):
        self.check(Stream().block(b"x"))
        self.assertEqual(len(Stream().block(b"x").bytes()), 113)
        self.check(Stream().block(TEXT, segment=1))
        self.check(Stream().block(TEXT, segment=255))  # informative only

    def test_zstd_block(self):
        for raw in (TEXT, bytes(100), bytes(255), bytes(256), bytes(65536), TEXT[:200] * 2):
            for level in ("-1", "-19"):
                self.check(Stream().zstd(raw, level))

    def test_two_blocks_with_index(self):
        stream = Stream().block(TEXT[:4096]).zstd(TEXT[4096:]).index()
        self.assertEqual(len(stream.bytes()), 112 + 2 * 64 + sum(len(p) for _, p in stream.frames[:2]))
        self.check(stream)

    def test_two_blocks_without_index(self):
        self.check(Stream().block(b"one").block(b"two"))

    def test_concatenation(self):
        one, two = Stream().block(b"one"), Stream().zstd(TEXT)
        self.check(one, two)
        self.check(Stream(), one, Stream(), two, one)

    def test_metadata(self):
        records = b"".join((
            record(1, b"name"), record(2, struct.pack("<q", -1)), record(3, struct.pack("<I", 0o644)),
            record(4, struct.pack("<H6sI2s", 6, b"user.x", 2, b"ab")),
            record(5, hashlib.sha256(b"raw").digest()), record(6, b"pith 0.1", flags=0xFFFF),
            record(7, struct.pack("<H2B2d", 0xF000, 1, 0, 0.5, 0.25)), record(999, b"of a later version")))
        self.check(Stream().frame(METADATA, records).block(b"raw"))
        self.check(Stream().block(b"raw").frame(METADATA, records))
        self.check(Stream().block(b"r").frame(METADATA, records).block(b"aw").index())
        self.check(Stream().frame(METADATA, b""))

    def test_codec_table_and_frames_to_skip(self):
        table = struct.pack("<H3B4s", 1, 0, 1, 4, b"zstd") + struct.pack("<H3B", 0xF000, 1, 2, 0)
        stream = Stream().frame(CODEC_TABLE, table).frame(PARITY, b"parity").block(b"one")
        self.check(stream.frame(128, b"").frame(255, TEXT).block(b"two").index())

    def test_nul_padding(self):
        for size in (1, 4, 65536):
            self.assertEqual(decode(Stream().block(b"x").bytes() + bytes(size)), b"x")

    def test_pith_in_pith(self):
        inner = Stream().block(b"one").block(b"two").index().bytes()
        self.check(Stream().block(inner).block(inner).index())

    def test_limits_are_upper_bounds(self):
        self.check(Stream(block_bits=12, memory_bits=0).block(bytes(4096)))
        self.check(Stream(block_bits=30, memory_bits=26).block(b"x"))


class Bad(unittest.TestCase):
    def damaged(self, data):
        with self.assertRaises(Damaged):
            decode(data)

    def unsupported(self, data, message=""):
        with self.assertRaisesRegex(Unsupported, message):
            decode(data)

    def test_each_flipped_byte_and_each_truncation(self):
        good = Stream().frame(METADATA, record(1, b"n")).block(b"one").zstd(bytes(999)).index().bytes()
        for at in range(len(good)):
            for bit in (1, 128):
                self.damaged(good[:at] + bytes([good[at] ^ bit]) + good[at + 1:])
            self.damaged(good[:at])
            self.damaged(good + good[:at] if at else b"")

    def test_stream_header(self):
        for values in (dict(version=0), dict(block_bits=11), dict(block_bits=31), dict(memory_bits=27)):
            self.damaged(Stream(**values).bytes())
        for values in (dict(version=2), dict(features=1), dict(features=128), dict(version=255, features=255)):
            self.unsupported(Stream(**values).bytes())

    def test_salt(self):
        self.damaged(Stream(salt=1).bytes())
        self.damaged(Stream(salt=0).block(b"x").bytes())
        self.damaged(Stream(salt=xxh3(b"two")[0] % 2**32).block(b"one").block(b"two").index().bytes())

    def test_frame_header(self):
        for values in (dict(kind=0), dict(sync=b"\xF5PTC"), dict(header_xor=1), dict(payload_xor=1),
                       dict(raw_offset=1), dict(raw_hash=1), dict(raw_size=0), dict(raw_size=2),
                       dict(memory=257), dict(payload_size=0), dict(payload_size=2)):
            self.damaged(Stream().block(b"x", **values).bytes())
        self.damaged(Stream(block_bits=12).block(bytes(4097)).bytes())
        self.damaged(Stream().block(b"").bytes())
        self.damaged(Stream().zstd(b"x").bytes())  # the payload is longer than the raw block
        self.damaged(Stream(memory_bits=7).zstd(TEXT).bytes())
        self.damaged(Stream().zstd(TEXT, memory=255).bytes())

    def test_frames_without_a_block(self):
        for kind in (METADATA, CODEC_TABLE, PARITY, 128):
            for values in (dict(codec=1), dict(segment=1), dict(memory=1), dict(raw_size=1), dict(raw_hash=0),
                           dict(raw_offset=1), dict(header_xor=1), dict(payload_xor=1)):
                self.damaged(Stream().frame(kind, b"", **values).block(b"x").bytes())
        for kind in (METADATA, CODEC_TABLE):
            payload = record(999, bytes(2**20 - 8 + 1)) if kind == METADATA else bytes(2**20 + 4)
            self.damaged(Stream().frame(kind, payload).bytes())
        for kind in (6, 127):
            self.unsupported(Stream().frame(kind, b"").bytes(), f"{kind}")

    def test_records(self):
        for payload in (b"x", record(1, b"name")[:-1], record(5, bytes(31)), record(5, bytes(32))):
            self.damaged(Stream().frame(METADATA, payload).block(b"x").bytes())
        self.damaged(Stream().frame(CODEC_TABLE, struct.pack("<H3B", 1, 0, 1, 4)).block(b"x").bytes())

    def test_index(self):
        def stream():
            return Stream().block(b"one").frame(METADATA, b"").block(b"two")
        good = stream().index().frames[-1][1]
        for at in range(len(good)):
            self.damaged(stream().index(lambda p: p[:at] + bytes([p[at] ^ 1]) + p[at + 1:]).bytes())
        for change in (lambda p: p[:-20], lambda p: p + p[-20:], lambda p: p[20:] + p[:20]):
            self.damaged(stream().index(change).bytes())
        self.damaged(stream().index().bytes(index_size=0))
        self.damaged(stream().bytes(index_size=104))
        self.damaged(stream().index().block(b"three").bytes())
        self.damaged(stream().index().index().bytes())

    def test_trailer(self):
        for values in (dict(start=b"\xF5PTF"), dict(end=b"HTP\x88"), dict(crc_xor=1), dict(index_size=1),
                       dict(raw_size=2), dict(raw_hash=0), dict(stream_size=0)):
            self.damaged(Stream().block(b"x").bytes(**values))

    def test_zstd_payload(self):
        good = Stream().zstd(TEXT).frames[0][1]
        skippable = b"\x50\x2A\x4D\x18" + struct.pack("<I", 1) + b"x"
        for payload in (good + b"\0", good + skippable, skippable + good, good[:-1], good[:5], good[4:]):
            self.damaged(Stream().block(TEXT, payload, codec=1, memory=256).bytes())
        self.damaged(Stream().zstd(TEXT, "--check").bytes())
        self.damaged(Stream().zstd(TEXT, "--no-content-size").bytes())
        self.damaged(Stream().zstd(TEXT, raw_size=len(TEXT) - 1).bytes())
        double = b"".join(Stream().zstd(TEXT[:5000 * (i + 1)][5000 * i:]).frames[0][1] for i in range(2))
        self.damaged(Stream().block(TEXT[:10000], double, codec=1, memory=256).bytes())

    def test_stored_payload(self):
        self.damaged(Stream().block(b"xy", b"x").bytes())
        self.damaged(Stream().block(b"x", memory=1).bytes())

    def test_unknown_codec(self):
        stream = Stream().frame(CODEC_TABLE, struct.pack("<H3B6s", 0xF00D, 2, 7, 6, b"magics"))
        stream.block(b"one").block(b"two", codec=0xF00D).index()
        self.unsupported(stream.bytes(), "1.*61453.*magics.*2.7")
        self.unsupported(Stream().block(b"one", codec=99).bytes(), "99")

    def test_between_and_behind_streams(self):
        stream = Stream().block(b"x").bytes()
        for data in (b"", bytes(1), bytes(68), b"text", bytes(1) + stream, stream + b"x", stream + bytes(65537),
                     stream + bytes(1) + stream, stream + bytes(9) + b"x"):
            self.damaged(data)


class Program(unittest.TestCase):
    def run_on(self, data):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "x.pith")
            file.write_bytes(data)
            return subprocess.run([sys.executable, ref.__file__, file], capture_output=True)

    def test_exit_status(self):
        good = Stream().block(b"raw").bytes()
        for data, code, raw, says in ((good, 0, b"raw", b""), (good + b"\0", 0, b"raw", b"warning"),
                                      (good[:-1], 3, b"", b"truncated"), (b"", 3, b"", b"x.pith"),
                                      (Stream(version=2).bytes(), 4, b"", b"version 2")):
            run = self.run_on(data)
            self.assertEqual((run.returncode, run.stdout), (code, raw), run.stderr)
            self.assertIn(says, run.stderr)
            self.assertEqual(not says, not run.stderr)

    def test_size(self):
        self.assertLessEqual(len(pathlib.Path(ref.__file__).read_text().splitlines()), 200)


class Golden(unittest.TestCase):
    def test_each_file(self):
        lists = sorted((HERE / "golden").glob("*/SHA256SUMS"))
        self.assertTrue(lists, "tests/golden has no SHA256SUMS")
        for sums in lists:
            wanted = {name: digest for digest, name in
                      (line.split("  ", 1) for line in sums.read_text().splitlines() if line)}
            self.assertTrue(wanted, f"{sums} is empty")
            self.assertEqual({f"{name}.pith" for name in wanted}, {p.name for p in sums.parent.glob("*.pith")})
            for name, digest in wanted.items():
                with self.subTest(sums.parent.name, name=name):
                    raw = decode((sums.parent / f"{name}.pith").read_bytes())
                    self.assertEqual(hashlib.sha256(raw).hexdigest(), digest)


if __name__ == "__main__":
    unittest.main()
