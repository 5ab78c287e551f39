"""How the model of the codec las decides and predicts, for the reference decoder."""
import math

from reference_checks import M32
from reference_coders import RATES, STRETCH, clamp, squash

UNKNOWN = 1 << 31


def learn(v, bit, limit):
    p, n = v >> 10, v & 1023
    p += (((4194303 if bit else 0) - p) >> 7) * RATES[n] >> 9
    return p << 10 | min(n + 1, limit)


# ---- Decisions ----
class Mixing:
    """What all decisions share."""

    def __init__(self, coder, raw, is_full):
        self.coder, self.raw, self.is_full, self.rate = coder, raw, is_full, 3000


class Decisions:
    """Those of a coder; its contexts choose rows."""

    def __init__(self, mixing, contexts, rows, limit):
        self.mixing, self.count, self.log, self.limit = mixing, contexts, rows, limit
        self.tables, self.weights = [{} for _ in range(contexts)], {}

    def row(self, context):
        return (context * 0x9E3779B1 & M32) >> 32 - self.log

    def select(self, contexts):
        self.rows = [self.row(context) << 9 for context in contexts]

    def bit(self, node):
        first, key = self.tables[0], self.rows[0] + node
        v = first.get(key, UNKNOWN)
        p = v >> 16
        if p < 160 or p >= 65376:
            bit = self.mixing.coder.bit(min(max(p, 1), 65535))
            first[key] = learn(v, bit, 1023)
            return bit
        return self.mixed(node) if self.mixing.is_full else self.light(node)

    def light(self, node):
        keys = [row + node for row in self.rows[:3]]
        states = [table.get(key, UNKNOWN) for table, key in zip(self.tables, keys)]
        total = sum(STRETCH[(v >> 16 & ~15) + 8] for v in states)
        bit = self.mixing.coder.bit(squash(clamp(total * 7 >> 4)))
        for table, key, v in zip(self.tables, keys, states):
            table[key] = learn(v, bit, self.limit)
        return bit

    def mixed(self, node):
        keys = [row + node for row in self.rows]
        states = [table.get(key, UNKNOWN) for table, key in zip(self.tables, keys)]
        inputs = [STRETCH[(v >> 16 & ~15) + 8] for v in states]
        weights = self.weights.get(node)
        if weights is None:
            weights = self.weights[node] = [6144 // self.count << 16] * self.count
        p = squash(clamp(sum([x * (w >> 16) for x, w in zip(inputs, weights)]) >> 12))
        bit = self.mixing.coder.bit(p)
        error = 65536 * bit - p
        if abs(error) >= 384:
            step = min(max(error * self.mixing.rate >> 12, -32767), 32767)
            for i, x in enumerate(inputs):
                w = weights[i] + x * step
                weights[i] = min(max(w >> 16, -32768), 32767) << 16 | w & 65535
        for table, key, v in zip(self.tables, keys, states):
            table[key] = learn(v, bit, self.limit)
        return bit


class Number:
    def __init__(self, mixing, contexts, rows, limit):
        self.mixing, self.tree = mixing, Decisions(mixing, contexts, rows, limit)
        self.expected, self.lone, self.length = [0] * 16, {}, 0

    def code(self, contexts, selector):
        tree, coder = self.tree, self.mixing.coder
        tree.select(contexts)
        a = self.expected[selector % 16] >> 6
        if tree.bit(4 * min(a, 31)):
            a += 1
            while a < 63 and tree.bit(4 * min(a, 31) + 1):
                a += 1
        else:
            while a > 0 and tree.bit(4 * min(a, 31) + 2):
                a -= 1
        self.expected[selector % 16] += (a << 6) - self.expected[selector % 16] >> 4
        self.length = a
        if a == 0:
            return 0
        sign = tree.bit(4 * min(a, 31) + 3)
        value, left = 1, a - 1
        for _ in range(min(3, left)):
            key = min(a, 24), sign, value
            v = self.lone.get(key, UNKNOWN)
            bit = coder.bit(min(max(v >> 16, 1), 65535))
            self.lone[key] = learn(v, bit, 1023)
            value, left = 2 * value + bit, left - 1
        value = value << left | self.mixing.raw.take(left)
        return -value if sign else value


class Symbol:
    def __init__(self, mixing, contexts, rows, limit=255):
        self.tree, self.guesses = Decisions(mixing, contexts, rows, limit), {}

    def code(self, contexts, bits):
        tree = self.tree
        tree.select(contexts)
        if bits > 2:
            guess = self.guesses.get(tree.rows[0], 0)
            if tree.bit(256 + guess):
                return guess
        node = 1
        for _ in range(bits):
            node = 2 * node + tree.bit(node)
        value = node - (1 << bits)
        if bits > 2:
            self.guesses[tree.rows[0]] = value
        return value


# ---- Least squares ----
class LeastSquares:
    def __init__(self, weights):
        self.weights, n = list(weights), len(weights)
        self.squares, self.products = [[0.0] * n for _ in range(n)], [0.0] * n
        self.seen, self.terms = 0, None

    def predict(self, terms):
        self.terms, total = [float(x) for x in terms], 0.0
        for weight, x in zip(self.weights, self.terms):
            total += weight * x
        return total

    def learn(self, target):
        keep, rest, terms = 0.998, 1 - 0.998, self.terms
        for i, x in enumerate(terms):
            row = self.squares[i]
            for k in range(i + 1):
                row[k] = row[k] * keep + x * terms[k] * rest
            self.products[i] = self.products[i] * keep + x * target * rest
        self.seen += 1
        if self.seen % 16 == 0:
            self.solve()

    def solve(self):
        n = len(self.weights)
        root, inverse = [[0.0] * n for _ in range(n)], [0.0] * n
        for i in range(n):
            for k in range(i + 1):
                total = self.squares[i][k]
                for m in range(k):
                    total -= root[i][m] * root[k][m]
                if i != k:
                    root[i][k] = total * inverse[k]
                    continue
                total += 1.0
                if not 1e-9 < total < 1e30:
                    return
                inverse[i] = 1 / math.sqrt(total)
        half = []
        for i in range(n):
            total = self.products[i]
            for m in range(i):
                total -= root[i][m] * half[m]
            half.append(total * inverse[i])
        for i in reversed(range(n)):
            total = half[i]
            for m in range(i + 1, n):
                total -= root[m][i] * self.weights[m]
            self.weights[i] = total * inverse[i]
