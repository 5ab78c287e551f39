"""How the codec cloud models spinning sensors, for the reference decoder: the structures of
docs/codecs/cloud.md in Python. Each has the contexts of its slots and codes the coordinates."""
import math

from reference_checks import need

NAME = "cloud"


def s64(x):
    return (x + (1 << 63)) % (1 << 64) - (1 << 63)


def size_of(x):
    return abs(x).bit_length()


def length_size(length):
    units = length * 1024
    return size_of(int(units)) if -1e15 < units < 1e15 else 50


def signed_size(length):
    size = min(15, max(0, length_size(length) - 3))
    return 15 - size if length < 0 else 16 + size


def pair(x, y):
    return 16 * min(x, 15) + min(y, 15)


def over(a, b):  # IEEE division
    if b:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def root(x):
    return math.sqrt(x) if x >= 0 else math.nan


def within(x, low, high):
    return min(max(x, low), high)


class Mean:
    """A running mean of sizes."""

    def __init__(self, first):
        self.value = 16 * first

    def add(self, size):
        off = 16 * size - self.value
        self.value += off // 4 if off >= 0 else -(-off // 4)

    def halves(self):
        return self.value // 8


# ---- Turns ----
def then(a, b):
    return a[0] * b[0] - a[1] * b[1], a[1] * b[0] + a[0] * b[1]


def back(a):
    return a[0], -a[1]


def times(a, n):
    result, power, left = (1.0, 0.0), back(a) if n < 0 else a, abs(n)
    while left:
        if left & 1:
            result = then(result, power)
        power, left = then(power, power), left >> 1
    return result


def turn_by(t):
    q = t * t
    return (1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56))),
            t * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72)))))


class Coordinates:
    """The coordinates of the points so far, their neighbours and sizes."""

    def __init__(self, run, grids, points):
        self.run, self.grids, self.points = run, grids, points
        self.values = [[0] * points.count for _ in range(3)]

    def real(self, axis, point):
        return self.grids[axis].real(self.values[axis][point])

    def code(self, slot, context, axis, point, predicted, a, b, hint=None):
        """Of a value predicted as a real number; the size of the residual."""
        return self.code_value(slot, context, axis, point, self.grids[axis].nearest(predicted), a, b,
                               hint)

    def code_value(self, slot, context, axis, point, predicted, a, b, hint=None):
        residual = self.run.residual(slot, context, a, b, hint)
        self.values[axis][point] = s64(predicted + residual)
        return size_of(residual)


# ---- Sweep ----
class Cell:
    def __init__(self):
        self.u, self.range, self.steps, self.steps_before = (1.0, 0.0), 10.0, 2, 2
        self.size, self.point = 4, 0


class Sweep:
    slots = [36, 1, 72, 60, 48]
    STEPS, FAR, RANGE, SIDE, HEIGHT = range(5)

    def __init__(self, heads, count):
        self.step, = heads.take("d")
        need(1e-5 <= abs(self.step) <= 0.5, "cloud: steps of no angle")
        self.rings, last = [], [0, 0, 0]
        for _ in range(heads.varint(count, "number of rings")):
            points = heads.varint()
            last = [within(x + heads.folded(), -1 << 31, (1 << 31) - 1) for x in last]
            need(points >= 1, "cloud: an empty ring")
            self.rings.append((points, last[0] / 8192, last[1] / 8192, last[2] / 131072))
        need(sum(ring[0] for ring in self.rings) == count, "cloud: the rings are not the points")

    def walk(self, at):
        self.at, before, point = at, [], 0
        for ring in self.rings:
            before, point = self.ring(ring, before, point)

    def ring(self, ring, before, point):
        at = self.at
        count, side, height, slope = ring
        left = before[0] if before else Cell()
        size_before, range_before = left.size, left.range
        side_mean, height_mean, above, cells = Mean(3), Mean(3), 0, []
        for point in range(point, point + count):
            n, is_far = self.steps(left, before, above)
            u = then(left.u, times(turn_by(self.step), n))
            up, above = self.up(left, u, before, above)
            spread = length_size(abs(up.range - left.range) + abs(left.range - range_before))
            context = 3 * min(23, (2 * left.size + up.size + size_before) // 2 + 1)
            major = 0 if abs(u[0]) >= abs(u[1]) else 1
            u_major, u_minor = u[major], u[1 - major]
            t = side if major == 0 else -side
            size = at.code(self.RANGE, context + (2 if spread > 9 else int(spread > 6)), major, point,
                           left.range * u_major + t * u_minor,
                           8 * signed_size(up.range - left.range) + min(7, left.size // 2),
                           pair(left.size, up.size))
            ray = over(at.real(major, point) - t * u_minor, u_major)
            ray_size = length_size(ray) // 2
            context = 3 * min(19, side_mean.halves()) + (2 if is_far or n > 3 else int(size > 7))
            minor_size = at.code(self.SIDE, context, 1 - major, point, ray * u_minor - t * u_major,
                                 pair(size, ray_size), pair(within(n, 0, 15), side_mean.halves()))
            side_mean.add(minor_size)
            cell = Cell()
            cell.range, seen = self.seen(point, side)
            cell.u = self.believed(u, seen, 1.0 if is_far else 0.12)
            cell.steps, cell.steps_before = within(n, 0, 5), left.steps
            cell.size, cell.point = size, point
            context = 3 * min(15, height_mean.halves()) + (2 if size > 7 else int(size > 4))
            expected = height + slope * cell.range
            z_size = at.code(self.HEIGHT, context, 2, point, expected, pair(size, minor_size),
                             pair(ray_size, height_mean.halves()))
            height_mean.add(z_size)
            if z_size < 5:
                height += (at.real(2, point) - expected) * 0.06
            at.points.left[point] = left.point if cells else up.point
            at.points.up[point] = up.point if before else left.point
            at.points.sizes[point] = size
            range_before, size_before, left = left.range, left.size, cell
            cells.append(cell)
        return cells, point + 1

    def steps(self, left, before, above):
        """The steps from the cell before, and if they are far."""
        run = self.at.run
        next_above = before[min(above + 1, len(before) - 1)] if before else None
        beside = next_above.steps if next_above else 2
        by = next_above.range - left.range if next_above else 0
        symbol = run.symbol(self.STEPS, 6 * left.steps + beside,
                            6 * (6 * left.steps + left.steps_before) + beside,
                            6 * signed_size(by) + left.steps, 5)
        if symbol < 31:
            return symbol - 4, False
        return run.residual(self.FAR, 0), True

    def up(self, left, u, before, above):
        if not before:
            return left, above

        def away(cell):
            return cell.u[0] * u[1] - cell.u[1] * u[0]

        while above + 1 < len(before) and away(before[above + 1]) * self.step > 0:
            above += 1
        a, b = before[above], before[min(above + 1, len(before) - 1)]
        return a if abs(away(a)) < abs(away(b)) else b, above

    def seen(self, point, side):
        """The range and the direction."""
        x, y = self.at.real(0, point), self.at.real(1, point)
        q = x * x + y * y
        r = root(q - side * side) if q > side * side else 0.0
        if not q > 0:
            return r, (1.0, 0.0)
        k = over(1.0, q)
        return r, ((r * x - side * y) * k, (r * y + side * x) * k)

    def believed(self, u, m, part):
        x, y = u[0] + part * (m[0] - u[0]), u[1] + part * (m[1] - u[1])
        q = x * x + y * y
        if not 0.5 < q < 1.5:
            return m
        scale = 1.5 - 0.5 * q
        return x * scale, y * scale


# ---- Spin ----
class Spin:
    slots = [64, 1, 256, 8, 6]
    STEPS, FAR, DISTANCE, REST, STRAY = range(5)

    def __init__(self, heads, count):
        self.count = heads.varint(1 << 16, "steps of a turn")
        need(self.count >= 1, "cloud: no steps")
        fine, self.distance_step = heads.take("2d"), heads.take("d")[0]
        self.table, of_step = [(1.0, 0.0)], self.power(fine, 4096)
        for _ in range(self.count - 1):
            self.table.append(self.turned(self.table[-1], of_step))
        self.lasers, last = [], [0] * 5
        for _ in range(heads.varint(1024, "number of lasers")):
            last = [s64(x + heads.folded()) for x in last]
            phase = heads.folded()
            need(all(-1 << 40 < x < 1 << 40 for x in (*last, phase)) and last[0] >= 0,
                 "cloud: a laser out of range")
            points, slope, height, aside, turn = last
            t = slope / (1 << 24)
            self.lasers.append((points, t, height / 64, aside / 64,
                                self.power(fine, turn % (4096 * self.count)), phase / 256,
                                over(1.0, root(1 + t * t))))
        need(sum(laser[0] for laser in self.lasers) == count, "cloud: the lasers are not the points")

    def turned(self, a, b):
        return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]

    def power(self, turn, n):
        result, (c, s) = (1.0, 0.0), turn
        while n:
            if n & 1:
                result = self.turned(result, (c, s))
            c, s, n = c * c - s * s, 2 * c * s, n >> 1
        return result

    def walk(self, at):
        self.at, point, self.first = at, 0, 0
        # Distance, point and laser; behind the last four of the first stand again.
        self.cells = [(5000, 0, 0)] * (self.count + 4)
        for number, laser in enumerate(self.lasers, 1):
            self.laser(number, laser, point)
            point += laser[0]

    def laser(self, number, laser, begin):
        run, cells, points = self.at.run, self.cells, self.at.points
        place, gap, gap_before, size, size_before, rests = self.first, 1, 1, 4, 4, 0
        left = up_left = cells[place][0]
        for point in range(begin, begin + laser[0]):
            fired = sum((cells[place + k + 1][2] == number - 1) << k for k in range(4))
            n = run.symbol(self.STEPS, 16 * gap + fired,
                           16 * min(15, number - cells[place + 1][2]) + fired,
                           64 * gap + 16 * gap_before + min(15, number - cells[place + 2][2]), 5) - 4
            if n == 27:
                n = run.residual(self.FAR, 0)
            place = (place + n) % self.count
            gap, gap_before = within(n, 1, 4) - 1, gap
            up, cell = cells[place][0], cells[place]
            edge, off = min(15, size_of(s64(up - up_left))), min(15, size_of(s64(up - left)))
            context = 16 * min(15, (2 * size + size_before + 2) // 3 + (gap > 1))
            residual = run.residual(self.DISTANCE, context + max(edge, max(off, 2) - 2),
                                    (128 if s64(up - left) < 0 else 0) + 8 * off + min(7, size // 2),
                                    pair(size, edge))
            expected = s64(left + s64(up - up_left)) if edge < off else left
            distance = s64(expected + residual)
            size_before, size = size, size_of(residual)
            rests = self.rest(number, laser, point, self.place(laser, place, distance), rests)
            points.left[point] = point - 1 if point > begin else cell[1]
            points.up[point], points.sizes[point] = cell[1], size
            left, up_left = distance, up
            if point == begin:
                self.first = place
            cells[place] = distance, point, number
            if place < 4:
                cells[self.count + place] = cells[place]

    def place(self, laser, k, distance):
        _, t, v, h, turn, phase, to_level = laser
        c, s = self.turned(self.table[k], turn)
        w = (float(distance) + phase) * self.distance_step * to_level
        return self.rounded(w * c + h * s), self.rounded(w * s - h * c), self.rounded(w * t + v)

    def rounded(self, x):
        if not -9e15 < x < 9e15:
            return 0
        return int(x - 0.5) if x < 0 else int(x + 0.5)

    def rest(self, number, laser, point, place, rests):
        at, values = self.at, self.at.values
        symbol = at.run.symbol(self.REST, rests, rests, (number - 1) % 256, 5)
        if symbol < 27:
            for axis, by in enumerate((symbol // 9, symbol // 3 % 3, symbol % 3)):
                values[axis][point] = s64(place[axis] + by - 1)
        else:
            for axis in 0, 1:
                at.code_value(self.STRAY, axis, axis, point, place[axis], axis, 0)
            _, t, v, h = laser[:4]
            x, y = float(values[0][point]), float(values[1][point])
            q = x * x + y * y - h * h
            z = self.rounded((root(q) if q > 0 else 0.0) * t + v)
            at.code_value(self.STRAY, 2, 2, point, z, 2, 0)
        return (2 * rests + (symbol != 13)) % 8


# ---- Lasers ----
class Laser:
    def __init__(self):
        self.offset, self.slope, self.range, self.range_before = (1.0, 0.0), 0.0, 10.0, 10.0
        self.size, self.minor, self.height, self.major = 4, Mean(6), Mean(6), Mean(4)
        self.point, self.absent, self.known = 0, 0, False
        self.returned, self.returned_before, self.history = 1, 1, 255

    def saw(self, returned):
        self.returned_before, self.returned = self.returned, returned
        self.history = (2 * self.history + returned) % 256


class Lasers:
    """How a point that returned is coded; first: its first slot of contexts."""
    slots = [120, 80, 80, 80, 80, 80]
    RANGE, MINOR, HEIGHT, MAJOR, MINOR_OF_RAY, HEIGHT_OF_RAY = range(6)
    HINTS = 2  # the first slot of hints

    def __init__(self, at, first, unit):
        self.at, self.first, self.unit = at, first, unit
        self.o, self.rounds, self.weight = [0.0] * 3, 0, 0.0
        self.towards = self.expected = self.step = 1.0, 0.0

    def begin_round(self):
        by = then(self.towards, back(self.expected))[1]
        if -0.05 < by < 0.05:
            self.step = then(self.step, turn_by(by * (1 if self.rounds < 2 else 0.2)))
        self.rounds += 1
        self.towards = self.expected = then(self.towards, self.step)
        self.weight = 0.01 if self.rounds < 3 else 2.0

    def code(self, slot, laser, mean, size, axis, point, by, a):
        kind = 3 if not laser.known else 2 if size > 9 else int(size > 4)
        result = self.at.code(self.first + slot, 4 * min(19, mean.halves() // 2) + kind, axis, point,
                              self.o[axis] + by, a, pair(mean.halves() // 2, size),
                              self.HINTS + slot)
        mean.add(result)
        return result

    def measure(self, laser, beside, point):
        at, o = self.at, self.o
        look = then(self.towards, laser.offset)
        spread = length_size(abs(laser.range - laser.range_before)
                             + abs(beside.range - laser.range) * 0.25)
        k = (spread > 5) + (spread > 8) + (spread > 11) if laser.known else 4
        context = 5 * min(23, laser.size + beside.size + 1) + k
        hints = (8 * signed_size(beside.range - laser.range) + min(7, laser.size // 2),
                 pair(laser.size, beside.size), self.HINTS + self.RANGE)
        major = 0 if abs(look[0]) >= abs(look[1]) else 1
        minor, u_major, u_minor = 1 - major, look[major], look[1 - major]
        range_size = length_size(laser.range) // 2
        slant = root(1 + laser.slope * laser.slope)
        if self.unit > 0:
            residual = at.run.residual(self.first, context, *hints)
            size = size_of(residual)
            r = float(s64(self.to_units(laser.range) + residual)) * self.unit
            flat = over(r, slant)
            minor_size = self.code(self.MINOR, laser, laser.minor, size, minor, point,
                                   flat * u_minor, pair(size, range_size))
            height_size = self.code(self.HEIGHT, laser, laser.height, size, 2, point,
                                    flat * laser.slope, pair(minor_size, range_size))
            dm, dz = at.real(minor, point) - o[minor], at.real(2, point) - o[2]
            rest = r * r - dm * dm - dz * dz
            dx = root(rest) if rest > 0 else 0.0
            self.code(self.MAJOR, laser, laser.major, size, major, point,
                      -dx if u_major < 0 else dx, pair(minor_size, height_size))
        else:
            flat = over(laser.range, slant)
            size = at.code(self.first, context, major, point, o[major] + flat * u_major, *hints)
            ray = over(at.real(major, point) - o[major], u_major)
            minor_size = self.code(self.MINOR_OF_RAY, laser, laser.minor, size, minor, point,
                                   ray * u_minor, pair(size, range_size))
            dx, dy = at.real(0, point) - o[0], at.real(1, point) - o[1]
            self.code(self.HEIGHT_OF_RAY, laser, laser.height, size, 2, point,
                      root(dx * dx + dy * dy) * laser.slope, pair(minor_size, range_size))
        at.points.sizes[point] = size
        self.learn(laser, look, point, size)

    def to_units(self, r):
        units = r / self.unit
        return int(units + 0.5) if -1e12 < units < 1e12 else 0

    def learn(self, laser, look, point, size):
        dx, dy, dz = (self.at.real(axis, point) - self.o[axis] for axis in range(3))
        q = dx * dx + dy * dy
        laser.range_before, laser.range, laser.size = laser.range, root(q + dz * dz), size
        if not q > 1e-6:
            return
        f = root(q)
        slope, m = over(dz, f), (over(dx, f), over(dy, f))
        off = then(m, back(look))
        if not laser.known:
            laser.known, laser.slope = True, slope
            laser.offset = then(m, back(self.towards))
            return
        laser.slope += (slope - laser.slope) * 0.5
        if not off[0] > 0.9:
            return
        w = q if q < 100 else 100.0
        part = over(w, self.weight + w)
        self.weight += w
        self.towards = self.normal(then(self.towards, turn_by(off[1] * part)))
        laser.offset = self.normal(then(laser.offset, turn_by(off[1] * (1 - part) * 0.3)))

    def normal(self, a):
        scale = 1.5 - 0.5 * (a[0] * a[0] + a[1] * a[1])
        return a[0] * scale, a[1] * scale


def between(knots, knot, part, unit):
    """On the line from a knot to the next one."""
    a, b = (knots[min(k, len(knots) - 1)] for k in (knot, knot + 1))
    return [(float(x) + (y - x) * part) * unit for x, y in zip(a, b)]


def unit_of(heads):
    unit, = heads.take("d")
    need(unit == 0 or 1e-6 <= unit <= 1, "cloud: a unit out of range")
    return unit


class Firing:
    slots = [16, 6, *Lasers.slots]

    def __init__(self, heads, count):
        self.count, self.unit = heads.u8() + 1, unit_of(heads)
        knots = heads.varint(heads.left() // 3, "number of knots")
        axes = []
        for _ in range(3):
            values, by, last = [], 0, 0
            for _ in range(knots):
                by = within(heads.folded(), -1 << 31, (1 << 31) - 1) + by
                value = within(last + by, -1 << 31, (1 << 31) - 1)
                by, last = value - last, value
                values.append(value)
            axes.append(values)
        self.knots = [*zip(*axes)]

    def walk(self, at):
        self.at, self.coder = at, Lasers(at, 2, self.unit)
        self.lasers, self.drift = [Laser() for _ in range(self.count)], [0.0] * 3
        for number, begin in enumerate(range(0, at.points.count, self.count)):
            self.round(number, begin, min(begin + self.count, at.points.count))

    def round(self, number, begin, end):
        points, coder = self.at.points, self.coder
        if self.knots:
            knot, part = divmod(number, 32)
            place = between(self.knots, knot, part / 32, 1 / 131072)
            coder.o[:] = [x + drift for x, drift in zip(place, self.drift)]
        coder.begin_round()
        self.origin, beside = None, self.lasers[-1]
        for laser, point in zip(self.lasers, range(begin, end)):
            before = max(0, point - 1)
            points.left[point] = laser.point if laser.known else before
            points.up[point] = before
            returned = 1
            if self.knots:
                context = (laser.returned + 2 * laser.returned_before + 4 * beside.returned
                           + 8 * beside.returned_before)
                symbol = self.at.run.symbol(0, context, laser.history, beside.history, 1)
                returned = int(symbol != 0)
            laser.saw(returned)
            laser.point = point
            if returned:
                coder.measure(laser, beside, point)
            else:
                self.at_origin(point)
            beside = laser

    def at_origin(self, point):
        at, o, most = self.at, self.coder.o, 0
        for axis in range(3):
            predicted = self.origin[axis] if self.origin else at.grids[axis].nearest(o[axis])
            size = at.code_value(1, 2 * axis + (self.origin is not None), axis, point, predicted,
                                 axis, 0)
            most, seen = max(most, size), at.real(axis, point)
            if self.origin is None:
                self.drift[axis] += (seen - o[axis]) * 0.5
            o[axis] = seen
        self.origin = [values[point] for values in at.values]
        at.points.sizes[point] = most


class Rounds:
    slots = [64, *Lasers.slots]

    def __init__(self, heads, count):
        self.unit, axes = unit_of(heads), []
        for _ in range(3):
            values, last = [], 0
            for _ in range((count + 4095) // 4096 + 1):
                last = within(last + within(heads.folded(), -1 << 31, (1 << 31) - 1), -1 << 31,
                              (1 << 31) - 1)
                values.append(last)
            axes.append(values)
        self.knots = [*zip(*axes)]

    def walk(self, at):
        self.at, self.coder, points = at, Lasers(at, 1, self.unit), at.points
        self.lasers, self.beside, self.next = [], Laser(), 0
        for point in range(points.count):
            if point % 16 == 0:
                knot, part = divmod(point, 4096)
                self.coder.o[:] = between(self.knots, knot, part / 4096, 1 / 1024)
            number = self.find()
            laser, beside, before = self.lasers[number], self.beside, max(0, point - 1)
            points.left[point] = laser.point if laser.known else before
            points.up[point] = before
            self.coder.measure(laser, beside, point)
            laser.point, laser.absent = point, 0
            laser.saw(1)
            beside.history, beside.range, beside.size = laser.history, laser.range, laser.size
            beside.returned = 1
            self.next = number + 1

    def find(self):
        passed = 0
        while True:
            if self.next >= len(self.lasers):  # the round is over
                self.next = 0
                self.lasers = [laser for laser in self.lasers if laser.absent < 200]
                self.coder.begin_round()
            if passed >= len(self.lasers):
                return self.join()
            laser, beside = self.lasers[self.next], self.beside
            context = (8 * min(7, size_of(laser.absent)) + 4 * laser.returned_before
                       + 2 * beside.returned + (laser.size > 9))
            symbol = self.at.run.symbol(0, context, laser.history, beside.history, 2)
            if symbol == 1:
                return self.next
            if symbol == 2:
                return self.join()
            laser.absent = min(200, laser.absent + 1)
            laser.saw(0)
            beside.returned, beside.history = 0, laser.history
            self.next, passed = self.next + 1, passed + 1

    def join(self):
        if len(self.lasers) == 128:
            self.lasers[self.next] = Laser()
        else:
            self.lasers.insert(self.next, Laser())
        return self.next


SHAPES = {1: Sweep, 2: Firing, 3: Rounds, 4: Spin}
