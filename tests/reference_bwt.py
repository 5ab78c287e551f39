"""The payload of the codec bwt, for the reference decoder: docs/codecs/bwt.md in Python."""
from reference_checks import M32, need, number
from reference_coders import BinaryDecoder
from reference_transforms import undo_transform

KNOTS = [22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743,
         32768, 40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374,
         65438, 65476, 65500, 65514]
LETTERS = b"aeioubcdgfhrlsmnpqjktwvxyz"


def log2(x):
    return x.bit_length() - 1


def clamp(x):
    return max(-2047, min(2047, x))


def squash(x):
    j, w = divmod(x + 2048, 128)
    return (KNOTS[j] * (128 - w) + KNOTS[j + 1] * w + 64) // 128


def make_stretch():  # the result for each floor(p / 16)
    table, x = [], -2047
    for p in range(4096):
        while x < 2047 and squash(x) // 16 < p:
            x += 1
        table.append(x)
    return table


STRETCH = make_stretch()
RATE = [655360 // (10 * n + 16) for n in range(1024)]


def learn(c, bit, limit):
    n = c & 1023
    step = (bit * M32 - c) * RATE[n] >> 16
    return (c + (step & ~1023) & M32) + (n < limit)


class Decision:
    """What the decisions of one kind have learnt; one input for each limit."""

    def __init__(self, coder, has_map, limits):
        self.coder, self.has_map, self.limits = coder, has_map, limits
        self.counters = [{} for _ in limits]  # by context and node
        self.weights, self.seen, self.maps = {}, {}, {}

    def bit(self, node, contexts, map_context):
        keys = [(context, node) for context in contexts]
        states = [counters.get(key, 1 << 31) for counters, key in zip(self.counters, keys)]
        inputs = [STRETCH[c >> 20] for c in states]
        weights = self.weights.setdefault(node, [78643 // len(inputs)] * len(inputs))
        t = clamp(sum(map(int.__mul__, inputs, weights)) >> 16)
        p = squash(t)
        if not self.has_map:
            bit = self.coder.bit(p)
        else:
            if map_context not in self.maps:
                self.maps[map_context] = [squash(clamp(-2048 + 128 * i)) for i in range(33)]
            knots = self.maps[map_context]
            j, w = divmod(t + 2048, 128)
            bit = self.coder.bit((p + (knots[j] * (128 - w) + knots[j + 1] * w) // 128) // 2)
            j += w >= 64
            knots[j] += 65535 * bit - knots[j] >> 6
        seen = self.seen.get(node, 0)
        self.seen[node] = seen + 1
        error = (65536 * bit - p) * (4 + 20000 // (1000 + 256 * min(79, seen // 256)))
        for i, (key, c, limit) in enumerate(zip(keys, states, self.limits)):
            weights[i] += inputs[i] * error + (1 << 17) >> 18
            self.counters[i][key] = learn(c, bit, limit)
        return bit


class PlainBits:
    """Bits with a counter each; v: the bits above them, 1 in front."""

    def __init__(self, coder):
        self.coder, self.counters = coder, {}

    def bit(self, x, v):
        if v >= 128:
            return self.coder.bit(32768)
        c = self.counters.get((x, v), 1 << 31)
        bit = self.coder.bit(max(32, min(65504, c >> 16)))
        self.counters[x, v] = learn(c, bit, 250)
        return bit


def log(v):
    x = log2(v)
    return 8 * x + (8 * v >> x) % 8


def average(a, v, rate):
    return a + (16 * min(63, log(v)) - a >> rate)


def rank_class(r):
    return r if r < 4 else min(7, log2(r) + 2)


def length_class(n):
    return n if n < 8 else min(15, log2(n) + 5)


class Symbol:
    """What the runs of one symbol were like."""

    def __init__(self):
        self.r1 = self.r2 = self.rl = self.l1 = 0
        self.ra = self.la = 64


class Runs:
    """Decodes lengths and ranks. s, d, e: the symbols at the places 0, 1 and 2 of the list."""

    def __init__(self, data, effort, alphabet_size):
        self.coder, self.alphabet_size = BinaryDecoder(data), alphabet_size
        self.symbols = [Symbol() for _ in range(alphabet_size)]
        self.gr1 = self.gl1 = self.gl2 = 0
        self.gra = 64

        def decision(*limits):
            return Decision(self.coder, effort >= 3, limits)

        limit = 10 if effort == 4 else 100
        self.mixed_bits = 6 if effort >= 3 else 1
        self.length_start = decision(*[12, *[limit] * 5][:(3, 5, 6, 6)[effort - 1]])
        self.length_rest = decision(12, limit, limit)
        self.length_plain = PlainBits(self.coder)
        self.rank_start = decision(*[12, *[limit] * 5, 250, limit][:(4, 5, 8, 8)[effort - 1]])
        self.rank_rest = decision(12, limit, limit, limit)
        self.rank_plain = PlainBits(self.coder)

    def length(self, s):
        own = self.symbols[s]
        ra, la = own.ra >> 5, own.la >> 5
        contexts = [s, (own.l1, ra, self.gl1), la, (s, own.r1), (self.gl1, self.gl2),
                    (ra, self.gra >> 5)][:len(self.length_start.limits)]

        x = -1  # of the length less 1
        while x < 7 and self.length_start.bit(x + 1, contexts, (x + 1, la)):
            x += 1
        m = self.length_beyond_1(x, [s, own.l1, la]) if x >= 0 else 0
        own.l1, own.la = length_class(m + 1), average(own.la, m + 1, 2)
        return m + 1

    def length_beyond_1(self, x, contexts):
        if x == 7:
            while x < 23 and self.length_rest.bit(x, contexts, x):
                x += 1
        m = 1
        for k in range(x):
            m = 2 * m + (self.length_plain.bit(x, m) if k
                         else self.length_rest.bit(32 + x, contexts, 32 + x))
        return m

    def rank(self, s, d, e, length):
        own, of_d = self.symbols[s], self.symbols[d]
        ra = own.ra >> 5
        contexts = [s, (own.r1, own.r2, min(length, 4), self.gr1), (s, d), own.rl,
                    (ra, self.gr1, of_d.r1), (s, e), s,
                    (ra, of_d.ra >> 5)][:len(self.rank_start.limits)]
        x, most = 0, log2(self.alphabet_size - 1)
        while x < most:
            node = (x + most + 1) // 2
            if self.rank_start.bit(node, contexts, (node, ra)):
                x = node
            else:
                most = node - 1
        v = 1
        for k in range(x):
            node = (1 << x) + v
            v = 2 * v + (self.rank_rest.bit(node, [s, own.rl, ra, d], node) if k < self.mixed_bits
                         else self.rank_plain.bit(x, v))
        need(v < self.alphabet_size, "bwt: a rank beyond the alphabet")
        own.r1, own.r2, own.rl = rank_class(v), own.r1, min(31, v)
        own.ra = average(own.ra, v, 2)
        self.gl1, self.gl2 = length_class(length), self.gl1
        self.gr1, self.gra = rank_class(v), average(self.gra, v, 3)
        return v


def decode_column(data, effort, size, alphabet):
    symbol_of = {byte: i for i, byte in enumerate(sorted(alphabet))}
    runs, places, column = Runs(data, effort, len(alphabet)), [*alphabet], bytearray()
    while True:
        s, d, e = [symbol_of.get(byte, 0) for byte in (places + [0, 0])[:3]]
        length = runs.length(s)
        column += bytes(places[:1]) * length
        need(len(column) <= size, "bwt: the runs are longer than the column")
        if len(column) == size:
            return column
        need(len(alphabet) > 1, "bwt: a second run, and only one symbol")
        places.insert(runs.rank(s, d, e, length), places.pop(0))


def invert(column, starts, piece):
    rows = [i if i < starts[0] else i + 1 for i in range(len(column))]
    order = sorted(range(len(column)), key=lambda i: column[i])  # stable
    text, row = bytearray(), starts[0]
    for at in range(len(column)):
        need(at % piece or row == starts[at // piece], "bwt: a piece begins in the wrong row")
        if row:
            i = order[row - 1]
            text.append(column[i])
            row = rows[i]
        else:
            text.append(0)
            row = starts[0]
    need(row == 0, "bwt: the text does not end")
    return bytes(text)


def sorted_text(payload, size, name="bwt"):
    """The text that was sorted, and the size of its alphabet; payload: from the effort byte on."""
    need(1 <= size < 1 << 24, f"{name}: wrong size")
    pieces = 1 if size < 1 << 14 else 4 if size < 1 << 18 else 8 if size < 1 << 21 else 16
    head = 1 + 3 * pieces
    need(head < len(payload), f"{name}: the payload is cut short")
    order, effort = divmod(payload[0], 16)
    need(1 <= effort <= 4 and order <= 1, f"{name}: wrong effort or sort order")
    starts = [number(payload, 1 + 3 * i, 3) for i in range(pieces)]
    need(all(1 <= row <= size for row in starts), f"{name}: no such row")
    behind = head + 2 + payload[head]
    alphabet = payload[head + 1:behind]
    need(behind <= len(payload), f"{name}: the payload is cut short")
    need(len(set(alphabet)) == len(alphabet), f"{name}: a byte is twice in the alphabet")
    column = decode_column(payload[behind:], effort, size, alphabet)
    text = invert(column, starts, -(-size // pieces))
    if order == 1:
        places = bytearray(range(256))
        for i, letter in enumerate(LETTERS):
            places[97 + i], places[65 + i] = letter, letter - 32
        text = text.translate(places)
    return text, len(alphabet)


def bwt(payload, raw_size, memory):
    transform, at, size = number(payload, 0, 1), 1, raw_size
    if transform:
        at, size = 5, number(payload, 1, 4)
    need(size <= raw_size + raw_size // 8 + 64, "bwt: wrong size")
    text, a = sorted_text(payload[at:], size)
    raw, more = undo_transform(transform, text)
    needed = max(4 * (size + 1), 737280 + 3600 * a + 64 * a * a) + more + (size if transform else 0)
    need(memory == (needed + 1023) // 1024, "bwt: wrong decode memory")
    return raw
