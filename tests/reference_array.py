"""The payload of the codec array, for the reference decoder: docs/codecs/array.md in Python."""
from reference_array_plan import TYPES, Plan, float_bits, from_order, to_f32
from reference_checks import M64, need
from reference_coders import Frequencies, Rans, RawBits, Reader, packed, unfold

NAME = "array"
LANES = 4


# ---- Symbols and numbers ----
class Symbols:
    """rANS with a table for each context that has one."""

    def __init__(self, reader, contexts):
        mask = reader.number((contexts + 7) // 8)
        need(mask & 1 and mask >> contexts == 0, "array: contexts without a table")
        size, words = reader.varint(), reader.varint()
        frequencies = Frequencies(reader.bytes(size), NAME)
        self.tables = [frequencies.next() if mask >> i & 1 else None for i in range(contexts)]
        frequencies.end()
        states = reader.take(f"{LANES}I")
        self.rans = Rans(states, reader.take(f"{words}H"), NAME)

    def next(self, context):
        need(self.tables[context] is not None, "array: a context without a table")
        return self.rans.symbol(self.tables[context])

    def end(self):
        self.rans.end()


def raw_bits_of(token):  # how many bits of the number are raw
    return max(0, (token - 16 >> 2) + 2) if token >= 16 else 0


def number_of(token, raw):
    if token < 16:
        return token
    return (4 | token & 3) << raw_bits_of(token) | raw


def numbers(reader, count):
    symbols, tokens, last = Symbols(reader, 8), [], 0
    for _ in range(count):
        context = last if last < 4 else 4 if last < 8 else 5 if last < 16 else 6 if last < 64 else 7
        last = symbols.next(context)
        tokens.append(last)
    symbols.end()
    raw = RawBits(reader.bytes(reader.varint()), NAME)
    values = [number_of(token, raw.take(raw_bits_of(token))) for token in tokens]
    raw.end()
    return values


def s64(x):
    x &= M64
    return x - (1 << 64) if x >> 63 else x


# ---- Transforms ----
class Transform:
    def __init__(self, reader, kind_of_number, cells):
        size, self.kind = TYPES[kind_of_number]
        self.bits, self.reader = 8 * size, reader
        head = reader.u8()
        self.form, self.has_exceptions = head & 3, head >> 2 & 1
        need(head >> 3 <= 12, "array: too many special values")
        self.specials = [reader.varint() & (1 << self.bits) - 1 for _ in range(head >> 3)]
        need(self.form in (0, 3) or (self.kind == "f" and size >= 4), "array: a transform of floats")
        (self.order, self.grid, self.line, self.rank)[self.form](cells)

    def classes(self):
        return 1 + len(self.specials) + self.has_exceptions

    def order(self, cells):
        self.base, self.step = self.reader.varint(), self.reader.varint()
        self.shift = self.reader.u8(self.bits - 1 if self.kind == "f" else 0, "shift")

    def grid(self, cells):
        self.of_slice, self.of_first = self.reader.varint(), self.reader.varint()
        slices = self.reader.varint(cells, "number of slices")
        need(1 <= self.of_first <= self.of_slice and
             slices == 1 + -(-max(0, cells - self.of_first) // self.of_slice),
             "array: wrong number of slices")
        values, q, base = iter(numbers(self.reader, 2 * slices)), 0, 0
        self.slices = []
        for of_q, of_base in zip(values, values):
            q = of_q - 1 if of_q else q
            base = s64(base + unfold(of_base))
            self.slices.append((q, base))

    def line(self, cells):
        self.single = self.reader.u8(1, "kind of a line")
        self.scale, self.add = self.reader.take("2d")
        self.first = self.reader.folded()

    def rank(self, cells):
        count = self.reader.varint(cells, "number of entries")
        need(count >= 1, "array: an empty table")
        self.entries = []
        for value in numbers(self.reader, count):
            last = self.entries[-1] + 1 if self.entries else 0
            self.entries.append(last + value & M64)

    def cell(self, key, at):
        """The bit pattern of the cell, which is number `at` of its grid."""
        size = self.bits // 8
        if self.form == 0:
            x = key * self.step + self.base
            return from_order(x, self.kind, self.bits - self.shift) << self.shift
        if self.form == 3:
            return from_order(self.entries[min(key & M64, len(self.entries) - 1)], self.kind,
                              self.bits)
        if self.form == 1:
            q, base = self.slices[0 if at < self.of_first else
                                  1 + (at - self.of_first) // self.of_slice]
            if q == 0:
                return from_order(key + base, self.kind, self.bits)
            value = float(s64(key + base)) / float(q)
        else:
            k = float(s64(key + self.first))
            if self.single:
                value = to_f32(to_f32(to_f32(k) * to_f32(self.scale)) + to_f32(self.add))
            else:
                value = k * self.scale + self.add
        return float_bits(value if size == 8 else to_f32(value), size)


# ---- Rows and what is around them ----
MARGIN = 4


class Rows:
    """Rows of values with margins."""

    def __init__(self, grid):
        self.grid, self.rows = grid, []
        self.zeros = [0] * (grid.cols + 2 * MARGIN)

    def above(self, r, times=1):
        return self.rows[r - times * self.grid.up] if self.grid.has_above(r, times) else None

    def begin(self, r):
        """The left margin."""
        row, references = self.above(r), self.grid.references(r)
        if row is None and references:
            row = self.rows[r - references[0]]
        return [row[MARGIN] if row else 0] * MARGIN

    def end(self, row):
        row += [row[-1]] * MARGIN
        self.rows.append(row)


def classes_of(reader, grid, most):
    symbols, rows = Symbols(reader, 108), Rows(grid)
    for r in range(grid.rows):
        references = grid.references(r)
        above = rows.above(r) or rows.zeros
        before = rows.rows[r - references[0]] if references else rows.zeros
        row = rows.begin(r)
        for i in range(MARGIN, MARGIN + grid.cols):
            x, n, p = min(row[-1], 2), min(above[i], 2), min(before[i], 2)
            c = (above[i - 1] != 0) + 2 * (above[i + 1] != 0)
            row.append(symbols.next(c + 4 * (x + 3 * (n + 3 * p))))
            need(row[-1] < most, "array: no such class")
        rows.end(row)
    symbols.end()
    return [row[MARGIN:MARGIN + grid.cols] for row in rows.rows]


# ---- Residuals ----
def half(x, by=2):
    return x // by if x >= 0 else -(-x // by)


def med(a, b, c):
    if c >= max(a, b):
        return min(a, b)
    return max(a, b) if c <= min(a, b) else s64(a + b - c)


class Modes:
    """The mode of each band of each block of lines."""

    def __init__(self, reader, grid, block_cells):
        self.grid, self.phases = grid, max(1, grid.up)  # rows of a line
        self.lines = max(1, block_cells // grid.cols)
        self.numbers = iter(numbers(reader, reader.varint(19 * grid.cols * grid.rows, "number of modes")))
        self.begin, self.last_weights = None, {}

    def around(self, r):
        return self.grid.has_above(r), self.grid.references(r)

    def next(self):
        value = next(self.numbers, None)
        need(value is not None, "array: too few mode numbers")
        return value

    def of(self, r):
        """(mode, reference, weights) of row r; rows are asked for in order."""
        line, phase = divmod(r, self.phases)
        if phase == 0 and (self.begin is None or line - self.begin >= self.lines or
                           any(self.around(r + b) != self.around(self.begin * self.phases + b)
                               for b in range(self.phases))):
            self.begin, self.modes = line, [self.mode(r + b) for b in range(self.phases)]
        return self.modes[phase]

    def mode(self, r):
        value, references = self.next(), self.grid.references(r)
        mode, reference = value % 14, value // 14
        need(reference == 0 or 7 <= mode <= 12, "array: a mode without a reference")
        need(not 7 <= mode <= 12 or reference < len(references), "array: no such reference")
        weights = None
        if mode == 13:
            key = r % self.phases, len(references)
            weights = self.last_weights.get(key, [0] * (6 + 6 * len(references)))
            weights = [w + unfold(self.next()) for w in weights]
            weights = [(w + (1 << 31)) % (1 << 32) - (1 << 31) for w in weights]
            self.last_weights[key] = weights
        return mode, reference, weights

    def end(self):
        need(next(self.numbers, None) is None, "array: mode numbers are left over")


class Residuals:
    def __init__(self, reader, grid, bits, classes):
        self.grid, self.classes = grid, classes
        self.word = 64 if bits == 64 else 32
        self.highest = reader.varint((1 << self.word) - 1)
        self.modes = Modes(reader, grid, reader.varint(1 << 20, "cells of a block"))
        count = reader.u8(24, "number of contexts")
        need(count >= 1, "array: no contexts")
        levels = [0] + [reader.u8() for _ in range(count - 1)]
        need(all(a < b for a, b in zip(levels, levels[1:])), "array: levels not in order")
        self.context_of = [sum(first <= level for first in levels) - 1 for level in range(256)]
        symbols = Symbols(reader, count)
        self.raw = RawBits(reader.bytes(reader.varint()), NAME)
        self.shift = max(0, self.highest.bit_length() - 40)
        self.keys, self.tokens = Rows(grid), Rows(grid)
        for r in range(grid.rows):
            self.row(r, symbols)
        self.modes.end()
        symbols.end()
        self.raw.end()

    def row(self, r, symbols):
        grid, keys, tokens = self.grid, self.keys, self.tokens
        mode, number, weights = self.modes.of(r)
        references = grid.references(r)
        above, key_row, token_row = keys.above(r), keys.begin(r), tokens.begin(r)
        nn = keys.above(r, 2) or above or keys.zeros
        before = [self.reference(r, d) for d in references]
        p = before[number] if number < len(before) else [keys.zeros] * 3
        above_tokens = tokens.above(r)
        p_tokens = tokens.rows[r - references[number]] if number < len(references) else None
        here = above or keys.zeros
        for i in range(MARGIN, MARGIN + grid.cols):
            if self.classes and self.classes[r][i - MARGIN]:
                key_row.append(key_row[-1])
                token_row.append(token_row[-1])
                continue
            likely_above = False
            if mode == 13:
                prediction, likely_above = self.weighted(key_row, here, nn, before, weights, i)
            else:
                prediction = self.predicted(mode, key_row, here, nn, p, i)
            if self.highest < 1 << 62:
                prediction = min(max(prediction, 0), self.highest)
            if above_tokens:
                n, nw, ne = above_tokens[i], above_tokens[i - 1], above_tokens[i + 1]
            else:
                n, nw, ne = token_row[-2], token_row[-3], token_row[-1]
            of_p = p_tokens[i] if p_tokens else token_row[-1]
            u = 2 * token_row[-1] + 2 * n + nw + ne + 2 * of_p
            token = symbols.next(self.context_of[min(255, u if u < 128 else 120 + u // 16)])
            residual = unfold(number_of(token, self.raw.take(raw_bits_of(token))))
            key = prediction + (-residual if likely_above else residual)
            key &= (1 << self.word) - 1
            key_row.append(s64(key))
            token_row.append(token)
        keys.end(key_row)
        tokens.end(token_row)

    def reference(self, r, distance):
        """The row, the one above it, the one below it."""
        rows, up, at = self.keys.rows, self.grid.up, r - distance
        has_above = self.grid.has_above(r)
        return (rows[at], rows[at - up] if has_above and at >= up else rows[at],
                rows[at + up] if has_above and at + up < r else rows[at])

    def predicted(self, mode, row, above, nn, reference, i):
        w, ww, n, nw, ne = row[-1], row[-2], above[i], above[i - 1], above[i + 1]
        if mode == 0:
            return w
        if mode == 1:
            return n
        if mode == 2:
            return med(w, n, nw)
        if mode == 3:
            return s64(w + n - nw)
        if mode == 4:
            return s64(half(w) + half(n) + half(s64(ne - nw), 4))
        if mode == 5:
            return s64(2 * w - ww)
        if mode == 6:
            return s64(2 * n - nn[i])
        p, pw, pn, pnw = reference[0][i], reference[0][i - 1], reference[1][i], reference[1][i - 1]
        if mode == 7:
            return p
        if mode == 8:
            return s64(p + w - pw)
        if mode == 9:
            return s64(p + n - pn)
        if mode == 10:
            return s64(p + med(s64(w - pw), s64(n - pn), s64(nw - pnw)))
        if mode == 11:
            return s64(p + (w - pw) + (n - pn) - (nw - pnw))
        return s64(p + half(s64(w - pw)) + half(s64(n - pn)))

    def weighted(self, row, above, nn, before, weights, i):
        w = row[-1]
        differences = [row[-2] - w, above[i - 1] - w, above[i] - w, above[i + 1] - w,
                       above[i + 2] - w, nn[i] - w]
        for p, pn, ps in before:
            pw = p[i - 1]
            differences += [p[i] - pw, p[i + 1] - pw, pn[i] - pw, pn[i - 1] - pw, ps[i] - pw, pw - w]
        total = s64(sum(weight * (s64(d) >> self.shift)
                        for weight, d in zip(weights, differences)))
        return s64(w + ((total + 32768 >> 16) << self.shift)), 1 <= total % 65536 <= 32767


# ---- A grid, and the block ----
def grid_cells(reader, grid, kind_of_number):
    cells = grid.cols * grid.rows
    has_classes = reader.u8(1, "classes")
    transform = Transform(reader, kind_of_number, cells)
    classes = classes_of(reader, grid, transform.classes()) if has_classes else None
    exceptions = iter(())
    if transform.has_exceptions:
        exceptions = iter(numbers(reader, reader.varint(cells, "number of exceptions")))
    residuals = Residuals(reader, grid, transform.bits, classes)
    out = []
    for r in range(grid.rows):
        keys = residuals.keys.rows[r]
        for i in range(grid.cols):
            of = classes[r][i] if classes else 0
            if of == 0:
                out.append(transform.cell(keys[MARGIN + i], r * grid.cols + i))
            elif of <= len(transform.specials):
                out.append(transform.specials[of - 1])
            else:
                value = next(exceptions, None)
                need(value is not None and value >> transform.bits == 0,
                     "array: no such exception")
                out.append(value)
    need(next(exceptions, None) is None, "array: exceptions are left over")
    return out


def in_order_of_area(cells, grid):
    """Rows of bands stand one after another in a grid, and cell by cell in its area."""
    if grid.bands == 1:
        return cells
    out, cols = [], grid.cols
    for at in range(0, len(cells), cols * grid.bands):
        rows = [cells[at + b * cols:at + (b + 1) * cols] for b in range(grid.bands)]
        out += [cell for column in zip(*rows) for cell in column]
    return out


def array(payload, raw_size, memory):
    reader = Reader(payload, NAME)
    reader.u8(0, "version")
    plan = Plan(reader, raw_size)
    variables = [packed(reader, plan.plain, reader.varint())]
    for variable in plan.variables:
        areas = []
        for grids, kind in variable.areas():
            areas.append([])
            for grid in grids:
                areas[-1] += in_order_of_area(grid_cells(reader, grid, kind), grid)
        variables.append(variable.join(areas))
    reader.end()
    return plan.join(variables)
