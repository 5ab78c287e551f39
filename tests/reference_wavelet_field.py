"""Fields of the codec wavelet, for the reference decoder: docs/codecs/wavelet.md in Python."""
import math

from reference_checks import M64, need
from reference_coders import ADAPTIVE, Adaptive, BinaryDecoder, STRETCH, clamp, learn, squash

NAME = "wavelet"
GOLDEN = 0x9E3779B97F4A7C15
LOW, ACROSS, DOWN, BOTH = range(4)
FIRST_WEIGHTS = [0.2, 0.2, 0.06, 0.06, 0.03, 0.1, 0.02, 0.03, 0.02, 0.1, 0.03, 0.1, 0.03, 0.0]


# ---- The transform ----
def join_line(x):
    """x: the low half, then the high one."""
    n = len(x)
    if n < 2:
        return x
    half, out = (n + 1) // 2, [0.0] * n
    scale = 1 / 1.149604398860241
    for i in range(half):
        out[2 * i] = x[i] * scale
    for i in range(n // 2):
        out[2 * i + 1] = x[half + i] * 1.149604398860241
    for first, factor in ((0, -0.443506852043971), (1, -0.882911075530934),
                          (0, 0.052980118572961), (1, 1.586134342059924)):
        for i in range(first, n, 2):
            before = out[i - 1] if i else out[i + 1]
            after = out[i + 1] if i + 1 < n else out[i - 1]
            out[i] += factor * (before + after)
    return out


def levels_of(width, height):
    """The sizes before each level: (width, height, split across, split down)."""
    levels = []
    while width >= 5 or height >= 5:
        across, down = width >= 5, height >= 5
        levels.append((width, height, across, down))
        width, height = (width + 1) // 2 if across else width, (height + 1) // 2 if down else height
    return levels, width, height


def undo_plane(cells, width, levels):
    for w, h, across, down in reversed(levels):
        if down:
            for x in range(w):
                cells[x:h * width:width] = join_line(cells[x:h * width:width])
        if across:
            for y in range(h):
                cells[y * width:y * width + w] = join_line(cells[y * width:y * width + w])


# ---- Decisions ----
class Mixed:
    """Decisions of some inputs; sets of weights by any key."""

    def __init__(self, coder, inputs, first, limit, start=ADAPTIVE):
        self.coder, self.first, self.limit, self.start = coder, first, limit, start
        self.tables, self.weights = [{} for _ in range(inputs)], {}

    def bit(self, keys, of_set):
        states = [table.get(key, self.start) for table, key in zip(self.tables, keys)]
        inputs = [STRETCH[v >> 16] for v in states]
        weights = self.weights.setdefault(of_set, [self.first] * len(inputs))
        p = squash(clamp(sum(x * w for x, w in zip(inputs, weights)) >> 16, -2780, 2780))
        bit = self.coder.bit(p)
        error = 65536 * bit - p
        for i, (key, v) in enumerate(zip(keys, states)):
            weights[i] = clamp(weights[i] + (inputs[i] * error * 3 >> 16), -262144, 262144)
            self.tables[i][key] = learn(v, bit, self.limit)
        return bit


class Mask:
    """The model of classes of arraymix.md."""

    def __init__(self, coder, field, classes):
        self.coder, self.field, self.classes = coder, field, classes
        self.slots, self.weights, self.kinds = {}, {}, Adaptive(coder, 250)
        axes = [distance * field.height for distance, _ in field.axes] + [0, 0]
        self.near, self.far = axes[:2]
        self.rows = []
        for row in range(field.planes * field.height):
            self.rows.append([])
            for x in range(field.width):
                self.rows[-1].append(self.cell(row, x))

    def cell(self, row, x):
        y, height = row % self.field.height, self.field.height

        def at(up, right):  # rows above, columns to the right
            if y < up < height:
                return 0
            if not 0 <= x + right < self.field.width or up > row:
                return 1
            return int(self.rows[row - up][x + right] != 0)

        plane = near = far = 0
        for of in ((0, -1), (1, 0), (1, -1), (1, 1), (0, -2), (2, 0), (1, 2), (1, -2), (2, 1),
                   (2, -1), (0, -3), (3, 0)):
            plane = 2 * plane + at(*of)
        if self.near >= 3 and row >= self.near:
            for up, right in ((0, 0), (0, 1), (-1, 0), (0, -1), (1, 0), (0, 2), (-1, 1), (-1, -1)):
                near = 2 * near + at(self.near + up, right)
            near = 2 * near + 1
        if self.far >= 3 and row >= self.far:
            far = 2 * at(self.far, 0) + at(self.far, 1)
        contexts = (plane >> 6, plane << 10 | near << 1, (plane >> 8) << 12 | near << 2 | far,
                    plane << 12 | near << 2 | far)
        keys = [((4 * context + i) * GOLDEN & M64) >> 46 for i, context in enumerate(contexts)]
        states = [self.slots.get((i, key), ADAPTIVE) for i, key in enumerate(keys)]
        inputs = [STRETCH[v >> 16] for v in states]
        weights = self.weights.setdefault(near, [20000] * 4)
        stretched = clamp(clamp(sum(s * w for s, w in zip(inputs, weights)) >> 16, -4000, 4000))
        bit = self.coder.bit(clamp(squash(stretched), 4, 65532))
        error = 65536 * bit - squash(stretched)
        for i, (key, v) in enumerate(zip(keys, states)):
            weights[i] = clamp(weights[i] + (inputs[i] * error >> 16), -200000, 200000)
            self.slots[i, key] = learn(v, bit, 1000)
        if not bit or self.classes == 2:
            return bit
        left, node = self.rows[row][-1] if x else 0, 1
        left = 0 if left == 2 else left
        for _ in range(8):
            node = 2 * node + self.kinds.bit((left, node), 4, 65532)
        return min(node - 256 + 1, self.classes - 1)


# ---- A field ----
class Field:
    def __init__(self, code, planes, width, height, axes, specials):
        self.planes, self.width, self.height, self.axes = planes, width, height, axes
        self.specials, self.size = specials, planes * width * height
        self.levels_of_axes = [code.u8(5, "levels of an axis") for _ in axes]
        self.offset, self.step = code.take("2d")
        self.shifts = code.take("2b")
        self.correction, = code.take("d")
        need(all(map(math.isfinite, (self.offset, self.step, self.correction))),
             "wavelet: a step that is no number")
        self.coder = BinaryDecoder(code.bytes(code.varint()), NAME)
        self.exact, at = {}, -1
        for _ in range(code.varint(self.size, "exact values")):
            at += 1 + code.varint(self.size)
            need(at < self.size, "wavelet: an exact value behind the field")
            self.exact[at] = code.varint()
        self.levels, low_width, low_height = levels_of(width, height)
        self.bands = [(LOW, len(self.levels), 0, 0, low_width, low_height)]
        for depth in reversed(range(len(self.levels))):
            w, h, across, down = self.levels[depth]
            lw, lh = (w + 1) // 2 if across else w, (h + 1) // 2 if down else h
            for orientation, x, y, bw, bh in ((ACROSS, lw, 0, w - lw, lh), (DOWN, 0, lh, lw, h - lh),
                                              (BOTH, lw, lh, w - lw, h - lh)):
                if bw and bh:
                    self.bands.append((orientation, depth, x, y, bw, bh))

    def places(self, plane):
        return [plane // distance % places for distance, places in self.axes]

    def cells(self, numbers):
        """The bit patterns of all cells."""
        mask = Mask(self.coder, self, 1 + len(self.specials)).rows if self.specials else None
        self.classes = [of for row in mask for of in row] if mask else [0] * self.size
        coded = NumberCoder(self)
        corrections = Corrections(self, coded).values if self.correction else None
        self.coder.end()
        values = self.values(coded.planes)
        out = []
        for i, of in enumerate(self.classes):
            if of:
                out.append(self.specials[of - 1])
                continue
            x = values[i]
            if corrections:
                x += corrections[i] * self.correction
            out.append(numbers.pattern(x))
        for at, pattern in self.exact.items():
            need(pattern >> numbers.bits == 0, "wavelet: an exact value of too many bits")
            out[at] = pattern
        return out

    def coefficient(self, n):
        if n == 0:
            return 0.0
        moved = abs(n) - self.shifts[abs(n) > 1] / 256
        return -moved * self.step if n < 0 else moved * self.step

    def values(self, planes):
        of_plane = self.width * self.height
        values = []
        for plane in planes:
            cells = [self.coefficient(n) for n in plane]
            undo_plane(cells, self.width, self.levels)
            values += cells
        for (distance, places), levels in reversed([*zip(self.axes, self.levels_of_axes)]):
            for first in range(self.planes):
                if first // distance % places:
                    continue
                line = [first + k * distance for k in range(places)
                        if first + k * distance < self.planes]
                for level in reversed(range(levels)):
                    some = line[::1 << level]
                    for at in range(of_plane):
                        cells = [values[plane * of_plane + at] for plane in some]
                        joined = join_line(cells[::2] + cells[1::2])
                        for plane, value in zip(some, joined):
                            values[plane * of_plane + at] = value
        return [value + self.offset for value in values]


class NumberCoder:
    """The numbers of all planes."""

    def __init__(self, field):
        self.field, self.coder = field, field.coder
        self.log = min(15, 3 + field.size.bit_length())
        self.mixed = Mixed(self.coder, 6, 81920 // 6, 500)
        self.bits, self.low_signs = Adaptive(self.coder, 500), Adaptive(self.coder, 500)
        self.signs = Mixed(self.coder, 2, 40960, 500)
        self.weights, self.planes = {}, []
        for plane in range(field.planes):
            self.planes.append([0] * (field.width * field.height))
            near, far, t = self.before(plane)
            self.beside = None  # bands since the last one across
            for band in field.bands:
                if band[0] == LOW:
                    self.low(band, near)
                else:
                    self.band(band, near, far, t)

    def before(self, plane):
        """The planes near and far, None without, and T."""
        found, t = [], 0
        places = self.field.places(plane)
        for (distance, _), levels, place in zip(self.field.axes, self.field.levels_of_axes, places):
            zeros = (place & -place).bit_length() - 1 if place else levels
            band = zeros + 1 if zeros < levels else 0
            by = 1 << (band if band else levels)
            if place >= by:
                found.append(self.planes[plane - by * distance])
            if levels:
                t = min(3, band)
        found += [None, None]
        return found[0], found[1], t

    def magnitude(self, contexts, of_set, e, g):
        b = 0
        while b < 28:
            keys = [(((c * 32 + b) * 2 + g) * GOLDEN & M64) >> 64 - self.log for c in contexts]
            if not self.mixed.bit(keys, (of_set, b, g)):
                break
            b += 1
        if b == 0:
            return 0
        value = 1
        for i in range(b - 1):
            if i < 2:
                place = 0 if i == 0 else 1 + (value & 1)
                value = 2 * value + self.bits.bit((min(b, 15), place, min(e // 2, 15)), 64, 65472)
            else:
                value = 2 * value + self.coder.bit(32768)
        return value

    def low(self, band, near):
        _, _, x0, y0, width, height = band
        plane, stride, size = self.planes[-1], self.field.width, 0
        n = int(near is not None)

        def c(x, y):
            at = (y0 + y) * stride + x0 + x
            return plane[at] - (near[at] if near else 0)

        for y in range(height):
            for x in range(width):
                at = (y0 + y) * stride + x0 + x
                p = near[at] if near else 0
                if x and y:
                    by = c(x - 1, y) + c(x, y - 1)
                    p += half(by)
                elif x or y:
                    by = c(x - 1, y) if x else c(x, y - 1)
                    p += half(by) if near else by
                b = min(24, size.bit_length())
                contexts = (b, 32 + n, 64 + 8 * n + 2 * (x > 0) + (y > 0), 96 + b // 2, 128,
                            160 + 32 * n + b)
                residual = self.magnitude(contexts, 0, 0, 0)
                if residual and self.low_signs.bit(0, 64, 65472):
                    residual = -residual
                plane[at] = clamp(p + residual, -(1 << 28) + 1, (1 << 28) - 1)
                size = (3 * size + 16 * abs(residual)) // 4

    def band(self, band, near, far, t):
        orientation, depth, x0, y0, width, height = band
        plane, stride = self.planes[-1], self.field.width
        parent = next((of for of in reversed(self.field.bands[:self.field.bands.index(band)])
                       if of[0] == orientation), None)
        if orientation == ACROSS or self.beside is None:
            self.beside = []
        beside = list(self.beside)
        self.beside = [*self.beside[:1], band]
        weights = self.weights.setdefault((min(depth, 23), orientation), list(FIRST_WEIGHTS))

        def at(of_plane, x, y, of=band):
            if of_plane is None or of is None or not (0 <= x < of[4] and 0 <= y < of[5]):
                return 0
            return of_plane[(of[3] + y) * stride + of[2] + x]

        for y in range(height):
            for x in range(width):
                px, py = x // 2, y // 2
                nx, ny = (px + 1 if x & 1 else px - 1), (py + 1 if y & 1 else py - 1)

                def m(dx, dy, of_plane=plane):
                    return abs(at(of_plane, x + dx, y + dy))

                f = [m(-1, 0), m(0, -1), m(-1, -1) + m(1, -1), m(-2, 0) + m(0, -2),
                     m(2, -1) + m(-1, -2) + m(-2, -1) + m(1, -2)]
                for other in near, far:
                    f += m(0, 0, other), (m(-1, 0, other) + m(1, 0, other) + m(0, -1, other)
                                          + m(0, 1, other))
                f += (abs(at(plane, px, py, parent)),
                      abs(at(plane, nx, py, parent)) + abs(at(plane, px, ny, parent)),
                      sum(abs(at(plane, x, y, of)) for of in beside),
                      sum(abs(at(plane, x - 1, y, of))
                          + (abs(at(plane, x + 1, y, of)) if x + 1 < width else 0)
                          for of in beside), 0.25)
                estimate = 0.0
                for w, v in zip(weights, f):
                    estimate += w * v
                e_fine = quantised(max(estimate, 0.0))
                e = e_fine // 2
                lo = quantised((2 * (f[0] + f[1]) + f[2] + f[3]) / 4) // 2
                p = quantised((2 * f[5] + f[6] + 2 * f[7] + f[8]) / 4) // 4
                of_parent = quantised((2 * f[9] + f[10]) / 2) // 4
                g = quantised((2 * f[11] + f[12]) / 2) // 4
                k = 4 * min(depth, 3) + orientation
                contexts = (4 * e_fine + t, 16 * e + k, 16 * lo + p, 16 * of_parent + g,
                            27 * (3 * min(f[0], 2) + min(f[1], 2)) + 9 * min(f[2], 2)
                            + 3 * min(f[3], 2) + min(f[5], 2),
                            min(511, 16 * p + g + 256 * min(depth, 3)))
                n = self.magnitude(contexts, 1 + min(e // 4, 6), e, 1)
                total = 4.0
                for v in f:
                    total += v * v
                s = 0.08 * (n - estimate) / total
                for i, v in enumerate(f):
                    weights[i] += s * v
                if n and self.sign(at, x, y, near, far, plane, parent, orientation):
                    n = -n
                plane[(y0 + y) * stride + x0 + x] = n

    def sign(self, at, x, y, near, far, plane, parent, orientation):
        def of(n):
            return 0 if n == 0 else 1 if n > 0 else 2

        near, far = of(at(near, x, y)), of(at(far, x, y))
        first = 9 * of(at(plane, x - 1, y)) + 3 * of(at(plane, x, y - 1)) + near
        second = 9 * far + 3 * near + of(at(plane, x // 2, y // 2, parent))
        return self.signs.bit((4 * first + orientation, 4 * second + orientation), 0)


def half(x):
    return x // 2 if x >= 0 else -(-x // 2)


def quantised(v):
    u = math.floor(16 * min(max(v, 0), 1e9))
    if u < 4:
        return u
    bits = u.bit_length()
    return min(63, 4 * (bits - 2) + (u >> bits - 3 & 3))


class Corrections:
    def __init__(self, field, coded):
        self.field, self.coder, self.coded = field, field.coder, coded
        self.mixed = Mixed(self.coder, 4, 81920 // 4, 1000, (300 << 16) + 4)
        self.sizes = Adaptive(self.coder, 1000)
        self.flags, self.values = [0] * (field.size + 1), []
        for at in range(field.size):
            self.values.append(self.cell(at))
            self.flags[at] = int(self.values[-1] != 0)

    def cell(self, at):
        field, flags = self.field, self.flags
        if field.classes[at]:
            return 0
        width = field.width
        plane, in_plane = divmod(at, width * field.height)
        y, x = divmod(in_plane, width)

        def flag(dx, dy):
            return flags[at + dy * width + dx] if 0 <= x + dx < width and y + dy >= 0 else 0

        w, n, nw, ne = flag(-1, 0), flag(0, -1), flag(-1, -1), flag(1, -1)
        around, two = 8 * w + 4 * n + 2 * nw + ne, flag(-2, 0) + flag(0, -2)
        q = 2 * (y % 2) + x % 2
        a1, a2 = self.activity(plane, x, y, 1), self.activity(plane, x, y, 2)
        r = self.before(plane, at)
        contexts = (12 * around + 3 * q + two, 16 * a1 + 4 * q + min(3, w + n + nw + ne),
                    16 * a1 + a2, 16 * r + a2)
        if not self.mixed.bit(contexts, 0):
            return 0
        negative, size = self.coder.bit(32768), 1
        while size <= 126 and self.sizes.bit(min(size, 15), 16, 65520):
            size += 1
        return -size if negative else size

    def activity(self, plane, x, y, j):
        field, total = self.field, 0
        if j > len(field.levels) or not (field.levels[j - 1][2] and field.levels[j - 1][3]):
            return 0
        numbers, (w, h, _, _) = self.coded.planes[plane], field.levels[j - 1]
        bx, by = min(x >> j, w // 2 - 1), min(y >> j, h // 2 - 1)
        for orientation, depth, x0, y0, _, _ in field.bands:
            if orientation != LOW and depth == j - 1:
                total += abs(numbers[(y0 + by) * field.width + x0 + bx])
        return total if total < 6 else min(15, 3 + total.bit_length())

    def before(self, plane, at):
        r, of_plane = 0, self.field.width * self.field.height
        for (distance, _), place in zip(self.field.axes, self.field.places(plane)):
            if place:
                there = at - distance * of_plane
                r += 2 * self.flags[there] + self.flags[there + 1]
                r += self.flags[there - 1] if plane > distance else 0
        return min(r, 7)
