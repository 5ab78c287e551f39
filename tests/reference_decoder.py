"""Reference decoder of .pith files: reference_decoder.py FILE.pith > raw

Written from docs/format.md and docs/codecs/ alone, to be short and not to be quick; it shares
nothing with the C++ sources. Exit status: 0 decoded, 3 damaged, 4 unsupported.
"""
import bisect
import collections
import hashlib
import struct
import subprocess
import sys
import zlib


class Damaged(Exception):
    pass


class Unsupported(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Damaged(message)


# ---- CRC-32C, and XXH3 as in the xxHash specification, with seed 0 and the default secret ----
CRC_TABLE = range(256)
for _ in range(8):
    CRC_TABLE = [c >> 1 ^ (c & 1) * 0x82F63B78 for c in CRC_TABLE]  # 0x1EDC6F41, its bits reflected
M32, M64 = 2**32 - 1, 2**64 - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4, PRIME64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PRIME_MX1, PRIME_MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578"
    "825ad07dccff7221b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea3"
    "71644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931"
    "c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def crc32c(data):
    crc = M32
    for byte in data:
        crc = CRC_TABLE[crc & 255 ^ byte] ^ crc >> 8
    return crc ^ M32


def number(data, at, size):
    return int.from_bytes(data[at:at + size], "little")


def words(data, at, count):
    return struct.unpack_from(f"<{count}Q", data, at)


def keys(at, size=8):  # two neighbouring words of the secret are mostly used together
    return number(SECRET, at, size) ^ number(SECRET, at + size, size)


def byte_swap(x, size):
    return int.from_bytes(x.to_bytes(size, "little"), "big")


def rotate(x, by, size=64):
    return (x << by | x >> size - by) & 2**size - 1


def shift_xor(x, by):
    return x & M64 ^ (x & M64) >> by


def avalanche(x):
    return shift_xor(shift_xor(x, 37) * PRIME_MX1, 32)


def avalanche_xxh64(x):
    return shift_xor(shift_xor(shift_xor(x, 33) * PRIME64_2, 29) * PRIME64_3, 32)


def multiply_fold(a, b):
    return a * b & M64 ^ a * b >> 64


def mix_step(data, at, key_at):
    return multiply_fold(*map(int.__xor__, words(data, at, 2), words(SECRET, key_at, 2)))


def accumulate(acc, stripes, secret):  # lane by lane; stripe n takes the words n to n + 7 of secret
    for i in range(8):
        values = map(int.__xor__, stripes[i::8], secret[i:])
        products = sum([(v & M32) * (v >> 32) for v in values])
        acc[i] = acc[i] + sum(stripes[i ^ 1::8]) + products & M64


def final_merge(acc, start, key_at):
    keyed = [*map(int.__xor__, acc, words(SECRET, key_at, 8))]
    return avalanche(start + sum(map(multiply_fold, keyed[::2], keyed[1::2])))


def xxh3(data):
    """(XXH3-64, XXH3-128), the latter as one number"""
    size = len(data)
    if size == 0:
        short, low, high = (avalanche_xxh64(keys(at)) for at in (56, 64, 80))
    elif size <= 3:
        x = data[-1] | size << 8 | data[0] << 16 | data[size >> 1] << 24
        short = low = avalanche_xxh64(keys(0, 4) ^ x)
        high = avalanche_xxh64(keys(8, 4) ^ rotate(byte_swap(x, 4), 13, 32))
    elif size <= 8:
        first, last = number(data, 0, 4), number(data, size - 4, 4)
        x = keys(8) ^ (last | first << 32)
        x = (x ^ rotate(x, 49) ^ rotate(x, 24)) * PRIME_MX2 & M64
        short = shift_xor((x ^ (x >> 35) + size) * PRIME_MX2, 28)
        x = (keys(16) ^ (first | last << 32)) * (PRIME64_1 + 4 * size)
        high = (x >> 64) + 2 * x & M64
        low, high = shift_xor(shift_xor(x ^ high >> 3, 35) * PRIME_MX2, 28), avalanche(high)
    elif size <= 16:
        first, last = number(data, 0, 8), number(data, size - 8, 8)
        x, y = keys(24) ^ first, keys(40) ^ last
        short = avalanche(size + byte_swap(x, 8) + y + multiply_fold(x, y))
        x, y = (keys(32) ^ first ^ last) * PRIME64_1, keys(48) ^ last
        high = (x >> 64) + y + (y & M32) * (PRIME32_2 - 1) & M64
        x = (x + (size - 1 << 54) & M64 ^ byte_swap(high, 8)) * PRIME64_2
        low, high = avalanche(x), avalanche((x >> 64) + high * PRIME64_2)
    elif size <= 240:
        short = a = size * PRIME64_1
        b = 0
        if size <= 128:  # chunks from both ends towards the middle
            rounds = reversed(range((size + 31) // 32))
            pairs = [(16 * i, size - 16 - 16 * i, 32 * i) for i in rounds]
            short += sum(mix_step(data, i, k) + mix_step(data, j, k + 16) for i, j, k in pairs)
        else:
            pairs = [(i, i + 16, i if i < 128 else i - 125) for i in range(0, size - 31, 32)]
            pairs.append((size - 16, size - 32, 103))
            short = avalanche(short + sum(mix_step(data, i, i) for i in range(0, 128, 16)))
            short += sum(mix_step(data, i, i - 125) for i in range(128, size - 15, 16))
            short += mix_step(data, size - 16, 119)
        for n, (i, j, k) in enumerate(pairs):
            if size > 128 and n == 4:
                a, b = avalanche(a), avalanche(b)
            a = a + mix_step(data, i, k) & M64 ^ sum(words(data, j, 2)) & M64
            b = b + mix_step(data, j, k + 16) & M64 ^ sum(words(data, i, 2)) & M64
        short, low = avalanche(short), avalanche(a + b)
        high = -avalanche(a * PRIME64_1 + b * PRIME64_4 + size * PRIME64_2) & M64
    else:
        acc = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3,
               PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
        secret = words(SECRET, 0, 24)
        for at in range(0, size - 1, 1024):
            accumulate(acc, words(data, at, 8 * min(16, (size - at - 1) // 64)), secret)
            if size - at > 1024:
                acc = [(a ^ a >> 47 ^ k) * PRIME32_1 & M64 for a, k in zip(acc, secret[16:])]
        accumulate(acc, words(data, size - 64, 8), words(SECRET, 121, 8))
        short = low = final_merge(acc, size * PRIME64_1, 11)
        high = final_merge(acc, ~(size * PRIME64_2), 117)
    return short, high << 64 | low


# ---- The deflate encoder of docs/codecs/deflated.md. Bits are gathered as text of 0 and 1 ----
LEVELS = (None, (4, 4, 8, 4), (4, 5, 16, 8), (4, 6, 32, 32), (4, 4, 16, 16), (8, 16, 32, 32),
          (8, 16, 128, 128), (8, 32, 128, 256), (32, 128, 258, 1024), (32, 258, 258, 4096))
# The tables of RFC 1951, 3.2.5 to 3.2.7
LENGTH_EXTRA = [max(0, i // 4 - 1) for i in range(28)] + [0]
LENGTH_BASE = [3 + sum(1 << extra for extra in LENGTH_EXTRA[:i]) for i in range(28)] + [258]
DISTANCE_EXTRA = [max(0, i // 2 - 1) for i in range(30)]
DISTANCE_BASE = [1 + sum(1 << extra for extra in DISTANCE_EXTRA[:i]) for i in range(30)]
FIXED_LENGTHS = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8, [5] * 30
LENGTHS_ORDER = 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
ZLIB, GZIP, PIGZ = 0, 1, 2
DEFAULT, FILTERED, HUFFMAN_ONLY, RUN_LENGTH, FIXED = range(5)


def bits(value, count):
    return f"{value:0{count}b}"[::-1] if count else ""


def base_index(base, value):
    return bisect.bisect_right(base, value) - 1


def search(data, before, encoder, strategy, level, memory_level, window_bits):
    """Yields for each block: its tokens; its bytes, or None if they have left the window; whether
    it is the last. A token is (1, literal) or (length, distance). `before` is pigz's W bytes.

    Positions count from the first window on and are not lowered when the window moves; `base` is
    where it begins. So a position that the page calls 0 is one that is not above `base`."""
    good, lazy, nice, chain = LEVELS[level]
    gzip, lazily = encoder == GZIP, level > 3 and strategy not in (HUFFMAN_ONLY, RUN_LENGTH)
    W, hash_size, S = 1 << window_bits, 1 << memory_level + 7, (memory_level + 9) // 3
    M, T = W - 262, 32767 if gzip else (1 << memory_level + 6) - 1
    w, end = before + data, len(before) + len(data)
    if gzip:  # behind two zeros the window holds what was there one window earlier
        w += bytes(2) + bytes(w[i - W] if i >= 2 * W else 0 for i in range(end + 2, end + 262))
    w += bytes(262)
    p = b = filled = len(before)
    covered = p  # where the tokens so far end: at p, or at p - 1 if a byte is pending
    base, met_end, n, start = 0, False, 2, 0
    head, prev, tokens = [0] * hash_size, [0] * W, []

    def look_ahead(wanted):  # of its effects, only the moves of the window can be seen
        nonlocal base, filled, met_end
        while filled - p < wanted and not (gzip and met_end):
            if p - base >= W + M:
                base += W
            if met_end:
                break
            met_end, filled, wanted = filled == end, min(end, base + 2 * W), 262

    def enter(i):
        key = (w[i] << 2 * S ^ w[i + 1] << S ^ w[i + 2]) % hash_size
        prev[i % W], head[key] = head[key], i
        return prev[i % W]

    def longest_match(c, n):
        nonlocal start
        limit, enough = max(p - M, base), nice if gzip else min(nice, end - p)
        for _ in range(chain // 4 if n >= good else chain):
            if w[c:c + n + 1] == w[p:p + n + 1]:
                start, n = c, next((i for i in range(n, 258) if w[c + i] != w[p + i]), 258)
                if n >= enough:
                    break
            c = prev[c % W]
            if c <= limit:
                break
        return min(n, end - p)

    if before:
        look_ahead(262)
        for i in range(min(W, end - 2)):
            enter(i)
    while True:
        look_ahead({HUFFMAN_ONLY: 1, RUN_LENGTH: 259}.get(strategy, 262))
        if p == end:
            break
        match, entered = None, ()  # the match is (length, distance); it begins at `covered`
        if strategy == RUN_LENGTH:
            most = min(258, end - p) if p else 0
            n = next((i for i in range(most) if w[p + i] != w[p - 1]), most)
            match = (n, 1) if n >= 3 else None
        elif strategy != HUFFMAN_ONLY:
            c = enter(p) if gzip or end - p >= 3 else 0
            searchable = c > base and p - c <= M and not (gzip and p - base > 2 * W - 262)
            if lazily:
                last_n, last_start, n = n, start, 2
                if last_n < lazy and searchable:
                    n = longest_match(c, last_n)
                    if n == 3 and p - start > 4096 or n <= 5 and strategy == FILTERED:
                        n = 2
                if last_n >= 3 and n <= last_n:
                    match, n = (last_n, p - 1 - last_start), 2
                    after = covered + last_n
                    entered = range(p + 1, after if gzip else min(after, end - 2))
            else:
                n = longest_match(c, 2) if searchable else 0
                match = (n, p - start) if n >= 3 else None
                if match and n <= lazy and (gzip or end - p - n >= 3):
                    entered = range(p + 1, p + n)
            for i in entered:
                enter(i)
        if match or not lazily or covered < p:
            tokens.append(match or (1, w[covered]))
            covered += tokens[-1][0]
            full = len(tokens) == T
            if gzip and level > 2 and len(tokens) % 4096 == 0:
                distances = [distance for length, distance in tokens if length > 1]
                extra = sum(5 + DISTANCE_EXTRA[base_index(DISTANCE_BASE, d)] for d in distances)
                full |= (2 * len(distances) < len(tokens)
                         and (8 * len(tokens) + extra) // 8 < (p - b) // 2)
            if full:
                yield tokens, w[b:covered] if b >= base else None, False
                b, tokens = covered, []
        p = covered if match else p + 1
    if covered < end:
        tokens.append((1, w[covered]))
    yield tokens, w[b:end] if b >= base else None, True


def code_lengths(frequencies, limit):
    nodes = {s: (frequency, 0) for s, frequency in enumerate(frequencies) if frequency}  # and depth
    while len(nodes) < 2:
        largest = max(nodes, default=-1)
        nodes[largest + 1 if largest < 2 else 0] = 1, 0
    heap, noted, parent = [None, *nodes], [], {}

    def sift(i):
        while 2 * i < len(heap):
            child = 2 * i
            if child + 1 < len(heap) and nodes[heap[child + 1]] <= nodes[heap[child]]:
                child += 1
            if nodes[heap[i]] <= nodes[heap[child]]:
                break
            heap[i], heap[child], i = heap[child], heap[i], child

    for i in range(len(heap) // 2, 0, -1):
        sift(i)
    while len(heap) > 2:
        x, heap[1] = heap[1], heap[-1]
        heap.pop()
        sift(1)
        y, new = heap[1], len(frequencies) + len(noted)
        nodes[new] = nodes[x][0] + nodes[y][0], max(nodes[x][1], nodes[y][1]) + 1
        parent[x] = parent[y] = heap[1] = new
        sift(1)
        noted += x, y
    lengths, o = {heap[1]: 0}, 0
    for node in reversed(noted):
        o += lengths[parent[node]] == limit
        lengths[node] = min(lengths[parent[node]] + 1, limit)
    if o:
        leaves = [node for node in noted if node < len(frequencies)]
        c = collections.Counter(lengths[leaf] for leaf in leaves)
        while o > 0:
            length = max(length for length in c if length < limit and c[length] > 0)
            c.subtract([length, limit])
            c.update([length + 1, length + 1])
            o -= 2
        descending = sorted(c.elements(), reverse=True)
        lengths.update(zip(leaves, descending))
    return [lengths.get(s, 0) for s in range(len(frequencies))]


def huffman_codes(lengths):
    codes, code = {}, 0
    for length in range(1, 16):
        code *= 2
        for symbol in (s for s, of_symbol in enumerate(lengths) if of_symbol == length):
            codes[symbol] = f"{code:0{length}b}"
            code += 1
    return codes


def runs(lengths):
    """Yields (symbol, extra bits) of a dynamic header."""
    at, before = 0, None
    while at < len(lengths):
        length, n = lengths[at], 1
        most = 138 if length == 0 else 6 if length == before else 7
        while n < most and lengths[at + n:at + n + 1] == [length]:
            n += 1
        at += n
        if length and length != before and n >= 4:
            yield length, ""
            n, before = n - 1, length
        if n < 3 or length and length != before:
            yield from [(length, "")] * n
        elif length:
            yield 16, bits(n - 3, 2)
        else:
            yield (17, bits(n - 3, 3)) if n < 11 else (18, bits(n - 11, 7))
        before = length


def write_stored(output, raw, final):
    output.append(final + "00")
    output.append("0" * (-sum(map(len, output)) % 8))
    output.append(bits(len(raw), 16) + bits(len(raw) ^ 65535, 16))
    output.append(bits(int.from_bytes(raw, "little"), 8 * len(raw)))


def write_block(output, tokens, raw, final, strategy):
    parts = []  # (alphabet, symbol, extra bits)
    for length, value in tokens:
        if length == 1:
            parts.append((0, value, ""))
        else:
            i, j = base_index(LENGTH_BASE, length), base_index(DISTANCE_BASE, value)
            parts.append((0, 257 + i, bits(length - LENGTH_BASE[i], LENGTH_EXTRA[i])))
            parts.append((1, j, bits(value - DISTANCE_BASE[j], DISTANCE_EXTRA[j])))
    parts.append((0, 256, ""))

    def coded(lengths):
        codes = [huffman_codes(of_alphabet) for of_alphabet in lengths]
        return "".join(codes[alphabet][symbol] + extra for alphabet, symbol, extra in parts)

    frequencies = [0] * 286, [0] * 30
    for alphabet, symbol, _ in parts:
        frequencies[alphabet][symbol] += 1
    lengths = [code_lengths(of_alphabet, 15) for of_alphabet in frequencies]
    for of_alphabet in lengths:  # only those up to the largest symbol with a code are sent
        while not of_alphabet[-1]:
            of_alphabet.pop()
    sent = [*runs(lengths[0]), *runs(lengths[1])]
    length_lengths = code_lengths([sum(s == symbol for s, _ in sent) for symbol in range(19)], 7)
    count = max(4, 1 + max(i for i in range(19) if length_lengths[LENGTHS_ORDER[i]]))
    codes = huffman_codes(length_lengths)
    dynamic = bits(len(lengths[0]) - 257, 5) + bits(len(lengths[1]) - 1, 5) + bits(count - 4, 4)
    dynamic += "".join(bits(length_lengths[symbol], 3) for symbol in LENGTHS_ORDER[:count])
    dynamic += "".join(codes[symbol] + extra for symbol, extra in sent) + coded(lengths)
    fixed = coded(FIXED_LENGTHS)
    fixed_size, best_size = (len(fixed) + 3 + 7) // 8, (len(dynamic) + 3 + 7) // 8
    kind, best = bits(2, 2), dynamic
    if fixed_size <= best_size or strategy == FIXED:
        kind, best, best_size = bits(1, 2), fixed, fixed_size
    if raw is not None and len(raw) + 4 <= best_size and len(raw) <= 65535:
        write_stored(output, raw, final)
    else:
        output.append(final + kind + best)


def deflate(data, encoder, *parameters):
    output, chunk = [], 1 << 17 if encoder == PIGZ else max(len(data), 1)
    for at in range(0, max(len(data), 1), chunk):
        last = at + chunk >= len(data)
        before = data[max(at - 32768, 0):at]
        for tokens, raw, ends in search(data[at:at + chunk], before, encoder, *parameters):
            if tokens or last:
                write_block(output, tokens, raw, bits(ends and last, 1), parameters[0])
        if not last:  # pigz brings each chunk to a whole byte
            used = sum(map(len, output))
            if used % 2:
                write_stored(output, b"", "0")
            while used % 2 == 0 and used % 8:
                output.append("0" + bits(1, 2) + "0000000")
                used += 10
    text = "".join(output)
    return int(text[::-1], 2).to_bytes((len(text) + 7) // 8, "little")


# ---- Codecs: (payload, raw size, declared decode memory in KiB) -> raw ----
def take(data, at, layout):
    need(at + struct.calcsize(layout) <= len(data), f"truncated at byte {len(data)}")
    return struct.unpack_from(layout, data, at)


def stored(payload, raw_size, memory):
    need(memory == 0, "stored: wrong decode memory")
    return payload


def zstd(payload, raw_size, memory):
    need(memory == 256, "zstd: wrong decode memory")
    magic, descriptor = take(payload, 0, "<IB")  # the frame header of RFC 8878
    single, size_code = descriptor >> 5 & 1, descriptor >> 6
    need(magic == 0xFD2FB528, "zstd: no Zstandard frame of the standard format")
    need(descriptor & 15 == 0 and (single or size_code), "zstd: checksum, dictionary or no size")
    at, field = 6 - single, 1 << size_code
    content_size = number(payload, at, field) + (256 if field == 2 else 0)
    need(content_size == raw_size, "zstd: the content size is not the raw size")
    at, last = at + field, 0
    while not last:  # over the blocks, to see that nothing stands behind the frame
        header = number(take(payload, at, "3s")[0], 0, 3)
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        at += 3 + (1 if kind == 1 else size)
    need(at == len(payload), "zstd: the payload is not exactly one frame")
    run = subprocess.run(["zstd", "-dcq", "--long=31"], input=payload, capture_output=True)
    need(run.returncode == 0, "zstd: " + run.stderr.decode(errors="replace").strip())
    return run.stdout


def deflated(payload, raw_size, memory):
    version, at, headers, inner = *take(payload, 0, "B"), 1, [], []
    if version != 1:
        raise Unsupported(f"deflated: encoder version {version}")
    while at < len(payload):
        codec, size, payload_size, inner_memory = take(payload, at, "<H3I")
        need(codec != 2 and size >= 1, "deflated: wrong header of an inner block")
        if codec not in CODECS:
            raise Unsupported(f"deflated: codec {codec} of an inner block")
        headers.append((codec, size, inner_memory, *take(payload, at + 14, f"{payload_size}s")))
        at += 14 + payload_size
    need(headers and headers[0][1] <= 1 << 20, "deflated: no control, or too large")
    largest = max((size + 1024 * kib for _, size, kib, _ in headers[1:]), default=0)
    needed = headers[0][1] + max(1024 * headers[0][2], 983040 + largest)
    need(memory == (needed + 1023) // 1024, "deflated: wrong decode memory")
    for codec, size, inner_memory, inner_payload in headers:
        inner.append(CODECS[codec](inner_payload, size, inner_memory))
        need(len(inner[-1]) == size, "deflated: wrong raw size of an inner block")
    control, content, raw = inner[0], b"".join(inner[1:]), []
    at = used = inflated = 0
    while at < len(control):
        if control[at] == 0:
            size, = take(control, at + 1, "<I")
            raw.append(content[used:used + size])
            at, used = at + 5, used + size
            continue
        kind, encoder, *parameters, size, trailer, header_size = take(control, at, "<6BIBH")
        strategy, level, memory_level, window_bits = parameters
        need(kind == 1 and encoder <= 2 and strategy <= 4 and trailer <= 2 and 1 <= level <= 9
             and 1 <= memory_level <= 9 and 9 <= window_bits <= 15, "deflated: out of range")
        need(encoder == ZLIB or (strategy, memory_level, window_bits) == (DEFAULT, 8, 15),
             "deflated: wrong parameters for gzip or pigz")
        data, used, inflated = content[used:used + size], used + size, inflated + size
        need(used <= len(content) and inflated <= 1 << 27, "deflated: too much content in streams")
        raw.append(take(control, at + 13, f"{header_size}s")[0])
        raw.append(deflate(data, encoder, *parameters))
        at += 13 + header_size
        if trailer == 0:
            size, = take(control, at, "<H")
            raw += take(control, at + 2, f"{size}s")
            at += 2 + size
        elif trailer == 1:
            raw.append(struct.pack("<2I", zlib.crc32(data), size))
        else:
            raw.append(struct.pack(">I", zlib.adler32(data)))
    need(used == len(content), "deflated: the runs do not use up exactly the content")
    return b"".join(raw)


CODECS = {0: stored, 1: zstd, 2: deflated}


# ---- The container ----
def records(payload, layout):  # the last field of the layout is the size of the value behind it
    at = 0
    while at < len(payload):
        *fields, size = take(payload, at, layout)
        at += struct.calcsize(layout) + size
        yield *fields, *take(payload, at - size, f"{size}s")


def decode_stream(data, start):
    """Decodes the stream at `start`; returns its content and where it ends."""
    magic, version, features, raw_log, memory_log, salt, crc = take(data, start, "<8s4B2I")
    need(magic == b"\x89PTH\r\n\x1A\n", f"no stream header at byte {start}")
    need(crc == crc32c(data[start:start + 16]), "stream header: wrong CRC")
    if version > 1 or features:
        raise Unsupported(f"version {version}, required features {features}")
    need(version == 1 and 12 <= raw_log <= 30 and memory_log <= 26, "stream header: out of range")
    at, raw_at, index_size = start + 20, 0, 0
    blocks, entries, metadata, names = [], [], [], {}
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
        content.append(CODECS[codec](payload, raw_size, memory))
        need(len(content[-1]) == raw_size, f"block {i}: wrong raw size")
        need(xxh3(content[-1])[0] == raw_hash, f"block {i}: wrong raw hash")
    content = b"".join(content)
    need(stream_hash == xxh3(content)[1].to_bytes(16, "little"), "trailer: wrong content hash")
    for tag, _, value in metadata:
        need(len(value) == {2: 8, 3: 4, 5: 32, 7: 20}.get(tag, len(value)),
             f"metadata tag {tag}: wrong size")
        need(tag != 5 or value == hashlib.sha256(content).digest(), "metadata: wrong SHA-256")
    return content, at + 48


def decode(data):
    content, at = decode_stream(data, 0)
    while at < len(data):
        if len(data) - at <= 65536 and not data[at:].strip(b"\0"):
            print(f"warning: {len(data) - at} NUL bytes behind the last stream", file=sys.stderr)
            break
        more, at = decode_stream(data, at)
        content += more
    return content


if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            sys.stdout.buffer.write(decode(file.read()))
    except (Damaged, Unsupported) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        sys.exit(3 if isinstance(error, Damaged) else 4)
