"""What several codecs share, for the reference decoder: fields of payloads, the adaptive parts of
docs/codecs/text.md, the arithmetic coder of bwt.md, frequencies and rANS of tensor.md."""
import struct
import subprocess

from reference_checks import M32, M64, need, number


class Reader:
    """Fields of a payload, one after another."""

    def __init__(self, data, name):
        self.data, self.name, self.at = bytes(data), name, 0

    def left(self):
        return len(self.data) - self.at

    def bytes(self, size):
        need(size <= self.left(), f"{self.name}: the payload is cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def rest(self):
        return self.bytes(self.left())

    def take(self, layout):
        return struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))

    def number(self, size):
        return number(self.bytes(size), 0, size)

    def u8(self, most=255, what="field"):
        value = self.number(1)
        need(value <= most, f"{self.name}: {what} out of range")
        return value

    def varint(self, most=M64, what="number"):
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            need(shift < 70, f"{self.name}: a number of more than 10 bytes")
        value &= M64
        need(value <= most, f"{self.name}: {what} out of range")
        return value

    def folded(self):
        return unfold(self.varint())

    def end(self):
        need(self.left() == 0, f"{self.name}: something is left over")


def unfold(u):
    return u >> 1 ^ -(u & 1)


class RawBits:
    """Bits from the lowest of each byte."""

    def __init__(self, data, name):
        self.data, self.name, self.at = data, name, 0

    def take(self, count):
        first, shift = divmod(self.at, 8)
        self.at += count
        need(self.at <= 8 * len(self.data), f"{self.name}: the raw bits are cut short")
        return number(self.data, first, (shift + count + 7) // 8) >> shift & (1 << count) - 1

    def to_byte(self):
        self.at = (self.at + 7) // 8 * 8

    def end(self):
        self.to_byte()
        need(self.at == 8 * len(self.data), f"{self.name}: raw bits are left over")


def zstd_frame(data, raw_size, name):
    """What one frame of RFC 8878 holds, which tells its content size."""
    at = Reader(data, name)
    magic, descriptor = at.take("IB")
    single, size_code = descriptor >> 5 & 1, descriptor >> 6
    need(magic == 0xFD2FB528, f"{name}: no Zstandard frame of the standard format")
    need(descriptor & 15 == 0 and (single or size_code), f"{name}: checksum, dictionary or no size")
    at.bytes(1 - single)
    field = 1 << size_code
    content_size = at.number(field) + (256 if field == 2 else 0)
    need(content_size == raw_size, f"{name}: the content size is not the raw size")
    last = 0
    while not last:  # over the blocks, to see that nothing stands behind the frame
        header = at.number(3)
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        at.bytes(1 if kind == 1 else size)
    need(at.left() == 0, f"{name}: the payload is not exactly one frame")
    run = subprocess.run(["zstd", "-dcq", "--long=31"], input=data, capture_output=True)
    need(run.returncode == 0, f"{name}: " + run.stderr.decode(errors="replace").strip())
    return run.stdout


def packed(reader, raw_size, size):
    """Bytes that are a zstd frame where that is smaller."""
    data = reader.bytes(size)
    need(size <= raw_size, f"{reader.name}: a section is larger than what it holds")
    return data if size == raw_size else zstd_frame(data, raw_size, reader.name)


# ---- The arithmetic coder of bwt.md ----
class BinaryDecoder:
    def __init__(self, data, name="bwt"):
        self.data, self.name, self.at, self.low, self.high = data, name, 4, 0, M32
        self.code = int.from_bytes((data + bytes(4))[:4], "big")

    def bit(self, p):
        split = self.low + ((self.high - self.low) * p >> 16)
        bit = int(self.code <= split)
        if bit:
            self.high = split
        else:
            self.low = split + 1
        while not (self.low ^ self.high) >> 24:
            need(self.at < len(self.data) + 4, f"{self.name}: a code is cut short")
            byte = self.data[self.at] if self.at < len(self.data) else 0
            self.at += 1
            self.low = self.low << 8 & M32
            self.high = self.high << 8 & M32 | 255
            self.code = self.code << 8 & M32 | byte
        return bit

    def end(self):  # of payloads whose codes are read to the last byte
        need(self.at >= len(self.data), f"{self.name}: a code is longer than what it tells")

    def plain(self, count):  # bits of probability 1/2, the highest first
        value = 0
        for _ in range(count):
            value = 2 * value + self.bit(32768)
        return value


# ---- Adaptive probabilities and the logistic domain of text.md ----
def make_halves():
    u, halves = 1 << 62, []
    for _ in range(2816):
        halves.append(max(1, ((u << 16) + ((1 << 62) + u) // 2) // ((1 << 62) + u)))
        u = u * 18374827034086858296 >> 64
    return halves


HALVES = make_halves()
SQUASH = [HALVES[-x] if x <= 0 else 65536 - HALVES[x] for x in range(-2815, 2816)]


def clamp(x, low=-2815, high=2815):
    return low if x < low else high if x > high else x


def squash(x):
    return SQUASH[x + 2815]


def make_stretch():
    least, i = [0] * 32769, 0
    for p in range(32768, 0, -1):  # the least i with HALVES[i] <= p
        while HALVES[i] > p:
            i += 1
        least[p] = i
    table = []
    for p in range(65536):
        if p < 1024:
            table.append(-least[max(p, 1)])
        elif p < 32768:
            table.append(-least[(p & ~31) + 16])
        elif p < 64512:
            table.append(least[65536 - (p & ~31) - 16])
        else:
            table.append(least[65536 - p])
    return table


STRETCH = make_stretch()
ADAPTIVE = 1 << 31  # p in 1/2^22 above a count of 10 bits
RATES = [131072 // (2 * n + 3) for n in range(1024)]


def learn(v, bit, limit):
    p, n = v >> 10, v & 1023
    p += ((4194303 if bit else 0) - p) * RATES[n] >> 16
    return p << 10 | (n + 1 if n < limit else limit)


class Adaptive:
    """Adaptive probabilities by any key."""

    def __init__(self, coder, limit):
        self.coder, self.limit, self.values = coder, limit, {}

    def bit(self, key, least=0, most=65535):
        v = self.values.get(key, ADAPTIVE)
        bit = self.coder.bit(min(max(v >> 16, least), most))
        self.values[key] = learn(v, bit, self.limit)
        return bit


# ---- Frequencies and rANS of tensor.md ----
class Frequencies:
    """The tables of one stream of decisions, in turn."""

    def __init__(self, data, name):
        self.coder, self.name = BinaryDecoder(data, name), name
        self.tables, self.probabilities = [], {}

    def decision(self, key):
        p, count = self.probabilities.get(key, (32768, 0))
        bit = self.coder.bit(p)
        off = (65503 if bit else 32) - p
        p += off // (count + 2) if off >= 0 else -(-off // (count + 2))
        self.probabilities[key] = p, min(20, count + 1)
        return bit

    def length(self, reference, before, two_before):
        """reference: the length that the reference has there, or None"""
        if reference is None:
            expected, place = before, 13 + two_before // 2
        else:
            expected, place = (before + reference + 1) // 2, reference

        def ask(question):
            return self.decision((reference is None, place, before, question))

        if expected > 0 and ask(0):
            length, k = expected - 1, 1
            while length > 0 and ask(min(k, 6)):
                length, k = length - 1, k + 1
            return length
        length, k = expected, 7
        while length < 12 and ask(min(k, 13)):
            length, k = length + 1, k + 1
        return length

    def end(self):
        self.coder.end()

    def next(self):
        kept, largest = self.coder.plain(4), self.coder.plain(8)
        need(kept <= 11, f"{self.name}: bad frequencies")
        reference = None
        if self.tables:
            of = self.coder.plain(8)
            need(of <= len(self.tables), f"{self.name}: no such table to refer to")
            reference = self.tables[of - 1] if of else None
        table, before, two_before = [0] * 256, 0, 0
        for symbol in range(256):
            if symbol == largest:
                continue
            there = reference and min(12, reference[symbol].bit_length())
            length = self.length(there, before, two_before)
            if length:
                bits = min(length - 1, kept)
                table[symbol] = (1 << bits | self.coder.plain(bits)) << length - 1 - bits
            before, two_before = length, before
        table[largest] = 4096 - sum(table)
        need(table[largest] > 0, f"{self.name}: the frequencies are too many")
        self.tables.append(table)
        return table


class Rans:
    def __init__(self, states, words, name):
        self.states, self.words, self.name = list(states), words, name
        self.count = self.at = 0
        self.slots = {}  # by the table's identity: the symbol and its start, for each slot

    def symbol(self, table):
        if id(table) not in self.slots:
            slots, start = [], 0
            for symbol, frequency in enumerate(table):
                slots += [(symbol, frequency, start)] * frequency
                start += frequency
            self.slots[id(table)] = slots, table
        slots = self.slots[id(table)][0]
        if slots[0][1] == 4096:
            return slots[0][0]
        lane = self.count % len(self.states)
        self.count += 1
        x = self.states[lane]
        symbol, frequency, start = slots[x & 4095]
        x = frequency * (x >> 12) + (x & 4095) - start
        if x < 65536:
            need(self.at < len(self.words), f"{self.name}: the words are cut short")
            x = x << 16 | self.words[self.at]
            self.at += 1
        self.states[lane] = x
        return symbol

    def end(self):
        need(self.at == len(self.words) and all(x == 65536 for x in self.states),
             f"{self.name}: the symbols do not end as they should")
