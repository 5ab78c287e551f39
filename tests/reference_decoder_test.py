"""Tests of the reference decoder, on streams built by hand from the tables of docs/format.md and on
golden files. What the program writes is tested in reference_codecs_test.py."""
import contextlib
import ctypes
import ctypes.util
import hashlib
import io
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import reference_decoder as ref  # noqa: E402
import reference_samples as samples  # noqa: E402
from reference_decoder import Damaged, Unsupported, bwt, crc32c, deflate, xxh3  # noqa: E402
from reference_transforms import undo_transform  # noqa: E402

DATA, METADATA, INDEX, CODEC_TABLE, PARITY = range(1, 6)
TEXT = b"".join(b"line %d of some text\n" % i for i in range(500))


def skip_loudly(test, reason):
    print(f"SKIPPED: {reason}", file=sys.stderr)
    test.skipTest(reason)


def decode(*files):
    with contextlib.redirect_stderr(io.StringIO()):  # warnings
        return ref.decode(*files)


def xxh3_64(data):
    return xxh3(data)[0]


def xxh3_128(data):
    return xxh3(data)[1]


# ---- A writer as small as the format allows ----
class Stream:
    """Gathers frames; bytes() gives the stream. Every value can be set wrong by its name."""

    def __init__(self, salt=None, version=1, features=0, raw_log=16, memory_log=11):
        self.salt, self.frames, self.raw = salt, [], b""
        self.header = version, features, raw_log, memory_log

    def frame(self, kind, payload, /, **wrong):
        values = dict(kind=kind, segment=0, codec=0, raw_size=len(payload),
                      payload_size=len(payload), raw_offset=len(self.raw),
                      raw_hash=xxh3_64(payload), memory=0, sync=b"\xF5PTB", header_xor=0,
                      payload_xor=0)
        assert not wrong.keys() - values.keys()
        self.frames.append((values | wrong, payload))
        return self

    def block(self, raw, payload=None, /, **values):
        payload = raw if payload is None else payload
        self.frame(DATA, payload, **dict(raw_size=len(raw), raw_hash=xxh3_64(raw)) | values)
        self.raw += raw
        return self

    def zstd(self, raw, *options, **values):
        return self.block(raw, zstd(raw, *options), **dict(codec=1, memory=256) | values)

    def index(self, change=lambda payload: payload):
        entries = (struct.pack("<2IH2BQ", v["payload_size"],
                               v["raw_size"] if v["kind"] == DATA else 0, v["codec"], v["segment"],
                               0, v["raw_hash"]) for v, _ in self.frames)
        return self.frame(INDEX, change(b"".join(entries)))

    def bytes(self, **wrong):
        salt = self.salt
        if salt is None:
            hashes = [v["raw_hash"] for v, _ in self.frames if v["kind"] == DATA]
            salt = hashes[0] % 2**32 if hashes else 0
        out = struct.pack("<8s4BI", b"\x89PTH\r\n\x1A\n", *self.header, salt)
        out += struct.pack("<I", crc32c(out))
        index_size = 0
        for v, payload in self.frames:
            head = struct.pack("<4s2BH2I2QI", v["sync"], v["kind"], v["segment"], v["codec"],
                               v["raw_size"], v["payload_size"], v["raw_offset"], v["raw_hash"],
                               v["memory"])
            out += head + struct.pack("<I", crc32c(head) ^ salt ^ v["header_xor"])
            out += payload + struct.pack("<I", crc32c(payload) ^ v["payload_xor"])
            index_size = 44 + len(payload) if v["kind"] == INDEX else 0
        values = dict(index_size=index_size, raw_size=len(self.raw), raw_hash=xxh3_128(self.raw),
                      stream_size=len(out) + 48, start=b"\xF5PTE", end=b"HTP\x89", crc_xor=0)
        assert not wrong.keys() - values.keys()
        v = values | wrong
        tail = struct.pack("<4sIQ16sQ", v["start"], v["index_size"], v["raw_size"],
                           v["raw_hash"].to_bytes(16, "little"), v["stream_size"])
        return out + tail + struct.pack("<I4s", crc32c(tail) ^ salt ^ v["crc_xor"], v["end"])


def zstd(raw, *options):
    return subprocess.run(["zstd", "-cq", "--no-check", f"--stream-size={len(raw)}", *options],
                          input=raw, capture_output=True, check=True).stdout


def record(tag, value, flags=0):
    return struct.pack("<2HI", tag, flags, len(value)) + value


class Checks(unittest.TestCase):
    def test_crc32c(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(crc32c(b""), 0)
        self.assertEqual(crc32c(bytes(32)), 0x8A9136AA)  # RFC 3720, B.4

    def test_xxh3_of_nothing(self):
        self.assertEqual(xxh3_64(b""), 0x2D06800538D394C2)
        self.assertEqual(xxh3_128(b""), 0x99AA06D3014798D86001C324468D497F)

    def test_xxh3_equals_libxxhash(self):
        try:
            library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
        except OSError as error:
            skip_loudly(self, f"XXH3 is not compared, there is no libxxhash ({error})")

        class Hash128(ctypes.Structure):
            _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]

        library.XXH3_64bits.restype, library.XXH3_128bits.restype = ctypes.c_uint64, Hash128
        for function in (library.XXH3_64bits, library.XXH3_128bits):
            function.argtypes = ctypes.c_char_p, ctypes.c_size_t
        data = random.Random(1).randbytes(5000)
        for size in (*range(301), 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 5000):
            for part in (data[:size], bytes(size), b"\xFF" * size):
                wide = library.XXH3_128bits(part, size)
                self.assertEqual(xxh3_64(part), library.XXH3_64bits(part, size), size)
                self.assertEqual(xxh3_128(part), wide.high << 64 | wide.low, size)


class Good(unittest.TestCase):
    def check(self, *streams):
        """The file has the streams back to back."""
        raw = b"".join(stream.raw for stream in streams)
        self.assertEqual(decode(b"".join(stream.bytes() for stream in streams)), raw)

    def test_empty_stream(self):
        self.assertEqual(len(Stream().bytes()), 68)
        self.check(Stream())

    def test_stored_block(self):
        self.assertEqual(len(Stream().block(b"x").bytes()), 113)
        self.check(Stream().block(b"x"))
        self.check(Stream().block(TEXT, segment=255))  # informative only

    def test_zstd_block(self):
        for raw in (TEXT, bytes(100), bytes(255), bytes(256), bytes(65536), TEXT[:200] * 2):
            for level in ("-1", "-19"):
                self.check(Stream().zstd(raw, level))

    def test_two_blocks_with_index(self):
        stream = Stream().block(TEXT[:4096]).zstd(TEXT[4096:]).index()
        payloads = sum(len(payload) for _, payload in stream.frames[:2])
        self.assertEqual(len(stream.bytes()), 112 + 2 * 64 + payloads)
        self.check(stream)

    def test_two_blocks_without_index(self):
        self.check(Stream().block(b"one").block(b"two"))

    def test_concatenation(self):
        one, two = Stream().block(b"one"), Stream().zstd(TEXT)
        self.check(one, two)
        self.check(Stream(), one, Stream(), two, one)

    def test_metadata(self):
        records = b"".join((
            record(1, b"name"), record(2, struct.pack("<q", -1)), record(3, struct.pack("<I", 420)),
            record(4, struct.pack("<H6sI2s", 6, b"user.x", 2, b"ab")),
            record(5, hashlib.sha256(b"raw").digest()), record(6, b"pith 0.1", flags=0xFFFF),
            record(7, struct.pack("<H2B2d", 0xF000, 1, 0, 0.5, 0.25)), record(999, b"unknown")))
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
        self.check(Stream(raw_log=12, memory_log=0).block(bytes(4096)))
        self.check(Stream(raw_log=30, memory_log=26).block(b"x"))


class Bad(unittest.TestCase):
    def damaged(self, data):
        with self.assertRaises(Damaged):
            decode(data)

    def unsupported(self, data, message=""):
        with self.assertRaisesRegex(Unsupported, message):
            decode(data)

    def test_each_flipped_byte_and_each_truncation(self):
        stream = Stream().frame(METADATA, record(1, b"n")).block(b"one").zstd(bytes(999)).index()
        good = stream.bytes()
        for at in range(len(good)):
            for bit in (1, 128):
                self.damaged(good[:at] + bytes([good[at] ^ bit]) + good[at + 1:])
            self.damaged(good[:at])
            if at:
                self.damaged(good + good[:at])

    def test_stream_header(self):
        for values in (dict(version=0), dict(raw_log=11), dict(raw_log=31), dict(memory_log=27)):
            self.damaged(Stream(**values).bytes())
        for values in (dict(version=2), dict(features=2), dict(version=255, features=255)):
            self.unsupported(Stream(**values).bytes())

    def test_base(self):
        of_base = record(8, struct.pack("<Q", 4) + xxh3_128(b"base").to_bytes(16, "little"))
        good = Stream(features=1).frame(METADATA, of_base).block(b"x").bytes()
        self.assertEqual(ref.decode(good, b"base"), b"x")
        self.assertEqual(ref.decode(good, Stream().block(b"base").bytes()), b"x")
        self.unsupported(good, "needs its base")
        self.assertRaises(Unsupported, ref.decode, good, b"Base")
        self.assertRaises(Unsupported, ref.decode, good, b"bas")
        self.damaged(Stream(features=1).block(b"x").frame(METADATA, of_base).bytes())
        self.damaged(Stream(features=1).frame(METADATA, record(8, bytes(23))).block(b"x").bytes())

    def test_salt(self):
        self.damaged(Stream(salt=1).bytes())
        self.damaged(Stream(salt=0).block(b"x").bytes())
        two = xxh3_64(b"two") % 2**32
        self.damaged(Stream(salt=two).block(b"one").block(b"two").index().bytes())

    def test_frame_header(self):
        for values in (dict(kind=0), dict(sync=b"\xF5PTC"), dict(header_xor=1), dict(raw_offset=1),
                       dict(payload_xor=1), dict(raw_hash=1), dict(raw_size=0), dict(raw_size=2),
                       dict(memory=2049), dict(payload_size=0), dict(payload_size=2)):
            self.damaged(Stream().block(b"x", **values).bytes())
        self.damaged(Stream(raw_log=12).block(bytes(4097)).bytes())
        self.damaged(Stream().block(b"").bytes())
        self.damaged(Stream().zstd(b"x").bytes())  # the payload is longer than the raw block
        self.damaged(Stream(memory_log=7).zstd(TEXT).bytes())
        self.damaged(Stream().zstd(TEXT, memory=255).bytes())

    def test_frames_without_a_block(self):
        for kind in (METADATA, CODEC_TABLE, PARITY, 128):
            for values in (dict(codec=1), dict(segment=1), dict(memory=1), dict(raw_size=1),
                           dict(raw_hash=0), dict(raw_offset=1), dict(header_xor=1),
                           dict(payload_xor=1)):
                self.damaged(Stream().frame(kind, b"", **values).block(b"x").bytes())
        self.damaged(Stream().frame(METADATA, record(999, bytes(2**20 - 7))).bytes())
        self.damaged(Stream().frame(CODEC_TABLE, bytes(2**20 + 5)).bytes())
        for kind in (6, 127):
            self.unsupported(Stream().frame(kind, b"").bytes(), f"{kind}")

    def test_records(self):
        for payload in (b"x", record(1, b"name")[:-1], record(5, bytes(31)), record(5, bytes(32))):
            self.damaged(Stream().frame(METADATA, payload).block(b"x").bytes())
        self.damaged(Stream().frame(CODEC_TABLE, struct.pack("<H3B", 1, 0, 1, 4)).bytes())

    def test_index(self):
        def stream():
            return Stream().block(b"one").frame(METADATA, b"").block(b"two")

        good = stream().index().frames[-1][1]
        for at in range(len(good)):
            bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
            self.damaged(stream().index(lambda _: bad).bytes())
        for bad in (good[:-20], good + good[-20:], good[20:] + good[:20]):
            self.damaged(stream().index(lambda _: bad).bytes())
        self.damaged(stream().index().bytes(index_size=0))
        self.damaged(stream().bytes(index_size=104))
        self.damaged(stream().index().block(b"three").bytes(index_size=104))
        self.damaged(stream().index().index().bytes())

    def test_trailer(self):
        for values in (dict(start=b"\xF5PTF"), dict(end=b"HTP\x88"), dict(crc_xor=1),
                       dict(index_size=1), dict(raw_size=2), dict(raw_hash=0), dict(stream_size=0)):
            self.damaged(Stream().block(b"x").bytes(**values))

    def test_zstd_payload(self):
        good, skippable = zstd(TEXT), b"\x50\x2A\x4D\x18" + struct.pack("<I", 1) + b"x"
        for payload in (good + b"\0", good + skippable, skippable + good, good[:-1], good[:5],
                        good[4:], zstd(TEXT, "--check"), zstd(TEXT, "--no-content-size"),
                        zstd(TEXT[:5000]) + zstd(TEXT[5000:]), zstd(TEXT[:-1])):
            self.damaged(Stream().block(TEXT, payload, codec=1, memory=256).bytes())

    def test_stored_payload(self):
        self.damaged(Stream().block(b"xy", b"x").bytes())
        self.damaged(Stream().block(b"x", memory=1).bytes())

    def test_unknown_codec(self):
        table = struct.pack("<H3B6s", 0xF00D, 2, 7, 6, b"magics")
        stream = Stream().frame(CODEC_TABLE, table).block(b"one").block(b"two", codec=0xF00D)
        self.unsupported(stream.index().bytes(), "1.*61453.*magics.*2.7")
        self.unsupported(Stream().block(b"one", codec=99).bytes(), "99")
        self.unsupported(Stream().block(b"one", codec=4).bytes(), "codec 4 .text: not in this")

    def test_between_and_behind_streams(self):
        good = Stream().block(b"x").bytes()
        for data in (b"", bytes(1), bytes(68), b"text", bytes(1) + good, good + b"x",
                     good + bytes(65537), good + bytes(1) + good, good + bytes(9) + b"x"):
            self.damaged(data)


def inner_block(raw, **values):
    v = dict(codec=1, payload=zstd(raw, "-19"), memory=256, raw_size=len(raw)) | values
    return struct.pack("<H3I", v["codec"], v["raw_size"], len(v["payload"]),
                       v["memory"]) + v["payload"]


def stored_block(raw):
    return inner_block(raw, codec=0, payload=raw, memory=0)


def copied(size):
    return struct.pack("<BI", 0, size)


def stream_run(size, header=b"\x78\x9C", given=None, **values):
    v = dict(kind=1, encoder=0, strategy=0, level=6, memory_level=8, window_bits=15,
             trailer=2 if given is None else 0) | values
    run = struct.pack("<6BIBH", v["kind"], v["encoder"], v["strategy"], v["level"],
                      v["memory_level"], v["window_bits"], size, v["trailer"], len(header)) + header
    return run if given is None else run + struct.pack("<H", len(given)) + given


class Deflated(unittest.TestCase):
    def stream(self, raw, control, content, version=1, blocks=None, more_memory=0, tail=b"",
               lanes=0):
        blocks = [stored_block(control), inner_block(content)] if blocks is None else blocks
        needed = len(control) + 983040 + (len(content) + 256 * 1024 if content else 0) + 32 * lanes
        payload = bytes([version]) + b"".join(blocks) + tail
        return Stream().block(raw, payload, codec=2,
                              memory=(needed + 1023) // 1024 + more_memory).bytes()

    def test_runs(self):
        raw, size = zlib.compress(TEXT, 6), len(TEXT)
        gz = b"h" * 10 + deflate(TEXT, 1, 0, 9, 8, 15) + struct.pack("<2I", zlib.crc32(TEXT), size)
        for expected, control, content in (
                (raw, stream_run(size), TEXT),
                (raw, stream_run(size, given=raw[-4:]), TEXT),
                (raw, stream_run(size, given=b"") + copied(4), TEXT + raw[-4:]),
                (b"ab" + raw + b"cd" + raw, copied(2) + stream_run(size) + copied(2) +
                 stream_run(size), b"ab" + TEXT + b"cd" + TEXT),
                (gz, stream_run(size, b"h" * 10, encoder=1, level=9, trailer=1), TEXT)):
            self.assertEqual(decode(self.stream(expected, control, content)), expected)
        blocks = [stored_block(stream_run(size)), inner_block(TEXT[:9]), inner_block(TEXT[9:])]
        stream = self.stream(raw, stream_run(size), TEXT[9:], blocks=blocks)
        self.assertEqual(decode(stream), raw)

    def test_lanes_and_gaps(self):
        in_lane = lambda lane, size: struct.pack("<BHI", 2, lane, size)
        half = len(TEXT) // 2
        control = in_lane(1, half - 100) + copied(100) + in_lane(1, len(TEXT) - half)
        raw = TEXT[100:half] + TEXT[:100] + TEXT[half:]
        self.assertEqual(decode(self.stream(raw, control, TEXT, version=2, lanes=2)), raw)
        z, size = zlib.compress(TEXT, 6), len(TEXT)
        gaps = struct.pack("<IBH", 10, 0, 3) + b"gap" + struct.pack("<IBI", 20, 1, 77)
        raw = (z[:10] + b"gap" + z[10:30] + struct.pack(">2I", zlib.crc32(b"IDAT" + z[10:30]), 77)
               + b"IDAT" + z[30:])
        run = stream_run(size, kind=5) + struct.pack("<I", len(gaps)) + gaps
        self.assertEqual(decode(self.stream(raw, run, TEXT, version=2)), raw)
        for values in (dict(version=1), dict(control=run[:-1]), dict(raw=z),
                       dict(control=stream_run(size, kind=5) + struct.pack("<I", 0)),
                       dict(control=stream_run(size, kind=8), raw=z)):
            stream = self.stream(**dict(raw=raw, control=run, content=TEXT, version=2) | values)
            self.assertRaises(Damaged, decode, stream)

    def test_bad(self):
        raw, run, size = zlib.compress(TEXT, 6), stream_run(len(TEXT)), len(TEXT)
        for values in (dict(more_memory=-1), dict(tail=b"\0"), dict(tail=stored_block(b"")),
                       dict(content=TEXT + b"x"), dict(content=TEXT[:-1]), dict(control=run[:-1]),
                       dict(control=run + copied(1)), dict(control=run + b"\1"), dict(blocks=[]),
                       dict(raw=raw + b"x"), dict(raw=raw[:-1]),
                       dict(blocks=[stored_block(run), inner_block(TEXT, codec=2)]),
                       dict(blocks=[stored_block(run), inner_block(TEXT, raw_size=size + 1)])):
            stream = self.stream(**dict(raw=raw, control=run, content=TEXT) | values)
            self.assertRaises(Damaged, decode, stream)
        for values in (dict(kind=2), dict(encoder=3), dict(encoder=1, memory_level=9),
                       dict(encoder=2, window_bits=14), dict(encoder=1, strategy=1),
                       dict(strategy=5), dict(level=0), dict(level=10), dict(memory_level=0),
                       dict(memory_level=10), dict(window_bits=8), dict(window_bits=16),
                       dict(trailer=3), dict(level=7), dict(header=b"\x78\x9D")):
            stream = self.stream(raw, stream_run(size, **values), TEXT)
            self.assertRaises(Damaged, decode, stream)
        blocks = [stored_block(run), inner_block(TEXT, codec=99)]
        self.assertRaises(Unsupported, decode, self.stream(raw, run, TEXT, blocks=blocks))
        self.assertRaises(Unsupported, decode, self.stream(raw, run, TEXT, version=3))

    def inputs(self):
        """Inputs that reach each branch of the search and of the block writer."""
        r, fibonacci = random.Random(7), [1, 1]
        yield from (b"", b"a", b"ab", b"abc", bytes(300), TEXT, r.randbytes(3000))
        yield b"".join(r.choices([r.randbytes(r.randrange(3, 9)) for _ in range(50)], k=4000))
        yield b"".join(r.choice((r.randbytes(300), bytes(400), TEXT[i:i + 99])) for i in range(120))
        while len(fibonacci) < 21:  # codes of more than 15 bits before they are cut
            fibonacci.append(fibonacci[-1] + fibonacci[-2])
        yield bytes(r.sample(range(21), sum(fibonacci), counts=fibonacci))

    def test_encoder_equals_zlib(self):
        if not zlib.ZLIB_RUNTIME_VERSION.startswith("1.2.13"):
            skip_loudly(self, f"zlib is {zlib.ZLIB_RUNTIME_VERSION}, and its choices may differ")
        for data in self.inputs():
            for strategy, level, memory_level, window_bits in (
                    (0, 1, 8, 15), (0, 3, 8, 9), (0, 4, 1, 9), (0, 6, 8, 15), (0, 9, 9, 12),
                    (1, 6, 8, 15), (2, 6, 9, 9), (3, 6, 8, 10), (4, 6, 8, 15), (4, 2, 3, 11)):
                encoder = zlib.compressobj(level, zlib.DEFLATED, -window_bits, memory_level,
                                           strategy)
                self.assertEqual(deflate(data, 0, strategy, level, memory_level, window_bits),
                                 encoder.compress(data) + encoder.flush())

    def test_encoder_equals_gzip_and_pigz(self):
        # Which of the earlier copies of the last 20 bytes gzip takes is decided beyond the end,
        # where two zeros stand, and then what was in the window 32 KiB before.
        stale_input = bytearray(random.Random(8).choices(b"0123456789abcdef", k=70000))
        last, older = stale_input[-20:], stale_input[-32766:-32736]
        stale_input[60000:60052] = last + bytes(2) + older
        stale_input[69500:69523] = last + bytes(2) + b"."
        for encoder, program, version in ((1, "gzip", "1.12"), (2, "pigz", "2.6")):
            found = shutil.which(program) and subprocess.run([program, "--version"], text=True,
                                                             capture_output=True).stdout
            if not found or f"{program} {version}" not in found:
                print(f"SKIPPED: there is no {program} {version}", file=sys.stderr)
                continue
            for data in (*self.inputs(), stale_input):
                for level in (1, 3, 6, 9):
                    run = subprocess.run([program, "-n", f"-{level}"], input=data,
                                         capture_output=True)
                    self.assertEqual(deflate(data, encoder, 0, level, 8, 15), run.stdout[10:-8])


class Transforms(unittest.TestCase):
    def check(self, kind, coded, raw):
        self.assertEqual(undo_transform(kind, coded)[0], raw)

    def damaged(self, kind, coded):
        self.assertRaises(Damaged, undo_transform, kind, coded)

    def words(self, text, **values):
        """Codes: 0 escape, 1 capital, 2 upper, 3 join, 4 0 "of", 4 1 "in", 5 "he", 6 "the"; 7 to 9
        are left over. A space follows a comma."""
        v = dict(version=1, codes=b"\0\12\xFF", spaced=b"\54\1\xFF", leads=1, last_second=1,
                 singles=b"\2\0AehCt.", pairs=b"\2\0AniAfo.") | values
        return (bytes([v["version"]]) + v["codes"] + v["spaced"] +
                bytes([v["leads"], v["last_second"]]) + v["singles"] + v["pairs"] + text)

    def test_words(self):
        for text, raw in (
                (b"", b""), (b"\6 \5", b"the he"), (b",\6,\3\6", b", the,the"),
                (b"\1\6\1xy", b"TheXy"), (b"\2\4\0\4\1", b"OFin"), (b"\2ab c\2a", b"AB cA"),
                (b"\0\6\0a\7", b"\6a\7"), (b",\3\1\6,\2\6", b",The, THE"), (b",\0,\6", b",, the")):
            self.check(1, self.words(text), raw)
            self.check(4, b"\xFE" + struct.pack("<I", len(raw)) + self.words(text), raw)
            self.damaged(4, b"\xFE" + struct.pack("<I", len(raw) + 1) + self.words(text))
        for codes in (b"\x7B\xFF", b"\x7B\x85\xFF", b"\x7B\x85\0\xFF"):  # 123 to 255
            self.check(1, self.words(b"a\x81", codes=codes, spaced=b"\x21\xFF"), b"a the")

    def test_bad_words(self):
        for text in (b"\0", b"\1", b"\2", b"\3", b"\4", b"\4\2", b"\3a", b"\3\1a", b"\1A", b"\1\7",
                     b"\1\2a", b"\3\3\6", b"\1\0a"):
            self.damaged(1, self.words(text))
        for values in (dict(version=2), dict(codes=b"\0\6\xFF"), dict(codes=b"\0\3\xFF"),
                       dict(codes=b"\x20\x0A\xFF"), dict(codes=b"\x61\x0A\xFF"),
                       dict(codes=b"\xC8\xC8\xFF"), dict(spaced=b"\x20\1\xFF"), dict(last_second=0),
                       dict(singles=b"\3\0AehCt."), dict(singles=b"\1\0AehCt."),
                       dict(singles=b"\2\0AehDt."), dict(singles=b"\2\0AehA."),
                       dict(singles=b"\2\0aehCt."), dict(singles=b"\1\0A" + b"e" * 33 + b".")):
            self.damaged(1, self.words(b"", **values))
        good = self.words(b"")
        for size in range(len(good)):
            self.damaged(1, good[:size])

    def test_lines(self):
        w = b"w" * 40
        for coded, raw in (
                (b"", b""), (b"a b", b"a b"), (w + b" " + w, w + b"\n" + w),
                (b"a\r\n" + w + b" " + w, b"a\r\n" + w + b"\r\n" + w),
                (w + b"\1 " + w + b" a", w + b" " + w + b"\na"), (b"aaa \nb c", b"aaa \nb c"),
                (b"aaa\nb\ncc dd", b"aaa\nb\ncc\ndd"),
                (b"aaa\n\nb  c \r\n d ", b"aaa\n\nb  c \r\n d ")):
            self.check(3, b"\1" + coded, raw)
        for coded in (b"\1", b"a\1", b"a\1 ", b"a\1  b", b" \1 b", b"a\1b", b"a \1b", b"a\1\nb"):
            self.damaged(3, b"\1" + coded)
        self.damaged(3, b"")

    def test_x86(self):
        for mode, coded, raw in (
                (1, "E8 00001500", "E8 10000000"), (2, "E9 00000400", "E9 FFFFFFFF"),
                (2, "8B0D 00010600", "8B0D 00010000"), (1, "8B0D 00010600", "8B0D 00010600"),
                (2, "0F1005 00010700", "0F1005 00010000"), (2, "05 00010600", "05 00010600"),
                (1, "E8 00001501", "E8 00001501"), (1, "E8 000015", "E8 000015"), (1, "", "")):
            self.check(2, bytes([mode]) + bytes.fromhex(coded), bytes.fromhex(raw))
        for coded in (b"", b"\0abc", b"\3abc"):
            self.damaged(2, coded)
        self.damaged(5, b"")


class Bwt(unittest.TestCase):
    def small(self, memory=728, raw_size=2, **values):
        """The text "AB", its column "BA": to read only ones says that both runs are one byte."""
        v = dict(transform=b"\0", first=b"\1", rows=b"\1\0\0", alphabet=b"\1BA",
                 runs=b"\xFF" * 4) | values
        return bwt(b"".join(map(v.get, ("transform", "first", "rows", "alphabet", "runs"))),
                   raw_size, memory)

    def test_by_hand(self):
        self.assertEqual(self.small(), b"AB")
        self.assertEqual(self.small(first=b"\3", runs=b"\xFF" * 9), b"AB")
        self.assertEqual(self.small(first=b"\x12"), b"AE")  # E has the place of B
        x86 = dict(transform=b"\2\2\0\0\0", alphabet=b"\1\1B", rows=b"\2\0\0")
        self.assertRaises(Damaged, self.small, **x86)  # B is no mode
        x86 = dict(transform=b"\2\2\0\0\0", alphabet=b"\1B\1")
        self.assertEqual(self.small(**x86), b"B")
        early = dict(alphabet=b"\1AB", runs=bytes.fromhex("00219fffffff"), raw_size=999)
        self.assertEqual(self.small(**early), b"A\0" * 499 + b"A")  # the walk meets row 0 early

    def test_bad_payload(self):
        for values in (dict(transform=b"\5"), dict(transform=b"\5\2\0\0\0"), dict(first=b"\0"),
                       dict(first=b"\5"), dict(first=b"\x21"), dict(rows=bytes(3)),
                       dict(rows=b"\3\0\0"), dict(rows=b"\2\0\0"), dict(alphabet=b"\1AA"),
                       dict(alphabet=b"\0A"), dict(alphabet=b"\xFFBA"), dict(runs=b""),
                       dict(runs=bytes(40)), dict(alphabet=b"", runs=b""), dict(raw_size=0),
                       dict(raw_size=1 << 24), dict(memory=727), dict(memory=729),
                       dict(transform=b"\2\0\0\0\0"), dict(transform=b"\2\x43\0\0\0"),
                       dict(transform=b"", first=b"", rows=b"", alphabet=b"", runs=b"")):
            self.assertRaises(Damaged, self.small, **values)

    def inputs(self):
        """(the transform that pith takes, data)"""
        r = random.Random(9)
        words = ["".join(r.choices("etaoinshrdlu", k=r.randrange(2, 9))) for _ in range(150)]

        def filled(words, count, end):  # to a width of 70
            lines, column = [], 0
            for word in r.choices(words, [1 / (i + 3) for i in range(len(words))], k=count):
                lines.append(end if column + len(word) > 70 else " ")
                column = len(word) if lines[-1] == end else column + 1 + len(word)
                lines.append(word)
            return "".join(lines[1:]).encode()

        def code(size, wide):  # calls of few functions between other bytes
            out = b""
            while len(out) < size:
                out += bytes(r.choices(range(0, 224, 9), k=r.randrange(3, 20)))
                out += b"\x48\x8D\x05" if wide and r.random() < 0.5 else b"\xE8"
                out += struct.pack("<i", 1000 * r.randrange(32) - len(out) - 4)
            return out

        walk, at = bytearray(), 0
        for _ in range(5000):
            at += r.choice((-1, 0, 0, 1, 1))
            walk.append(at % 256)
        yield 0, bytes(20000)
        yield 0, bytes(walk)
        yield 0, b"".join(bytes([r.randrange(40)]) * r.choice((1, 2, 9, 300)) for _ in range(400))
        yield 0, "".join(r.choices("etaoinshrdlucm.", k=4000)).encode()  # in another sort order
        yield 1, "Übergrößenträger çà et là, Ωμέγα.\n".encode() * 20
        yield 1, " ".join(r.choices(words[:40], k=1500)).title().encode()
        yield 1, b"".join(b"<%b id='%d'>\n" % (r.choice(words[:12]).encode(), i) for i in range(400))
        yield 2, code(3000, False)
        yield 2, code(3000, True)
        yield 3, filled([str(i) for i in range(1000, 1900, 7)], 2000, "\n")
        yield 4, filled(words, 2000, "\n")
        yield 4, filled([*words, "Capital", "UPPER", "it's", "(so)"], 1500, "\r\n")

    def test_decodes_what_pith_writes(self):
        program = os.environ.get("PITH")
        if not program:
            skip_loudly(self, "bwt is not compared, PITH does not name the program")
        for i, (kind, data) in enumerate(self.inputs()):
            for level in (4, 5, 6):
                with self.subTest(input=i, level=level):
                    file = subprocess.run([program, f"-{level}", "--codec", "bwt", "-c"],
                                          input=data, capture_output=True, check=True).stdout
                    self.assertEqual((file[26], file[60]), (3, kind))
                    self.assertEqual(decode(file), data)


class Program(unittest.TestCase):
    def test_exit_status(self):
        good = Stream().block(b"raw").bytes()
        for data, code, raw, says in (
                (good, 0, b"raw", b""), (good + b"\0", 0, b"raw", b"warning"),
                (good[:-1], 3, b"", b"truncated"), (b"", 3, b"", b"x.pith"),
                (Stream(version=2).bytes(), 4, b"", b"version 2")):
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, "x.pith")
                file.write_bytes(data)
                run = subprocess.run([sys.executable, "-B", ref.__file__, file],
                                     capture_output=True)
            self.assertEqual((run.returncode, run.stdout), (code, raw), run.stderr)
            self.assertIn(says, run.stderr)
            self.assertEqual(says == b"", run.stderr == b"")


# Codecs that the reference decoder leaves out, by the first word of their golden files.
REFUSED = {name.split()[0].strip("(:"): codec for codec, name in ref.NOT_HERE.items()}


class Golden(unittest.TestCase):
    def test_each_file(self):
        lists = sorted((HERE / "golden").glob("*/SHA256SUMS"))
        self.assertTrue(lists, "there is no tests/golden/*/SHA256SUMS")
        for sums in lists:
            lines = sums.read_text().splitlines()
            wanted = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
            self.assertTrue(wanted, f"{sums} is empty")
            self.assertEqual({f"{name}.pith" for name in wanted},
                             {file.name for file in sums.parent.glob("*.pith")})
            for name, digest in wanted.items():
                with self.subTest(version=sums.parent.name, name=name):
                    refused = REFUSED.get(name.split("_")[0])
                    if refused:  # not in this decoder: refused, and said so
                        with self.assertRaisesRegex(ref.Unsupported, f"codec {refused}"):
                            decode((sums.parent / f"{name}.pith").read_bytes())
                        continue
                    # NAME.on.BASE: coded against what BASE holds.
                    files = [sums.parent / f"{of}.pith" for of in name.split(".on.")]
                    files[0] = sums.parent / f"{name}.pith"
                    # The header of one lies in an inner block of text, which is not here.
                    header = lambda *_: samples.npy(">f8", (30, 40), b"")  # noqa: E731
                    inner = {4: header} if name == "wavelet_psnr_9" else {}
                    with unittest.mock.patch.dict(ref.CODECS, inner):
                        raw = decode(*(file.read_bytes() for file in files))
                    self.assertEqual(hashlib.sha256(raw).hexdigest(), digest)


if __name__ == "__main__":
    unittest.main()
