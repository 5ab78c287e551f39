"""Reference decoder of .pith files: reference_decoder.py FILE.pith > raw

Written from docs/format.md and docs/codecs/ alone, for brevity and not for speed; it shares nothing
with the C++ sources. Exit status: 0 decoded, 3 damaged, 4 unsupported.
"""
import hashlib, struct, subprocess, sys

class Damaged(Exception): pass
class Unsupported(Exception): pass

def need(condition, message):
    if not condition:
        raise Damaged(message)

def number(data, at, size): return int.from_bytes(data[at:at + size], "little")
def words(data, at, count): return struct.unpack_from(f"<{count}Q", data, at)

# ---- CRC-32C, and XXH3 as in the xxHash specification with seed 0 and the default secret ----
CRC_TABLE = range(256)
for _ in range(8):
    CRC_TABLE = [c >> 1 ^ (c & 1) * 0x82F63B78 for c in CRC_TABLE]  # 0x1EDC6F41, its bits reflected
M32, M64 = 2**32 - 1, 2**64 - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5, MX1, MX2 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5, 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")

def crc32c(data):
    crc = M32
    for byte in data:
        crc = CRC_TABLE[crc & 255 ^ byte] ^ crc >> 8
    return crc ^ M32

def swap(x, size): return int.from_bytes(x.to_bytes(size, "little"), "big")
def rotate(x, by, bits=64): return (x << by | x >> bits - by) & 2**bits - 1
def key(at, size=8): return number(SECRET, at, size) ^ number(SECRET, at + size, size)
def fold(a, b): return a * b & M64 ^ a * b >> 64
def shift_xor(x, by): return x & M64 ^ (x & M64) >> by
def avalanche(x): return shift_xor(shift_xor(x, 37) * MX1, 32)
def avalanche_xxh64(x): return shift_xor(shift_xor(shift_xor(x, 33) * P2, 29) * P3, 32)

def mix(data, at, key_at):
    return fold(*map(int.__xor__, words(data, at, 2), words(SECRET, key_at, 2)))

def accumulate(acc, block, secret):  # lane by lane: the order of the additions does not matter
    for i in range(8):
        values = map(int.__xor__, block[i::8], secret[i:])
        acc[i] = acc[i] + sum(block[i ^ 1::8]) + sum([(v & M32) * (v >> 32) for v in values]) & M64

def merge(acc, start, key_at):
    keyed = list(map(int.__xor__, acc, words(SECRET, key_at, 8)))
    return avalanche(start + sum(map(fold, keyed[::2], keyed[1::2])))

def xxh3(data):  # (XXH3-64, XXH3-128)
    size = len(data)
    if size == 0:
        short, low, high = (avalanche_xxh64(key(at)) for at in (56, 64, 80))
    elif size <= 3:
        x = data[-1] | size << 8 | data[0] << 16 | data[size >> 1] << 24
        short = low = avalanche_xxh64(key(0, 4) ^ x)
        high = avalanche_xxh64(key(8, 4) ^ rotate(swap(x, 4), 13, 32))
    elif size <= 8:
        first, last = number(data, 0, 4), number(data, size - 4, 4)
        x = key(8) ^ (last | first << 32)
        x = (x ^ rotate(x, 49) ^ rotate(x, 24)) * MX2 & M64
        short = shift_xor((x ^ (x >> 35) + size) * MX2, 28)
        x = (key(16) ^ (first | last << 32)) * (P1 + 4 * size)
        high = (x >> 64) + 2 * x & M64
        low, high = shift_xor(shift_xor(x ^ high >> 3, 35) * MX2, 28), avalanche(high)
    elif size <= 16:
        first, last = number(data, 0, 8), number(data, size - 8, 8)
        x, y = key(24) ^ first, key(40) ^ last
        short = avalanche(size + swap(x, 8) + y + fold(x, y))
        x, y = (key(32) ^ first ^ last) * P1, key(48) ^ last
        high = (x >> 64) + y + (y & M32) * (P32_2 - 1) & M64
        x = (x + (size - 1 << 54) & M64 ^ swap(high, 8)) * P2
        low, high = avalanche(x), avalanche((x >> 64) + high * P2)
    elif size <= 240:
        if size <= 128:  # chunks from both ends towards the middle
            pairs = [(16 * i, size - 16 - 16 * i, 32 * i) for i in reversed(range((size + 31) // 32))]
            short = size * P1 + sum(mix(data, i, k) + mix(data, j, k + 16) for i, j, k in pairs)
        else:
            pairs = [(at, at + 16, at if at < 128 else at - 125) for at in range(0, size - 31, 32)]
            pairs.append((size - 16, size - 32, 103))
            short = avalanche(size * P1 + sum(mix(data, at, at) for at in range(0, 128, 16)))
            short += sum(mix(data, at, at - 125) for at in range(128, size - 15, 16)) + mix(data, size - 16, 119)
        short, a, b = avalanche(short), size * P1, 0
        for i, (at1, at2, k) in enumerate(pairs):
            if size > 128 and i == 4:
                a, b = avalanche(a), avalanche(b)
            a = a + mix(data, at1, k) & M64 ^ sum(words(data, at2, 2)) & M64
            b = b + mix(data, at2, k + 16) & M64 ^ sum(words(data, at1, 2)) & M64
        low, high = avalanche(a + b), -avalanche(a * P1 + b * P4 + size * P2) & M64
    else:
        acc, secret = [P32_3, P1, P2, P3, P4, P32_2, P5, P32_1], words(SECRET, 0, 24)
        for at in range(0, size - 1, 1024):  # stripe n of a block takes the secret's words n to n + 7
            accumulate(acc, words(data, at, 8 * min(16, (size - at - 1) // 64)), secret)
            if size - at > 1024:
                acc = [(a ^ a >> 47 ^ k) * P32_1 & M64 for a, k in zip(acc, secret[16:])]
        accumulate(acc, words(data, size - 64, 8), words(SECRET, 121, 8))
        short = low = merge(acc, size * P1, 11)
        high = merge(acc, ~(size * P2), 117)
    return short, high << 64 | low

# ---- Codecs: (payload, raw size, declared decode memory in KiB) -> raw ----
def stored(payload, raw_size, memory):
    need(memory == 0, "stored: decode memory is not 0")
    return payload

def zstd(payload, raw_size, memory):
    need(memory == 256 and len(payload) >= 5 and payload[:4] == b"\x28\xB5\x2F\xFD", "zstd: wrong memory or magic")
    single, field = payload[4] >> 5 & 1, payload[4] >> 6  # the frame header descriptor of RFC 8878
    need(payload[4] & 15 == 0 and (single or field), "zstd: checksum, dictionary or no content size")
    at, last = 6 - single + (1 << field), 0
    need(number(payload, 6 - single, 1 << field) + 256 * (field == 1) == raw_size, "zstd: wrong content size")
    while not last:  # over the blocks, to see that nothing stands behind the frame
        need(at + 3 <= len(payload), "zstd: truncated")
        block = number(payload, at, 3)
        last, at = block & 1, at + 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
    need(at == len(payload), "zstd: the payload is not exactly one frame")
    run = subprocess.run(["zstd", "-dcq", "--long=31"], input=payload, capture_output=True)
    need(run.returncode == 0, "zstd: " + run.stderr.decode(errors="replace").strip())
    return run.stdout

CODECS = {0: stored, 1: zstd}

# ---- The container ----
def take(data, at, layout):
    need(at + struct.calcsize(layout) <= len(data), f"truncated at byte {len(data)}")
    return struct.unpack_from(layout, data, at)

def records(payload, layout):  # the size of the value is the last field before it
    at = 0
    while at < len(payload):
        *fields, size = take(payload, at, layout)
        at += struct.calcsize(layout) + size
        yield *fields, take(payload, at - size, f"{size}s")[0]

def decode_stream(data, start):  # (content, where the stream ends)
    magic, version, features, block_bits, memory_bits, salt, crc = take(data, start, "<8s4B2I")
    need(magic == b"\x89PTH\r\n\x1A\n", f"no stream header at byte {start}")
    need(crc == crc32c(data[start:start + 16]), "stream header: wrong CRC")
    if version > 1 or features:
        raise Unsupported(f"version {version}, required features {features}")
    need(version == 1 and 12 <= block_bits <= 30 and memory_bits <= 26, "stream header: value out of range")
    at, raw_at, blocks, entries, metadata, names, index_size = start + 20, 0, [], [], [], {}, 0
    while data[at:at + 4] == b"\xF5PTB":
        _, kind, segment, codec, raw_size, size, offset, raw_hash, memory, crc = take(data, at, "<4s2BH2I2Q2I")
        need(crc ^ salt == crc32c(data[at:at + 36]), f"frame at byte {at}: wrong header CRC")
        if 6 <= kind <= 127:
            raise Unsupported(f"frame at byte {at}: kind {kind}")
        payload, crc = take(data, at + 40, f"<{size}sI")
        need(crc == crc32c(payload), f"frame at byte {at}: wrong payload CRC")
        need(kind and offset == raw_at and not index_size, f"frame at byte {at}: wrong kind, offset or order")
        if kind == 1:
            need(1 <= raw_size <= 1 << block_bits and size <= raw_size and memory <= 1 << memory_bits,
                 f"block at byte {at}: beyond a limit")
            blocks.append((codec, payload, raw_size, raw_hash, memory))
            raw_at += raw_size
        else:
            need((codec, segment, memory, raw_size, raw_hash) == (0, 0, 0, size, xxh3(payload)[0]) and
                 (kind not in (2, 4) or size <= 1 << 20), f"frame at byte {at}: wrong value for its kind")
        if kind == 2:
            metadata += records(payload, "<2HI")
        elif kind == 3:
            need(payload == b"".join(entries), "the index and the frame headers differ")
            index_size = 44 + size
        elif kind == 4:
            names.update((codec, f" ({name.decode(errors='replace')}, pith {major}.{minor})")
                         for codec, major, minor, name in records(payload, "<H3B"))
        entries.append(struct.pack("<2IH2BQ", size, raw_size * (kind == 1), codec, segment, 0, raw_hash))
        at += 44 + size
    mark, index, total, content_hash, stream_size, crc, end = take(data, at, "<4sIQ16sQI4s")
    need(mark == b"\xF5PTE" and end == b"HTP\x89", f"neither a frame nor a trailer at byte {at}")
    need(crc ^ salt == crc32c(data[at:at + 40]), "trailer: wrong CRC")
    need((index, total, stream_size) == (index_size, raw_at, at + 48 - start), "trailer: wrong size")
    need(salt == (blocks[0][3] & M32 if blocks else 0), "wrong salt")
    unknown = [f"block {i}: codec {b[0]}{names.get(b[0], '')}" for i, b in enumerate(blocks) if b[0] not in CODECS]
    if unknown:
        raise Unsupported(", ".join(unknown))
    content = b""
    for i, (codec, payload, raw_size, raw_hash, memory) in enumerate(blocks):
        raw = CODECS[codec](payload, raw_size, memory)
        need(len(raw) == raw_size and xxh3(raw)[0] == raw_hash, f"block {i}: wrong content")
        content += raw
    need(content_hash == xxh3(content)[1].to_bytes(16, "little"), "trailer: wrong content hash")
    for tag, _, value in metadata:
        need(len(value) == {2: 8, 3: 4, 5: 32, 7: 20}.get(tag, len(value)), f"metadata tag {tag}: wrong size")
        need(tag != 5 or value == hashlib.sha256(content).digest(), "metadata: wrong SHA-256")
    return content, at + 48

def decode(data):
    content, at = decode_stream(data, 0)
    while at < len(data):
        if len(data) - at <= 65536 and not data[at:].strip(b"\0"):
            print(f"warning: {len(data) - at} NUL bytes behind the last stream", file=sys.stderr)
            break
        part, at = decode_stream(data, at)
        content += part
    return content

if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            sys.stdout.buffer.write(decode(file.read()))
    except (Damaged, Unsupported) as error:
        sys.stderr.write(f"{sys.argv[1]}: {error}\n")
        sys.exit(3 if isinstance(error, Damaged) else 4)
