"""Reference decoder of .pith files: reference_decoder.py FILE.pith [BASE] > raw

Written from docs/format.md and docs/codecs/ alone, to be short and not to be quick; it shares
nothing with the C++ sources. Exit status: 0 decoded, 3 damaged, 4 unsupported.
"""
import hashlib
import pathlib
import struct
import sys
import zlib

from reference_array import array
from reference_bwt import bwt
from reference_checks import Damaged, M32, Unsupported, crc32c, need, xxh3
from reference_cloud import cloud
from reference_coders import zstd_frame
from reference_deflate import DEFAULT, LZF, ZLIB, deflate, lzf
from reference_las import las
from reference_log import log
from reference_tensor import tensor
from reference_wavelet import wavelet


NOT_HERE = {codec: f" ({name}: not in this decoder yet)"
            for codec, name in ((4, "text"), (7, "logmix"), (11, "video"), (12, "cloudmix"),
                                (13, "arraymix"))}


# ---- Codecs: (payload, raw size, declared decode memory in KiB) -> raw ----
def take(data, at, layout):
    need(at + struct.calcsize(layout) <= len(data), f"truncated at byte {len(data)}")
    return struct.unpack_from(layout, data, at)


def stored(payload, raw_size, memory):
    need(memory == 0, "stored: wrong decode memory")
    return payload


def zstd(payload, raw_size, memory):
    need(memory == 256, "zstd: wrong decode memory")
    return zstd_frame(payload, raw_size, "zstd")


def deflated_runs(control, version):
    """(lane, content size, stream or None) of each run; a stream is (header, encoder, parameters,
    trailer kind, trailer, gaps)."""
    at = 0
    while at < len(control):
        kind, at, lane, gaps = control[at], at + 1, 0, []
        need(kind <= (1 if version == 1 else 7) and kind & 5 != 4, "deflated: unknown run")
        if kind & 2:
            (lane,), at = take(control, at, "<H"), at + 2
        need(lane < 4096, "deflated: too many lanes")
        if not kind & 1:
            yield lane, take(control, at, "<I")[0], None
            at += 4
            continue
        encoder, *parameters, size, trailer, header_size = take(control, at, "<5BIBH")
        strategy, level, memory_level, window_bits = parameters
        need(encoder <= 3 and strategy <= 4 and trailer <= 2 and 1 <= level <= 9
             and 1 <= memory_level <= 9 and 9 <= window_bits <= 15, "deflated: out of range")
        if encoder == LZF:
            need((strategy, level, window_bits) == (DEFAULT, 1, 13), "deflated: wrong LZF")
        elif encoder != ZLIB:
            need((strategy, memory_level, window_bits) == (DEFAULT, 8, 15),
                 "deflated: wrong parameters for gzip or pigz")
        header, end = take(control, at + 12, f"{header_size}s")[0], b""
        at += 12 + header_size
        if trailer == 0:
            end_size, = take(control, at, "<H")
            end, at = take(control, at + 2, f"{end_size}s")[0], at + 2 + end_size
        if kind & 4:
            stop, at = at + 4 + take(control, at, "<I")[0], at + 4
            need(at < stop <= len(control), "deflated: no gaps, or too many")
            while at < stop:
                (distance, png), at = take(control, at, "<IB"), at + 5
                need(png <= 1, "deflated: unknown gap")
                value, = take(control, at, "<I" if png else "<H")
                gaps.append((distance, value if png else take(control, at + 2, f"{value}s")[0]))
                at += 4 if png else 2 + value
            need(at == stop, "deflated: the gaps are too long")
        yield lane, size, (header, encoder, parameters, trailer, end, gaps)


def with_gaps(stream, gaps):
    out, at = [], 0
    for distance, gap in gaps:
        part, at = stream[at:at + distance], at + distance
        need(at < len(stream), "deflated: a gap behind the stream")
        if not isinstance(gap, bytes):
            gap = struct.pack(">2I", zlib.crc32(b"IDAT" + part), gap) + b"IDAT"
        out += part, gap
    return b"".join(out) + stream[at:]


def deflated(payload, raw_size, memory):
    version, at, headers, inner = *take(payload, 0, "B"), 1, [], []
    if version not in (1, 2):
        raise Unsupported(f"deflated: encoder version {version}")
    while at < len(payload):
        codec, size, payload_size, inner_memory = take(payload, at, "<H3I")
        need(codec != 2 and size >= 1, "deflated: wrong header of an inner block")
        if codec not in CODECS:
            raise Unsupported(f"deflated: codec {codec} of an inner block")
        headers.append((codec, size, inner_memory, *take(payload, at + 14, f"{payload_size}s")))
        at += 14 + payload_size
    need(headers and headers[0][1] <= 1 << 20, "deflated: no control, or too large")
    for codec, size, inner_memory, inner_payload in headers:
        inner.append(CODECS[codec](inner_payload, size, inner_memory))
        need(len(inner[-1]) == size, "deflated: wrong raw size of an inner block")
    runs, content, raw = list(deflated_runs(inner[0], version)), b"".join(inner[1:]), []
    sizes = [0] * (1 + max((lane for lane, _, _ in runs), default=0))
    for lane, size, _ in runs:
        sizes[lane] += size
    need(sum(sizes) == len(content), "deflated: the runs do not use up exactly the content")
    need(sum(size for _, size, stream in runs if stream) <= 1 << 27, "deflated: too much in streams")
    held = len(sizes) > 1
    need(not held or len(content) <= 1 << 26, "deflated: too much content in lanes")
    largest = max(((0 if held else size) + 1024 * kib for _, size, kib, _ in headers[1:]), default=0)
    largest += len(content) + 32 * len(sizes) if held else 0
    needed = headers[0][1] + max(1024 * headers[0][2], 983040 + largest)
    need(memory == (needed + 1023) // 1024, "deflated: wrong decode memory")
    used = [sum(sizes[:lane]) for lane in range(len(sizes))]
    for lane, size, stream in runs:
        data, used[lane] = content[used[lane]:used[lane] + size], used[lane] + size
        if not stream:
            raw.append(data)
            continue
        header, encoder, parameters, trailer, end, gaps = stream
        if trailer == 1:
            end = struct.pack("<2I", zlib.crc32(data), size)
        elif trailer == 2:
            end = struct.pack(">I", zlib.adler32(data))
        if encoder == LZF:
            coded = lzf(data, parameters[2] + 7)
        else:
            coded = deflate(data, encoder, *parameters)
        raw.append(with_gaps(header + coded + end, gaps))
    return b"".join(raw)


CODECS = {0: stored, 1: zstd, 2: deflated, 3: bwt, 5: tensor, 6: log, 8: cloud, 9: las, 10: array,
          14: lambda *payload: wavelet(*payload, CODECS)}
TENSOR = 5  # the one that may have a base


# ---- The container ----
MAGIC = b"\x89PTH\r\n\x1A\n"


def records(payload, layout):  # the last field of the layout is the size of the value behind it
    at = 0
    while at < len(payload):
        *fields, size = take(payload, at, layout)
        at += struct.calcsize(layout) + size
        yield *fields, *take(payload, at - size, f"{size}s")


def check_base(metadata, base):
    records_of_base = [value for tag, _, value in metadata if tag == 8]
    need(records_of_base, "there is no base record in front of the blocks")
    size, of_base = take(records_of_base[-1], 0, "<Q16s")
    if base is None:
        raise Unsupported("the file needs its base")
    if size != len(base) or of_base != xxh3(base)[1].to_bytes(16, "little"):
        raise Unsupported("the base is another one")


def decode_stream(data, start, base):
    """Decodes the stream at `start`; returns its content and where it ends."""
    magic, version, features, raw_log, memory_log, salt, crc = take(data, start, "<8s4B2I")
    need(magic == MAGIC, f"no stream header at byte {start}")
    need(crc == crc32c(data[start:start + 16]), "stream header: wrong CRC")
    if version > 1 or features > 1:
        raise Unsupported(f"version {version}, required features {features}")
    need(version == 1 and 12 <= raw_log <= 30 and memory_log <= 26, "stream header: out of range")
    at, raw_at, index_size = start + 20, 0, 0
    blocks, entries, metadata, names = [], [], [], dict(NOT_HERE)
    while data[at:at + 4] == b"\xF5PTB":
        (_, kind, segment, codec, raw_size, payload_size, raw_offset, raw_hash, memory,
         crc) = take(data, at, "<4s2BH2I2Q2I")
        need(crc ^ salt == crc32c(data[at:at + 36]), f"frame at byte {at}: wrong header CRC")
        if 6 <= kind <= 127:
            raise Unsupported(f"frame at byte {at}: kind {kind}")
        payload, crc = take(data, at + 40, f"<{payload_size}sI")
        need(crc == crc32c(payload), f"frame at byte {at}: wrong payload CRC")
        need(kind and not index_size, f"frame at byte {at}: kind 0, or behind the index")
        need(raw_offset == raw_at, f"frame at byte {at}: wrong raw offset")
        if kind == 1:
            if features and not blocks:
                check_base(metadata, base)
            need(1 <= raw_size <= 1 << raw_log and payload_size <= raw_size
                 and memory <= 1 << memory_log, f"frame at byte {at}: beyond a limit")
            blocks.append((codec, payload, raw_size, memory, raw_hash))
            raw_at += raw_size
        else:
            need((codec, segment, memory, raw_size, raw_hash)
                 == (0, 0, 0, payload_size, xxh3(payload)[0]), f"frame at byte {at}: wrong header")
        if kind in (2, 4):
            need(payload_size <= 1 << 20, f"frame at byte {at}: more than 1 MiB")
        if kind == 2:
            metadata += records(payload, "<2HI")
        elif kind == 3:
            need(payload == b"".join(entries), "the index does not say what the frame headers say")
            index_size = 44 + payload_size
        elif kind == 4:
            for of_codec, major, minor, name in records(payload, "<H3B"):
                names[of_codec] = f" ({name.decode(errors='replace')} of pith {major}.{minor})"
        entries.append(struct.pack("<2IH2BQ", payload_size, raw_size if kind == 1 else 0, codec,
                                   segment, 0, raw_hash))
        at += 44 + payload_size
    mark, trailer_index, total, stream_hash, size, crc, end = take(data, at, "<4sIQ16sQI4s")
    need(mark == b"\xF5PTE" and end == b"HTP\x89", f"neither a frame nor a trailer at byte {at}")
    need(crc ^ salt == crc32c(data[at:at + 40]), "trailer: wrong CRC")
    need(trailer_index == index_size, "trailer: wrong size of the index frame")
    need(total == raw_at and size == at + 48 - start, "trailer: wrong size")
    need(salt == (blocks[0][4] & M32 if blocks else 0), "wrong salt")
    unknown = [f"block {i} has codec {codec}" + names.get(codec, "")
               for i, (codec, *_) in enumerate(blocks) if codec not in CODECS]
    if unknown:
        raise Unsupported("; ".join(unknown))
    content = []
    for i, (codec, payload, raw_size, memory, raw_hash) in enumerate(blocks):
        more = (base,) if codec == TENSOR and features else ()
        content.append(CODECS[codec](payload, raw_size, memory, *more))
        need(len(content[-1]) == raw_size, f"block {i}: wrong raw size")
        need(xxh3(content[-1])[0] == raw_hash, f"block {i}: wrong raw hash")
    content = b"".join(content)
    need(stream_hash == xxh3(content)[1].to_bytes(16, "little"), "trailer: wrong content hash")
    for tag, _, value in metadata:
        need(len(value) == {2: 8, 3: 4, 5: 32, 7: 20, 8: 24}.get(tag, len(value)),
             f"metadata tag {tag}: wrong size")
        need(tag != 5 or value == hashlib.sha256(content).digest(), "metadata: wrong SHA-256")
    return content, at + 48


def decode(data, base=None):
    if base is not None and base[:8] == MAGIC:
        base = decode(base)
    content, at = decode_stream(data, 0, base)
    while at < len(data):
        if len(data) - at <= 65536 and not data[at:].strip(b"\0"):
            print(f"warning: {len(data) - at} NUL bytes behind the last stream", file=sys.stderr)
            break
        more, at = decode_stream(data, at, base)
        content += more
    return content


if __name__ == "__main__":
    try:
        files = [pathlib.Path(name).read_bytes() for name in sys.argv[1:3]]
        sys.stdout.buffer.write(decode(*files))
    except (Damaged, Unsupported) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        sys.exit(3 if isinstance(error, Damaged) else 4)
