"""The payload of the codec cloud, for the reference decoder: docs/codecs/cloud.md in Python. What
it knows of sensors is in reference_cloud_shapes.py."""
import struct

from reference_checks import M64, need
from reference_cloud_shapes import SHAPES, Coordinates, Mean, pair, s64, size_of
from reference_coders import (BinaryDecoder, Frequencies, RATES, Rans, RawBits, Reader, STRETCH,
                              clamp, packed, squash)

NAME = "cloud"
TYPES = [(1, "i"), (1, "u"), (2, "i"), (2, "u"), (4, "i"), (4, "u"), (8, "i"), (8, "u"),
         (2, "f"), (4, "f"), (8, "f")]  # bytes, kind
LAYOUTS = {2: "e", 4: "f", 8: "d"}
X, Y, Z = 1, 2, 3  # roles


def section(reader, most):
    raw_size = reader.varint(most, "size of a section")
    return packed(reader, raw_size, reader.varint())


# ---- Grids ----
class Grid:
    def __init__(self, heads, kind_of_number):
        self.bytes, self.number = kind_of_number
        head = heads.u8(7, "grid")
        self.kind, self.digits, self.base, self.step = head & 3, 0, 0, 1
        if self.kind >= 2:
            self.digits = heads.u8(9 if self.kind == 2 else 40, "digits of a grid")
            need(self.number == "f" and self.bytes >= 4, "cloud: a grid of floats")
        need(self.kind != 1 or self.number == "f", "cloud: an order of floats")
        if head & 4:
            self.base, self.step = heads.folded(), heads.varint()
        self.units = float({2: 10**self.digits, 3: 2**self.digits}.get(self.kind, 1))
        # As coordinates of a structure they are real numbers.
        self.serves = (self.bytes == 4 and self.step == 1 if self.kind == 1
                       else self.kind or self.number != "f")

    def bits(self, value):
        """The bit pattern of a value."""
        n = s64(self.base + self.step * value)
        if self.kind == 0:
            return n & (1 << 8 * self.bytes) - 1
        if self.kind == 1:
            top = 1 << 8 * self.bytes - 1
            return abs(n) & top - 1 | (top if n < 0 else 0)
        return bits_of(float(n) / self.units, self.bytes)

    def real(self, value):
        if self.kind == 1:
            size = float_of(abs(value) & 0x7FFFFFFF, 4)
            return -size if value < 0 else size
        return float(self.base) / self.units + float(value) * (float(self.step) / self.units)

    def nearest(self, r):
        if self.kind == 1:
            if not -1e30 < r < 1e30:
                return 0
            bits = bits_of(r, 4)
            return -(bits & 0x7FFFFFFF) if bits >> 31 else bits
        if self.step == 0:
            return 0
        v = r * (self.units / float(self.step)) - float(self.base) / float(self.step)
        if not -2.0**52 < v < 2.0**52:
            return 0
        return int(v - 0.5) if v < 0 else int(v + 0.5)


def bits_of(x, size):
    try:
        return int.from_bytes(struct.pack("<" + LAYOUTS[size], x), "little")
    except OverflowError:  # rounded to infinity
        return bits_of(float("inf") if x > 0 else float("-inf"), size)


def float_of(bits, size):
    return struct.unpack("<" + LAYOUTS[size], bits.to_bytes(size, "little"))[0]


def put_exceptions(data, cells, size):
    reader, at, pattern = Reader(data, NAME), 0, 0
    while reader.left():
        at += reader.varint(len(cells), "gap")
        length, code = divmod(reader.varint(), 3)
        length += 1
        need(at + length <= len(cells), "cloud: an exception behind the points")
        if code == 2:
            pattern = reader.number(size)
        cells[at:at + length] = [1 << 8 * size - 1 if code == 0 else pattern] * length
        at += length


# ---- Symbols ----
def raw_bits_of(c):
    return max(0, c // 2 - 1)


def residual_of(c, negative, raw):
    size = c if c < 4 else (2 | c & 1) << raw_bits_of(c) | raw
    return -size if negative else size


class Tables:
    """Symbols with tables of frequencies."""

    def __init__(self, data, contexts):
        reader = Reader(data, NAME)
        count, begins = sum(contexts), reader.bytes((sum(contexts) + 7) // 8)
        begins = [begins[i // 8] >> i % 8 & 1 for i in range(count)]
        self.first = [sum(contexts[:i]) for i in range(len(contexts))]
        need(all(begins[i] for i in self.first) and sum(begins) <= 128, "cloud: wrong tables")
        self.table_of = [sum(begins[:i + 1]) - 1 for i in range(count)]
        counts = [reader.varint(8 << 24, "number of symbols") for _ in range(sum(begins))]
        of_frequencies, words, lanes = reader.varint(), reader.varint(), 1 << reader.u8(7, "lanes")
        frequencies = Frequencies(reader.bytes(of_frequencies), NAME)
        tables = [frequencies.next() for _ in counts]
        frequencies.end()
        states = reader.take(f"{lanes}I")
        self.rans = Rans(states, reader.take(f"{words}H"), NAME)
        self.raw = RawBits(reader.rest(), NAME)
        self.counts, self.frequencies = counts, tables
        self.queues = None

    def take(self, slot, context):
        if self.queues is None:  # table follows table
            self.queues = [iter(self.symbols(n, table))
                           for n, table in zip(self.counts, self.frequencies)]
        symbol = next(self.queues[self.table_of[self.first[slot] + context]], None)
        need(symbol is not None, "cloud: a table has too few symbols")
        return symbol

    def symbols(self, count, table):
        if max(table) == 4096:
            return Same(table.index(4096), count)
        return [self.rans.symbol(table) for _ in range(count)]

    def symbol(self, slot, context, a=0, b=0, bits=8):
        return self.take(slot, context)

    def residual(self, slot, context, a=0, b=0, hint=None):
        symbol = self.take(slot, context)
        c = (symbol + 1) // 2
        return residual_of(c, symbol and symbol % 2 == 0, self.raw.take(raw_bits_of(c)))

    def end(self):
        for queue in self.queues or [iter((1,))]:
            need(next(queue, None) is None, "cloud: symbols are left over")
        self.rans.end()
        self.raw.end()


class Same:
    """So many times the same symbol."""

    def __init__(self, symbol, count):
        self.symbol, self.count = symbol, count

    def __iter__(self):
        return self

    def __next__(self):
        if self.count == 0:
            raise StopIteration
        self.count -= 1
        return self.symbol


class AdaptiveSymbols:
    """Symbols of binary decisions."""

    def __init__(self, data, contexts):
        reader = Reader(data, NAME)
        self.raw = RawBits(reader.bytes(reader.varint()), NAME)
        self.coder = BinaryDecoder(reader.rest(), NAME)
        self.first = [sum(contexts[:i]) for i in range(len(contexts))]
        self.probabilities, self.weights = {}, {}

    def bit(self, context, slot, a, b, node):
        keys = (0, context, node), (1, slot, a, node), (2, slot, b, node)
        states = [self.probabilities.get(key, (32768, 0)) for key in keys]
        inputs = [STRETCH[(p & ~15) + 8] for p, _ in states]
        weights = self.weights.setdefault((slot, node), [22000] * 3)
        p = squash(clamp(sum(s * w for s, w in zip(inputs, weights)) >> 16))
        bit = self.coder.bit(p)
        error = 65535 * bit - p
        for i, (q, n) in enumerate(states):
            weights[i] += inputs[i] * error + 8192 >> 14
            q += (65535 * bit - q) * RATES[n] >> 16
            self.probabilities[keys[i]] = q, min(120, n + 1)
        return bit

    def tree(self, at, bits, first=1):
        k = 1
        for _ in range(bits):
            k = 2 * k + self.bit(*at, first - 1 + k)
        return k - (1 << bits)

    def symbol(self, slot, context, a=0, b=0, bits=8):
        return self.tree((self.first[slot] + context, slot, a, b), bits)

    def residual(self, slot, context, a=0, b=0, hint=None):
        """hint: the slot of the hints, if it is another one."""
        at = self.first[slot] + context, slot if hint is None else hint, a, b
        c = self.tree(at, 4)
        if c == 15:
            c += self.tree(at, 7, 80)
        if c == 0:
            return 0
        positive = self.bit(*at, 16 + min(c, 31))
        count, raw = raw_bits_of(c), 0
        if count:
            raw = self.bit(*at, 48 + min(c, 31)) << count - 1
            raw |= self.raw.take(count - 1)
        return residual_of(c, not positive, raw)

    def end(self):
        self.raw.end()
        self.coder.end()


def run_of(reader, contexts):
    coder = reader.u8(1, "coder")
    data = reader.bytes(reader.varint())
    return (AdaptiveSymbols if coder else Tables)(data, contexts)


# ---- Fields ----
def class_of(size):
    return (size > 3) + (size > 6) + (size > 9)


class Plan:
    def __init__(self, heads):
        head = heads.u8(15, "plan")
        self.predictor, self.direct = head & 7, head >> 3
        need(self.predictor <= 6, "cloud: no such predictor")
        if self.direct:
            self.shift, self.least = heads.u8(55, "shift"), heads.folded()


def field(run, slot, plan, points):
    """The values; points: their neighbours and sizes."""
    values, mean = [], Mean(4)
    for i in range(points.count):
        left, up = points.left[i], points.up[i]

        def at(point):  # the point itself stands for none
            return values[point] if point < i else values[i - 1] if i else 0

        before, v_left, v_up = at(i), at(left), at(up)
        prediction = 0
        if i:
            line = 2 * before - values[i - 2] if i > 1 else before
            plane = v_left + v_up - at(points.left[up]) if up < i else v_left
            prediction = s64((0, before, line, v_left, v_up, v_left + (s64(v_up - v_left) >> 1),
                              plane)[plan.predictor])
        if plan.direct:
            seen = [values[point] if point < i else plan.least for point in (left, up)]
            values.append(s64(direct(run, slot, plan, points.sizes[i], prediction, *seen)))
            continue
        halves, sizes = mean.halves(), points.sizes[i]
        off = s64(v_up - before)
        residual = run.residual(slot, 4 * min(halves, 23) + class_of(sizes),
                                pair(halves, sizes),
                                pair(size_of(off) // 2, 0 if off < 0 else 1 + halves // 2))
        size = size_of(residual)
        mean.add(size)
        points.sizes[i] = size
        values.append(s64(prediction + residual))
    return values


def direct(run, slot, plan, sizes, prediction, v_left, v_up):
    shift, least = plan.shift, plan.least
    w = min(255, (prediction - least & M64) >> shift)
    p = w if w < 8 else 6 + w // 4 if w < 40 else 13 + w // 16
    a, b = ((v - least & M64) >> shift & 255 for v in (v_left, v_up))
    high = run.symbol(slot, 4 * min(p, 23) + class_of(sizes), a, b)
    middle_bits = min(shift, 5)
    middle = run.symbol(slot, 96 + high % 32, high, 0, 5) if shift else 0
    need(middle >> middle_bits == 0, "cloud: too many bits of a symbol")
    rest = shift - middle_bits
    return least + ((high << middle_bits | middle) << rest | run.raw.take(rest))


class Points:
    """What the structure says of the points."""

    def __init__(self, count, row):
        self.count, self.sizes = count, [0] * count
        self.left = [max(0, i - 1) for i in range(count)]
        self.up = [i - row if row and i >= row else max(0, i - 1) for i in range(count)]


class Cloud:
    def __init__(self, reader):
        self.record, self.row = reader.varint(1 << 20, "record size"), reader.varint()
        need(self.record >= 4, "cloud: records too small")
        self.big, self.fields, size = reader.u8(1, "byte order"), [], 0
        while size < self.record:
            kind, role = reader.u8(10, "type of a field"), reader.u8(7, "role of a field")
            self.fields.append((TYPES[kind], role))
            size += TYPES[kind][0]
        need(size == self.record and len(self.fields) <= 1024, "cloud: fields beyond the record")
        self.count = 0

    def decode(self, reader):
        """The records."""
        most = 64 * self.count * len(self.fields) + 65536
        heads, exceptions = (Reader(section(reader, most), NAME) for _ in range(2))
        structure = heads.u8(4, "structure")
        cells, points = [None] * len(self.fields), Points(self.count, self.row)
        if structure:
            shape = SHAPES[structure](heads, self.count)
            roles = [role for _, role in self.fields]
            need(all(role in roles for role in (X, Y, Z)), "cloud: points without coordinates")
            axes = [roles.index(role) for role in (X, Y, Z)]
            grids, of_exceptions = [], []
            for i in axes:
                grids.append(Grid(heads, self.fields[i][0]))
                of_exceptions.append(exceptions.bytes(heads.varint()))
                need(grids[-1].serves, "cloud: a grid of no coordinate")
            run = run_of(reader, shape.slots)
            coordinates = Coordinates(run, grids, points)
            shape.walk(coordinates)
            run.end()
            for i, grid, values, of in zip(axes, grids, coordinates.values, of_exceptions):
                cells[i] = self.cells(grid, values, of)
        planned = []
        for i, (kind, _) in enumerate(self.fields):
            if cells[i] is not None:
                continue
            grid, of_exceptions = Grid(heads, kind), exceptions.bytes(heads.varint())
            if grid.step:
                planned.append((i, grid, of_exceptions, Plan(heads)))
            else:
                cells[i] = self.cells(grid, [0] * self.count, of_exceptions)
        for at in range(0, len(planned), 8):
            of_run = planned[at:at + 8]
            run = run_of(reader, [128] * len(of_run))
            for slot, (i, grid, of_exceptions, plan) in enumerate(of_run):
                values = field(run, slot, plan, points)
                cells[i] = self.cells(grid, values, of_exceptions)
            run.end()
        heads.end()
        exceptions.end()
        order = "big" if self.big else "little"
        sizes = [size for (size, _), _ in self.fields]
        return [b"".join(cell.to_bytes(size, order) for cell, size in zip(record, sizes))
                for record in zip(*cells)]

    def cells(self, grid, values, exceptions):
        cells = [grid.bits(value) for value in values]
        put_exceptions(exceptions, cells, grid.bytes)
        return cells


def cloud(payload, raw_size, memory):
    reader = Reader(payload, NAME)
    reader.u8(0, "version")
    description = Reader(section(reader, 16 * raw_size + 65536), NAME)
    clouds = [Cloud(description) for _ in range(description.varint(256, "number of clouds"))]
    pieces, left, plain_size = [], raw_size, 0
    while left:
        number = description.varint(len(clouds), "number of a cloud")
        of = clouds[number - 1] if number else None
        record = of.record if of else 1
        count = description.varint(left // record, "size of a piece")
        need(count >= 1, "cloud: an empty piece")
        left -= count * record
        pieces.append((number, count))
        if of:
            description.varint()  # where the records are in their whole
            of.count += count
        else:
            plain_size += count
    description.end()
    plain = section(reader, raw_size)
    need(len(plain) == plain_size, "cloud: wrong number of plain bytes")
    records = [iter(of.decode(reader)) for of in clouds]
    reader.end()
    out, plain = [], Reader(plain, NAME)
    for number, count in pieces:
        if number:
            out += [next(records[number - 1]) for _ in range(count)]
        else:
            out.append(plain.bytes(count))
    return b"".join(out)
