"""Differences of the codec tensor, for the reference decoder: words that are told by those of a base
or by predictions (docs/codecs/tensor.md in Python)."""
from reference_checks import M64, need
from reference_coders import ADAPTIVE, BinaryDecoder, clamp, learn
from reference_tensor_models import (GOLDEN, NAME, OTHER, Sizes, TwoPerceptrons, exponent_of, fixed,
                                     is_negative, log16, ordered, truncated, unordered)


class Differences:
    def __init__(self, section, raw):
        self.section, self.raw, self.used, self.count = section, raw, False, 0

    def begin(self):
        self.used = True
        need(len(self.section) > 0 and self.section[0] <= 1, "tensor: unknown kind of differences")
        self.q, self.coder = self.section[0], BinaryDecoder(self.section[1:], NAME)
        limit = 1000 if self.q else 500
        inputs = 14 if self.q else 4
        self.lengths = [{} for _ in range(inputs)]
        self.bits = [{} for _ in range(inputs)]
        self.signs = [{} for _ in range(8)]
        self.limit, self.mixing = limit, TwoPerceptrons(limit, (12, 13))
        self.sign_mixing = TwoPerceptrons(limit, (12, 13))

    def end(self):
        need(self.used or not self.section, "tensor: differences for nothing")
        if self.used:
            self.coder.end()

    def column(self, records, word, base):
        row = records.varint()
        row = row if 2 <= row <= 131072 else 0
        highest = 0
        if word.exponent:
            all_ones = (1 << word.exponent) - 1
            exponents = [exponent_of(w, word) for w in base]
            greatest = max((e for e in exponents if e < all_ones), default=0)
            highest = min(greatest + 2, all_ones - 1)
        return self.words(word, len(base), row, highest, lambda words: base[len(words)])

    def predicted(self, word, count, row, highest, prediction):
        return self.words(word, count, row if 2 <= row <= 131072 else 0, highest, prediction)

    def words(self, word, count, row, highest, expected):
        if not self.used:
            self.begin()
        self.count += 1
        self.word_kind, self.row, self.highest = word, row, highest
        self.means = Sizes(row)
        self.sizes, self.of_signs, self.columns, self.r = [], [], {}, 0
        words = []
        for _ in range(count):
            words.append(self.word(expected(words)))
        self.raw.to_byte()
        return words

    def back(self, values, distance, none=0):
        return values[-distance] if 0 < distance <= len(values) else none

    def value(self, w):
        word = self.word_kind
        return fixed(w, word, self.highest) if word.exponent else w

    def word(self, base):
        word, row, bits, means = self.word_kind, self.row, 8 * self.word_kind.bytes, self.means
        e = exponent_of(base, word) if word.exponent else 0
        unit = 16 * (43 - self.highest + max(1, e)) if word.exponent else 16 * bits
        left, up = self.back(self.sizes, 1), self.back(self.sizes, row or 3)
        s = 2 * left + 2 * up + self.back(self.sizes, 2)
        if row:
            s += sum(self.back(self.sizes, d) for d in (row + 1, row - 1, 2 * row))
        a = truncated(s, 8)
        t, c, r = means.of(means.all), means.column(), means.of(means.of_row)
        b = c + r - t
        m = base >> word.mantissa - 3 & 7 if word.exponent else 0

        def v(x, k):
            return clamp(x - unit, -1024, 1023) + 1024 >> k

        def join(x, y=0, z=0):
            return x + (y << 20) + (z << 40)

        number = self.count
        values = [v(a, 1), join(v(up, 3), v(left, 3)), e, join(0, v(c, 1), number)]
        if self.q:
            values += [v(r, 1), v(t, 1), v(b, 1), join(v(r, 2), v(c, 2)), join(v(c, 2), v(a, 2)),
                       join(e, 0, number), join(v(t, 2), v(a, 2)), join(m, v(b, 2)),
                       join(m >> 1, v(c, 1)), join(v(r, 1), 0, number)]
        kind = 4 * bits.bit_length() + (word.exponent > 0)
        hashes = []
        for value in values:
            key = 32 * value + kind & M64
            hashes.append((key ^ key >> 29) * GOLDEN & M64)
        self.at_b = b - unit
        regions = [(h >> 32) % (1024 if self.q else 256) << 7 for h in hashes]
        start = 11800 if self.q else 18000
        d = n = negative = 0
        if not self.bit(self.lengths, regions, 0, start, 0, (left == 0) + 2 * (up == 0)):
            n = min(bits, self.length(regions, start, bits))
        if n:
            negative = self.sign(base, n)
            d = self.rest(hashes, start, n)
        after = unordered(ordered(base, word) + (-d if negative else d) & (1 << bits) - 1, word) \
            if word.exponent else base + (-d if negative else d) & 255
        self.after(base, after, d, negative, unit)
        return after

    def e(self, x):
        return clamp(truncated(self.at_b, 16) + x, 0, 31)

    def bit(self, tables, regions, node, start, first, second):
        return self.mixing.bit(self.coder, tables, [region + node for region in regions], start,
                               first, second)

    def length(self, regions, start, bits):
        node, wide = 1, bits.bit_length()
        for i in range(wide):
            key = regions[0] + node
            v = self.lengths[0].get(key, ADAPTIVE)
            p = v >> 16
            if p < 128 or p >= 65408:
                bit = self.coder.bit(clamp(p, 1, 65535))
                self.lengths[0][key] = learn(v, bit, self.limit)
            else:
                bit = self.bit(self.lengths, regions, node, start, node,
                               4 + 32 * (wide - 1 - i) + self.e(24))
            node = 2 * node + bit
        return node - (1 << wide)

    def sign(self, base, n):
        word, row = self.word_kind, self.row

        def s(distance):
            return self.back(self.of_signs, distance, 1)

        b, j, t = 3 * s(1) + s(row or 3), self.means.j, self.count
        c, r = self.columns.get(j, 0), self.r
        base_sign = is_negative(base, word) if word.exponent else 0
        ks = [0, b, 256 * base_sign + n, c + 64, r + 64,
              256 * (clamp(c, -8, 8) + 8) + clamp(truncated(r, 4), -8, 8) + 8, (j << 24) + t,
              9 * b + 3 * s(2) + (s(row + 1) if row else 1)]
        keys = []
        for k in ks:
            k &= M64
            keys.append((((k ^ k >> 31) * GOLDEN & M64) >> 40) % 16384)
        return self.sign_mixing.bit(self.coder, self.signs, keys, 14000, 0, n)

    def rest(self, hashes, start, n):
        mantissa = self.word_kind.mantissa
        m = min(n - 1, clamp(n - 1 - (mantissa - 4), 3 + self.q, 7))
        regions = [(((h ^ n) * OTHER & M64) >> 32) % 2048 << 7 for h in hashes]
        node = 1
        for _ in range(m):
            node = 2 * node + self.bit(self.bits, regions, node, start,
                                       128 + 32 * (n - 1) + min(node, 31),
                                       228 + 32 * self.e(8 + mantissa - n) + min(node, 31))
        low = n - 1 - m
        return node << low | self.raw.take(low)

    def after(self, base, w, d, negative, unit):
        size = 0
        if d:
            off = abs(self.value(w) - self.value(base))
            size = log16(off) + 1 if off else max(1, unit - 32)
            self.means.add(size)
        j = self.means.j
        self.sizes.append(size)
        z = (d > 0) - 2 * negative
        self.of_signs.append(1 + z)
        c = self.columns.get(j, 0)
        self.columns[j] = c + z - truncated(c, 16)
        self.r += z - truncated(self.r, 32)
        self.means.go_on(ends=False)
        if self.means.j == 0 and self.row:
            self.r = 0
