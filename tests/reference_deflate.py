"""The deflate encoder of docs/codecs/deflated.md, for the reference decoder."""
import bisect
import collections


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
ZLIB, GZIP, PIGZ, LZF = range(4)
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


def lzf(data, hash_bits):
    table, out, literals, p, n = {}, bytearray(), bytearray(), 0, len(data)

    def slot(i):
        v = data[i] << 16 | data[i + 1] << 8 | data[i + 2]
        return (v >> 24 - hash_bits) - v & (1 << hash_bits) - 1

    def flush():
        for i in range(0, len(literals), 32):
            out.append(len(literals[i:i + 32]) - 1)
            out.extend(literals[i:i + 32])
        literals.clear()

    while p + 2 < n:
        here = slot(p)
        r, table[here] = table.get(here, 0), p
        if not (0 < r < p and p - r <= 8192 and data[r:r + 3] == data[p:p + 3]):
            literals.append(data[p])
            p += 1
            continue
        length, distance = 3, p - r - 1
        while length < min(n - p - 2, 264) and data[r + length] == data[p + length]:
            length += 1
        flush()
        if length <= 8:
            out.append(length - 2 << 5 | distance >> 8)
        else:
            out += bytes((7 << 5 | distance >> 8, length - 9))
        out.append(distance & 255)
        p += length
        if p + 2 < n:
            table[slot(p - 1)] = p - 1
    literals += data[p:]
    flush()
    return bytes(out)
