"""The models of the codec tensor, for the reference decoder: docs/codecs/tensor.md in Python."""
from reference_checks import M64, need
from reference_coders import (ADAPTIVE, Adaptive, BinaryDecoder, RATES, SQUASH, STRETCH, clamp,
                              learn, squash)

NAME = "tensor"
GOLDEN, OTHER = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
# 65536 * 2^(-i / 32)
POWERS = [65536, 64132, 62757, 61413, 60097, 58809, 57549, 56316, 55109, 53928, 52773, 51642, 50535,
          49452, 48393, 47356, 46341, 45348, 44376, 43425, 42495, 41584, 40693, 39821, 38968, 38133,
          37316, 36516, 35734, 34968, 34219, 33486]


def truncated(a, b):
    return a // b if a >= 0 else -(-a // b)


def shifted(x, by):
    return x << by if by >= 0 else x >> -by


def exponent_of(w, word):
    return w >> word.mantissa & (1 << word.exponent) - 1


def mantissa_of(w, word):  # with the leading one
    e = exponent_of(w, word)
    return w & (1 << word.mantissa) - 1 | (e > 0) << word.mantissa


def is_negative(w, word):
    return w >> 8 * word.bytes - 1


def ordered(w, word):
    bits = 8 * word.bytes
    return w ^ ((1 << bits) - 1 if w >> bits - 1 else 1 << bits - 1)


def unordered(x, word):
    bits = 8 * word.bytes
    return x ^ (1 << bits - 1 if x >> bits - 1 else (1 << bits) - 1)


# ---- Fixed point ----
def fixed(w, word, highest):
    e = exponent_of(w, word)
    by = 43 - word.mantissa - (highest - max(e, 1))
    if e > highest or abs(by) >= 64:
        return 0
    value = shifted(mantissa_of(w, word), by)
    return -value if is_negative(w, word) else value


def from_fixed(value, word, highest):
    sign = (value < 0) << 8 * word.bytes - 1
    magnitude = min(abs(value), (1 << 44) - 1)
    top = magnitude.bit_length() - 1
    e = highest - 43 + top
    if not magnitude or e < 1:
        return sign
    mantissa = shifted(magnitude, word.mantissa - top) & (1 << word.mantissa) - 1
    return sign | e << word.mantissa | mantissa


def neighbours(row, plane):
    """The distances of the eight coefficients; 0: none."""
    if row < 2:
        distances = [1, 2, 3, 0, 0, 0]
    else:
        distances = [1, 2, row, row + 1, row - 1 if row > 2 else 0, 2 * row]
    return distances + ([plane, plane + 1] if plane else [0, 0])


def predicted(records, word, count, section, raw, differences):
    row, plane = records.varint(262144, "row"), records.varint(262144, "plane")
    highest = records.varint((1 << word.exponent) - 1, "exponent")
    coefficients = records.take("8h")
    distances = neighbours(row, plane)
    taps = [(d, c) for d, c in zip(distances, coefficients) if d and c]

    def prediction(words):
        i = len(words)
        total = sum(c * fixed(words[i - d], word, highest) for d, c in taps if i >= d)
        return from_fixed(total >> 12, word, highest)

    if differences:
        return differences.predicted(word, count, row, highest, prediction)
    coder = BinaryDecoder(section.bytes(records.varint()), NAME)
    errors = Errors(coder, raw, word, highest, distances)
    words = []
    for _ in range(count):
        words.append(errors.word(prediction(words)))
    raw.to_byte()
    coder.end()
    return words


class Errors:
    """The differences of a column's words from their predictions."""

    def __init__(self, coder, raw, word, highest, distances):
        self.coder, self.raw, self.kind, self.highest = coder, raw, word, highest
        self.distances = distances
        self.inputs = [{}, {}, {}]
        self.weights = {}
        self.signs, self.leading = Adaptive(coder, 250), Adaptive(coder, 250)
        self.sizes, self.negative = [], []  # of the words so far

    def back(self, values, distance):
        return values[-distance] if 0 < distance <= len(values) else 0

    def word_bits(self):
        return 8 * self.kind.bytes

    def length(self, keys):
        node = 1
        for _ in range(self.word_bits().bit_length()):
            states = [table.get((key, node), ADAPTIVE) for table, key in zip(self.inputs, keys)]
            stretched = [STRETCH[v >> 16] for v in states]
            weights = self.weights.setdefault(node, [28000, 18000, 18000])
            p = squash(clamp(sum(s * w for s, w in zip(stretched, weights)) >> 16))
            bit = self.coder.bit(p)
            for i in range(3):
                step = stretched[i] * (65536 * bit - p) + 32768 >> 16
                weights[i] = clamp(weights[i] + step, -262144, 262144)
                self.inputs[i][keys[i], node] = learn(states[i], bit, 250)
            node = 2 * node + bit
        return node - (1 << self.word_bits().bit_length())

    def word(self, prediction):
        word, bits, d = self.kind, self.word_bits(), self.distances
        x = exponent_of(prediction, word)
        a, b, c, f, g, h = [self.back(self.sizes, d[i]) for i in (0, 2, 1, 3, 4, 5)]
        expected = clamp((3 * (2 * a + 2 * b + c + f + g + h) + 4) // 8 - 3 * x + 24, 0, 159)
        keys = (expected, (clamp(a - x, 0, 65) // 2, clamp(b - x, 0, 65) // 2),
                clamp(self.highest - x, 0, 63))
        length = min(bits, self.length(keys))
        size, negative, value = 0, 0, 0
        if length:
            signs = 3 * self.back(self.negative, d[0]) + self.back(self.negative, d[2])
            negative = 1 if self.signs.bit(signs) else 2
            value = 1
            for i in range(min(3, length - 1)):
                value = 2 * value + self.leading.bit((length, value))
            low = length - 1 - min(3, length - 1)
            value = value << low | self.raw.take(low)
        x_of = ordered(prediction, word) + (-value if negative == 1 else value)
        w = unordered(x_of & (1 << bits) - 1, word)
        if length:
            size = length + max(exponent_of(w, word), x)
        self.sizes.append(size)
        self.negative.append(negative)
        return w


# ---- Running means ----
class Mean:
    """Of sizes, in 1/16."""

    def __init__(self):
        self.value = self.n = 0

    def add(self, size):
        if self.n == 0:
            self.value = 16 * size
        self.value += (16 * size - self.value) * RATES[self.n] >> 16
        self.n = 100 if self.n == 200 else self.n + 1


class Sizes:
    """Means of sizes of a tensor, of its columns and of the row."""

    def __init__(self, row):
        self.row, self.all, self.of_row, self.columns, self.j = row, Mean(), Mean(), {}, 0

    def of(self, mean):
        return (mean if mean and mean.n else self.all).value >> 4

    def column(self):
        return self.of(self.columns.get(self.j))

    def add(self, size):
        self.all.add(size)
        self.columns.setdefault(self.j, Mean()).add(size)
        self.of_row.add(size)

    def go_on(self, ends=True):
        """To the next word; ends: of words without rows each ends one."""
        self.j += 1
        if self.j == self.row or (self.row == 0 and ends):
            self.of_row = Mean()
        if self.j >= self.row:
            self.j = 0


def log32(x):
    t = x.bit_length() - 1
    return 32 * t + (shifted(x, 5 - t) & 31) if x else 0


def over(x, log):
    return min(shifted(x * POWERS[log % 32] >> 16, -(log >> 5)), (1 << 46) - 1)


class Magnitude:
    def __init__(self, value=0, n=0):
        self.value, self.n = value, n

    def add(self, magnitude):
        if self.value == 0 and self.n == 0:
            self.value = magnitude
        self.value += (magnitude - self.value) * RATES[self.n] >> 16
        self.n = 200 if self.n == 400 else self.n + 1

    def log(self):
        return log32(self.value)


class Scales:
    """Means of magnitudes of a tensor, of its columns and of the row."""

    def __init__(self, row):
        self.row, self.all, self.of_row = row, Magnitude(), Magnitude(1 << 20, 20)
        self.columns, self.magnitudes = [], []

    def log_column(self):
        if not self.columns:
            return self.all.log()
        return self.columns[len(self.magnitudes)].log()

    def expected(self):
        return max(0, self.log_column() + self.of_row.log() - 640)

    def add(self, magnitude):
        column = self.log_column()
        self.all.add(magnitude)
        if self.row:
            self.of_row.add(over(magnitude, column - 640))
            self.magnitudes.append(magnitude)
            if len(self.magnitudes) == self.row:
                self.end_row()

    def end_row(self):
        if not self.columns:
            self.columns = [Magnitude(self.all.value, 12) for _ in range(self.row)]
        row = self.of_row.log() - 640
        for mean, magnitude in zip(self.columns, self.magnitudes):
            mean.add(over(magnitude, row))
        self.of_row, self.magnitudes = Magnitude(1 << 20, 20), []


# ---- Modelled columns ----
class Mixer:
    """Perceptrons over the same inputs, each learning from its own error."""

    def __init__(self, start, low, output_shift, most):
        self.start, self.low, self.output_shift, self.most = start, low, output_shift, most
        self.sets = {}

    def weights(self, key, size):
        if key not in self.sets:
            self.sets[key] = [self.start] * size
        return self.sets[key]

    def output(self, inputs, weights):
        low = self.low
        total = sum([x * (w >> low) for x, w in zip(inputs, weights)]) >> self.output_shift
        return -2815 if total < -2815 else 2815 if total > 2815 else total

    def learn(self, inputs, weights, step, shift):
        half, most = 1 << shift - 1, self.most
        weights[:] = [min(most, max(-most, w + (x * step + half >> shift)))
                      for x, w in zip(inputs, weights)]


class WordTensor:
    """One tensor of modelled words, over all its columns of the payload."""

    def __init__(self, number, word, row):
        self.number, self.word, self.row = number, word, row
        self.sizes, self.scales = Sizes(row), Scales(row)
        self.words, self.first = [], 0

    def back(self, distance):
        return self.words[-distance] if distance <= len(self.words) else 0

    def size(self, w):
        bits = 8 * self.word.bytes - 1
        return shifted(w & (1 << bits) - 1, 5 - self.word.mantissa)

    def magnitude(self, w):
        if not self.first:
            return 0
        e = max(1, exponent_of(w, self.word))
        by = e - self.first + 20 - self.word.mantissa
        return min(shifted(mantissa_of(w, self.word), by), (1 << 46) - 1)

    def add(self, w):
        self.words.append(w)
        del self.words[:-2 * max(1, self.row) - 2]
        if not self.first and w & (1 << 8 * self.word.bytes - 1) - 1:
            self.first = max(1, exponent_of(w, self.word))
        self.sizes.add(self.size(w))
        self.sizes.go_on()
        self.scales.add(self.magnitude(w))


class Words:
    """The model of all modelled columns of a block."""

    def __init__(self, section, raw):
        self.raw, self.tensor, self.count = raw, None, 0
        self.used = False
        self.section = section

    def begin(self):
        self.used = True
        need(len(self.section) > 0 and self.section[0] <= 4, "tensor: wrong size of the tables")
        self.log, self.coder = self.section[0], BinaryDecoder(self.section[1:], NAME)
        self.exponents = [{} for _ in range(14)]
        self.mantissas = [{} for _ in range(14)]
        self.signs = [{} for _ in range(5)]
        self.rests = Adaptive(self.coder, 1000)
        self.mixer = Mixer(16 * 11800, 8, 12, 4 << 20)
        self.seen = {}

    def column(self, records, word, count):
        if not self.used:
            self.begin()
        code = records.varint()
        row, goes_on = code >> 1, code & 1
        row = row if 2 <= row <= 131072 else 0
        if goes_on:
            need(self.tensor and self.tensor.word == word and self.tensor.row == row,
                 "tensor: there is no tensor that goes on")
        else:
            self.count += 1
            self.tensor = WordTensor(self.count, word, row)
            self.seen = {key: min(n, 4000) for key, n in self.seen.items()}
        words = []
        for _ in range(count):
            words.append(self.word())
            self.tensor.add(words[-1])
        self.raw.to_byte()
        return words

    def end(self):
        need(self.used or not self.section, "tensor: a modelled section for nothing")
        if self.used:
            self.coder.end()

    def contexts(self):
        of, t = self.tensor, self.tensor.number
        row = max(1, of.row)
        at_end = of.sizes.j == row - 1
        left, up, up_left = of.back(1), of.back(row), of.back(row + 1)
        up_right, up_up = of.back(row if at_end else row - 1), of.back(2 * row)
        a = (2 * of.size(left) + 2 * of.size(up) + of.size(up_left) + of.size(up_right)
             + of.size(up_up)) // 7
        c, r, j = of.sizes.column(), of.sizes.of(of.sizes.of_row), of.sizes.j
        self.expected = of.scales.expected()
        s = max(0, self.expected + 32 * (of.first - 20))
        size_l, size_u = of.size(left), of.size(up)

        def pair(x, y):
            return (x << 20) + y

        values = [0, t, pair(size_l >> 5, t), pair(size_u >> 5, t), pair(c >> 2, t), pair(r >> 2, t),
                  pair(c >> 3, r >> 3), pair(a >> 3, t), s >> 2, pair(j, t),
                  pair(size_u >> 2, size_l >> 4), pair(a >> 3, c >> 3),
                  ((s >> 4) << 40) + pair(a >> 4, size_l >> 5), pair(c >> 1, 1)]
        kind = 8 * of.word.bytes + of.word.exponent
        hashes = []
        for i, value in enumerate(values):
            key = (value * 64 + i) * 256 + kind & M64
            hashes.append((key ^ key >> 29) * GOLDEN & M64)
        signs = (4 * is_negative(left, of.word) + 2 * is_negative(up, of.word)
                 + is_negative(up_left, of.word))
        return hashes, kind, (t, pair(j, t), pair(signs, t)), signs

    def word(self):
        hashes, kind, sign_values, signs = self.contexts()
        of = self.tensor
        word = of.word
        third = clamp(truncated(self.expected - of.scales.all.log(), 8) + 16, 0, 31)
        regions = [(h >> 32) % (256 << self.log) << 8 for h in hashes]
        node = 1
        for i in range(word.exponent):
            node = 2 * node + self.bit(self.exponents, regions, node, node,
                                       word.exponent - 1 - i, third, ADAPTIVE, ADAPTIVE)
        e = node - (1 << word.exponent)
        t = of.number
        values = *sign_values, (e << 20) + t, (signs << 20) + e
        keys = [((k ^ k >> 31) * GOLDEN & M64) >> 48
                for k in (value * 256 + kind & M64 for value in values)]
        sign = self.mixed(self.signs, keys, 384, 8, third, ADAPTIVE, ADAPTIVE)
        m = min(7, word.mantissa)
        regions = [(((h ^ e) * OTHER & M64) >> 32) % (1024 << self.log) << 7 for h in hashes]
        node = 1
        for i in range(m):
            if i < 4:
                bit = self.bit(self.mantissas, regions, node, 256 + node, 9 + m - 1 - i, third,
                               ADAPTIVE + 200, ADAPTIVE + 8)
            else:
                bit = self.alone(self.mantissas[0], regions[0] + node, ADAPTIVE + 200)
            node = 2 * node + bit
        mantissa, rest = node - (1 << m), word.mantissa - m
        if rest:
            zero = e == 0 and mantissa == 0 and self.rests.bit(0, 1, 65535)
            mantissa = mantissa << rest | (0 if zero else self.raw.take(rest))
        return sign << 8 * word.bytes - 1 | e << word.mantissa | mantissa

    def alone(self, table, key, start):
        v = table.get(key, start)
        bit = self.coder.bit(max(1, v >> 16))
        table[key] = learn(v, bit, 1000)
        return bit

    def bit(self, tables, regions, node, first, second, third, start0, start):
        if tables is self.exponents:
            p = tables[0].get(regions[0] + node, start0) >> 16
            if p < 32 or p >= 65504:
                return self.alone(tables[0], regions[0] + node, start0)
        return self.mixed(tables, [region + node for region in regions], first, second, third,
                          start0, start)

    def mixed(self, tables, keys, first, second, third, start0, start):
        states = [table.get(key, start) for table, key in zip(tables, keys)]
        states[0] = tables[0].get(keys[0], start0)
        inputs = [STRETCH[v >> 16] for v in states]
        inputs += [STRETCH[32768]] * (14 - len(inputs)) + [256]
        sets = (0, first), (1, second), (2, second, third)
        mixer, weights, outputs = self.mixer, [], []
        for key in sets:
            weights.append(mixer.weights(key, 15))
            outputs.append(mixer.output(inputs, weights[-1]))
        bit = self.coder.bit(squash(21845 * sum(outputs) >> 16))
        steps = (10000, 60000, 300000) if first != 384 else (10000, 60000)
        for i, (key, of_set, output) in enumerate(zip(sets, weights, outputs)):
            seen = self.seen.get(key, 0)
            self.seen[key] = seen + 1
            shift = (12 if i == 0 else 13) + sum(seen >= n for n in steps)
            mixer.learn(inputs, of_set, 65536 * bit - SQUASH[output + 2815], shift)
        for table, key, v in zip(tables, keys, states):
            table[key] = learn(v, bit, 1000)
        return bit


class TwoPerceptrons:
    """The mixing of quants and of differences."""

    def __init__(self, limit, shifts):
        self.limit, self.shifts, self.mixers = limit, shifts, {}

    def bit(self, coder, tables, keys, start, first, second):
        states = [table.get(key, ADAPTIVE) for table, key in zip(tables, keys)]
        inputs = [STRETCH[v >> 16] for v in states] + [256]
        if start not in self.mixers:
            self.mixers[start] = Mixer(start, 4, 12, 4 << 16)
        mixer = self.mixers[start]
        sets = mixer.weights((0, first), len(inputs)), mixer.weights((1, second), len(inputs))
        outputs = [mixer.output(inputs, weights) for weights in sets]
        bit = coder.bit(squash(sum(outputs) >> 1))
        for weights, output, shift in zip(sets, outputs, self.shifts):
            mixer.learn(inputs, weights, (65536 * bit - squash(output)) >> 4, shift)
        for table, key, v in zip(tables, keys, states):
            table[key] = learn(v, bit, self.limit)
        return bit


# ---- Modelled quants ----
def log16(x):
    t = x.bit_length() - 1
    return 16 * t + (shifted(x, 4 - t) & 15)


class QuantRows:
    """What parts that go on share."""

    def __init__(self, number, row):
        self.number, self.row = number, row
        self.scales, self.weights, self.j = Scales(row), [], 0

    def back(self, distance):
        return self.weights[-distance] if distance <= len(self.weights) else 0

    def add(self, size, magnitude):
        self.weights.append(size)
        del self.weights[:-max(2, self.row)]
        self.scales.add(magnitude)
        self.j = (self.j + 1) % self.row if self.row else 0


class Quants:
    def __init__(self):
        self.tables, self.mixing = [{} for _ in range(9)], TwoPerceptrons(1000, (13, 14))
        self.rows, self.last, self.count = None, None, 0

    def blocks(self, records, section, scales, is_q4):
        code = records.varint()
        row, goes_on = code >> 1, code & 1
        row = row if 2 <= row <= 131072 else 0
        if goes_on:
            need(self.last == (is_q4, row), "tensor: there are no quants that go on")
        else:
            self.count += 1
            self.rows = QuantRows(self.count, row)
        self.last, self.is_q4 = (is_q4, row), is_q4
        self.coder = BinaryDecoder(section.bytes(records.varint()), NAME)
        out = []
        for scale in scales:
            quants, self.seen = [], 0
            for p in range(32):
                quants.append(self.quant(scale, 32 if self.seen else p))
                self.seen |= quants[-1] == -8 if is_q4 else abs(quants[-1]) >= 127
            if is_q4:
                out.append(bytes(quants[i] + 8 | quants[i + 16] + 8 << 4 for i in range(16)))
            else:
                out.append(bytes(q & 255 for q in quants))
        self.coder.end()
        return out

    def quant(self, scale, p):
        rows, unit = self.rows, (scale & 0x7FFF) >> 6
        scales, t, s = rows.scales, rows.number, int(p == 32)
        total, column = scales.all.log(), scales.log_column()
        expected, of_row = scales.expected(), scales.of_row.log()
        left, up = rows.back(1), rows.back(rows.row or 1)
        a = (2 * left + 2 * up + rows.back(2)) // 5 - unit

        def v(log, k):
            return clamp((log >> 1) - 128 - unit + 200, 0, 511) >> k

        def near(k):
            return clamp(a + 200, 0, 511) >> k

        r = total + of_row - 640
        self.values = [p, v(column, 2) | p << 10, v(expected, 1) | s << 20, near(2) | s << 20,
                       v(column, 1) | t << 20, v(r, 1) | s << 20, v(total, 1) | t << 10 | s << 40,
                       v(expected, 2) | near(3) << 10 | s << 20, p | v(total, 4) << 10]
        self.b, self.sign_of_scale = v(expected, 3), scale >> 15
        q = self.quant_of_4_bits(p) if self.is_q4 else self.quant_of_8_bits(p)
        size = log16(abs(q)) + unit + 16 if q else unit + 4
        e = (scale >> 10) & 31
        m = (scale & 1023 | (e > 0) << 10) << max(1, e) - 1
        rows.add(size, min(abs(q) * m, (1 << 46) - 1))
        return q

    def bit(self, keys, first, n):
        keys = [((k & M64 ^ (k & M64) >> 29) * GOLDEN & M64) >> 47 for k in keys]
        return self.mixing.bit(self.coder, self.tables, keys, 14000, first, 64 * n + self.b)

    def bit_of(self, node, first, n):
        return self.bit([512 * (2 * value + self.is_q4) + node for value in self.values], first, n)

    def sign_bit(self, node, first, n):
        of = self.rows
        kinds = [*range(6), 6 + self.sign_of_scale, of.number << 20, of.j << 30 | of.number]
        return self.bit([512 * k + node for k in kinds], first, n)

    def quant_of_4_bits(self, p):
        node = 1
        for _ in range(4):
            node = 2 * node + self.bit_of(node, 171 + 16 * p + node, 139 + node)
        return node - 16 - 8

    def quant_of_8_bits(self, p):
        extreme, size = self.bit_of(1, p, 0), 127
        if not extreme:
            node = 1
            for _ in range(3):
                node = 2 * node + self.bit_of(8 + node, 33 + node, 1 + node)
            length, size = node - 8, 0
            if length:
                size = 1
                for _ in range(length - 1):
                    if size < 16:
                        size = 2 * size + self.bit_of(64 + 32 * length + size,
                                                      41 + 16 * length + size,
                                                      9 + 16 * length + size)
                    else:
                        size = 2 * size + self.coder.bit(32768)
        if size and self.sign_bit(500, 169, 137):
            return -128 if extreme and self.sign_bit(501, 170, 138) else -size
        return size
