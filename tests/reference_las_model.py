"""The model of the codec las, for the reference decoder: docs/codecs/las.md in Python. How it decides
is in reference_las_mixing.py."""
from reference_checks import M32, M64
from reference_las_mixing import LeastSquares, Mixing, Number, Symbol
from reference_las_parts import (Mean, RestMemory, Track, bounded, context as c, follows, h, o,
                                 place_of, q, s64, to_integer)


# ---- Points ----
class Point:
    def __init__(self):
        self.x = self.y = self.z = self.intensity = 0
        self.colour = [0] * 4
        self.returns = self.place = self.classed = self.user = 0
        self.extra = b""


class Grid:
    """Where the points lie."""

    def __init__(self, cell, points):
        self.cell, self.log, self.slots = cell, 10, {}
        while self.log < 20 and 1 << self.log < 2 * points:
            self.log += 1

    def slot(self, i, j):
        key = (i // 8 * 0x9E3779B97F4A7C15 ^ j * 0xC2B2AE3D27D4EB4F) & M64
        return i % 8 + 8 * ((key * 0xD6E8FEB86659FD93 & M64) >> 67 - self.log)

    def add(self, point):
        self.slots[self.slot(point.x // self.cell, point.y // self.cell)] = point

    def find(self, x, y):
        """(point, distance)"""
        i, j = x // self.cell, y // self.cell
        for dj in -1, 0, 1:
            for di in -1, 0, 1:
                point = self.slots.get(self.slot(i + di, j + dj))
                if not point:
                    continue
                dx, dy = abs(point.x - x), abs(point.y - y)
                if dx <= 2 * self.cell and dy <= 2 * self.cell:
                    yield point, dx + dy


class Near:
    """Points near a place."""

    def __init__(self, model, x, y):
        one, now = model.one, model.now
        found = list(model.grid.find(x, y))
        # Stable: of equals the one met first.
        nearest = sorted(found, key=lambda of: of[1])
        alike = [of for of in nearest if of[0].place == now.place]
        self.x, self.y = x, y
        self.first, self.distance = nearest[0] if nearest else (one, 0)
        self.second = nearest[1][0] if len(nearest) > 1 else self.first
        self.alike = alike[0][0] if alike else model.like[now.place]
        self.mean_z = one.z
        if found:
            weights = total = 0.0
            for point, distance in found:
                d = float(distance) + 1
                weight = 1 / (d * d)
                weights += weight
                total += weight * float(point.z - one.z)
            self.mean_z = one.z + to_integer(total / weights)


class Model:
    def __init__(self, shape, is_full, coder, raw):
        self.shape, self.format = shape, shape.format
        self.mixing = mixing = Mixing(coder, raw, is_full)
        self.clock, self.grid = shape.clock, Grid(shape.cell, shape.points)
        self.one, self.two, self.like, self.coded = Point(), Point(), [Point()] * 4, 0
        self.same, self.pulses, self.flags = 0, 1, 0
        self.kind = Symbol(mixing, 4, 8)
        self.of_pulses, self.of_off = Number(mixing, 4, 7, 255), Number(mixing, 4, 8, 400)
        self.of_rest = Number(mixing, 3, 7, 255)
        self.kinds, self.last_pulses, self.last_off = 0, [0] * 4, [0] * 4
        self.last_rest = self.since_gap = 0
        self.of_returns, self.of_class = Symbol(mixing, 4, 9), Symbol(mixing, 4, 9)
        self.of_flags, self.of_user = Symbol(mixing, 4, 7), Symbol(mixing, 4, 7)
        self.of_angle, self.of_source = Number(mixing, 4, 7, 255), Number(mixing, 4, 7, 255)
        self.three_returns = self.four_returns = 0
        self.flag_run = self.last_flag_run = 0
        self.angle = self.angle_run = self.last_angle_run = 0
        self.last_angle_step = self.angle_before = 0
        self.source = self.source_step = self.user_run = self.other_user = 0
        self.axes = [Number(mixing, 3, 8, 300) for _ in range(3)]
        self.rests = [Number(mixing, 3, 6, 255) for _ in range(3)]
        self.memories, self.last_rests = [RestMemory() for _ in range(3)], [0] * 3
        self.tracks, self.sizes = (Track(), Track()), [Mean() for _ in range(4)]
        self.heights = (LeastSquares((0.3, 0.1, 0.2, 0.1, 0.3, 0, 0)),
                        LeastSquares((0.2, 0.1, 0.3, 0.2, 0.2, 0, 0)))
        self.z_sizes = [Mean() for _ in range(8)]
        self.residuals = [0] * 3
        self.of_intensity = Number(mixing, 3, 8, 300)
        self.tones = [LeastSquares((0.3, 0.3, 0.2, 0.2, 0, 0)) for _ in range(4)]
        self.tone_sizes, self.tone_means = [Mean() for _ in range(4)], [0] * 4
        self.copied, self.hits = Symbol(mixing, 4, 7), 0
        self.of_colours = [Number(mixing, 3, 8, 300) for _ in range(4)]
        self.colour_mix = [LeastSquares((0.3, 0.4, 0.3, 0, 0, 0)) for _ in range(4)]
        self.colour_sizes, self.missed = [Mean() for _ in range(4)], [0] * 4
        self.of_index, self.of_where = Symbol(mixing, 3, 7), Symbol(mixing, 3, 7)
        self.of_wave = [Number(mixing, 4, 7, 255) for _ in range(6)]
        self.wave = dict.fromkeys("index offset size location wavex wavey wavez".split(), 0)
        self.wave_lengths, self.wave_signs, self.where = [0] * 6, [0] * 6, 0
        self.copied_extra, self.of_extra = Symbol(mixing, 4, 7), Symbol(mixing, 4, 10)
        self.extra_hits = 0

    def decode(self):
        out = []
        for _ in range(self.shape.points):
            out.append(self.point())
            self.coded += 1
            self.mixing.rate = 250 + 1536000 // (512 + self.coded)
        self.mixing.coder.end()
        self.mixing.raw.end()
        return b"".join(out)

    def point(self):
        n, self.now = {}, Point()
        now = self.now
        if self.format.time:
            n["time"] = self.time()
        else:
            self.same = int(self.one.place in (1, 2))
        self.head(n)
        self.coordinates(n)
        reach = self.shape.cell // 4
        if abs(now.x - self.near.x) > reach or abs(now.y - self.near.y) > reach:
            self.near = Near(self, now.x, now.y)
        self.tone(n)
        self.classed(n)
        if self.format.colour:
            self.colours(n)
        if self.format.infrared:
            n["infrared"] = self.shape.lattices[7].value(self.colour(3))
        if self.format.wave:
            self.waveform(n)
        record = self.format.record(n)
        if self.shape.extra:
            now.extra = self.extra()
        self.grid.add(now)
        self.two, self.one = self.one, now
        self.like[now.place] = now
        return record + now.extra

    # ---- Time ----
    def time(self):
        one, two, clock, k = self.one, self.two, self.clock, self.kinds
        kind = self.kind.code([c(one.place, k & 1), c(one.returns, k & 15),
                               c(one.returns, two.returns, k & 3), c(one.place, k & 255)], 2)
        self.kinds = (2 * k + (kind == 0)) & M32
        self.same = int(kind == 0)
        if kind == 0:
            self.pulses = 0
        elif kind == 1:
            self.by_clock()
        else:
            clock.set(s64(self.mixing.raw.take(64)))
            self.pulses = 1 << 40
        return clock.time

    def by_clock(self):
        clock, p, f, returns = self.clock, self.last_pulses, self.last_off, self.one.returns
        more = self.of_pulses.code(
            [c(self.one.place), c(p[0], p[1], p[2] << 8 | p[3]), c(returns, p[0]),
             c(self.flags, p[0], h(self.since_gap))], p[0])
        pulses, a = s64(more + 1), o(more)
        b, n = clock.beat_phase(pulses), a if a < 3 else 3 + (a - 3) // 4
        off = self.of_off.code([c(n, b), c(n, f[0], b), c(n, f[0] << 8 | f[1], f[2] << 8 | f[3]),
                                c(n, f[0] + 3 * f[1] + 9 * f[2], b)], n)
        t = clock.tick_phase(pulses, off)
        rest = self.of_rest.code([c(t, int(a > 2)), c(a), c(self.last_rest, t)], t)
        clock.go(pulses, off, rest)
        self.last_pulses = [min(a, 31), *p[:3]]
        self.last_off = [min(o(off), 31), *f[:3]]
        self.last_rest = min(o(rest), 31)
        self.since_gap = 0 if a > 12 else self.since_gap + 1
        self.pulses = pulses

    # ---- Returns to source ----
    def head(self, n):
        one, now, two, same, wide = self.one, self.now, self.two, self.same, self.format.wide
        g, r1, r2, r3, r4 = (min(15, o(self.pulses)), one.returns, two.returns, self.three_returns,
                             self.four_returns)
        now.returns = n["returns"] = self.of_returns.code(
            [c(r1, same), c(r1, r2, same << 8 | r3), c(r1, g, one.classed),
             c(r1 << 8 | r2, r3 << 8 | r4, same)], 8 if wide else 6)
        now.place = place_of(now.returns, wide)
        if not self.format.time:
            self.same = follows(now.returns, one.returns, wide)
            self.pulses = 1 - self.same
        self.four_returns, self.three_returns = r3, r2
        same, f, u = self.same, self.flags, h(self.flag_run)
        flags = self.of_flags.code([c(f), c(f, g), c(f, same, now.returns),
                                    c(f, u, h(self.last_flag_run))], 8 if wide else 2)
        if flags != f:
            self.last_flag_run, self.flag_run = self.flag_run, 0
        else:
            self.flag_run += 1
        self.flags = n["flags"] = flags
        n["angle"] = self.angles(g, wide)
        n["user"] = now.user = self.users(g)
        step = self.of_source.code([c(same), c(g), c(self.source_step), c(flags)], same)
        self.source_step = o(step)
        self.source = n["source"] = self.source + step & 65535

    def angles(self, g, wide):
        self.angle_run += min(max(self.pulses, 0), 1 << 16)
        u, v, d, e = self.angle_run, self.last_angle_run, self.last_angle_step, self.angle_before
        w = 31 if v == 0 else min(30, u * 16 // v)
        step = self.of_angle.code([c(self.same, g), c(w, d), c(d, e, g), c(h(u), self.flags)], w // 2)
        if step:
            self.angle_before, self.last_angle_step = d, o(step)
            self.last_angle_run, self.angle_run = u, 0
        half = 1 << 15 if wide else 1 << 7
        self.angle = (self.angle + step + half) % (2 * half) - half
        return self.angle

    def users(self, g):
        u1, u2, v = self.one.user, self.two.user, self.other_user
        self.user_run += 1
        user = self.of_user.code([c(u1, self.same), c(u1, u2, v), c(u1, h(self.user_run), v),
                                  c(u1, self.now.returns, g)], 8)
        if user != u1:
            self.other_user, self.user_run = u1, 0
        return user

    # ---- Coordinates ----
    def coordinates(self, n):
        one, now = self.one, self.now
        self.steps = float(min(self.pulses, 1 << 20)) if self.pulses > 0 else 0.0
        self.g = min(15, o(self.pulses))
        self.near = Near(self, s64(one.x + to_integer(self.tracks[0].ahead(self.steps, 0.0))),
                         s64(one.y + to_integer(self.tracks[1].ahead(self.steps, 0.0))))
        now.z = self.height(n)
        now.x = self.axis(0, one.x, n, "x")
        now.y = self.axis(1, one.y, n, "y")

    def height(self, n):
        one, place, same, near = self.one, self.now.place, self.same, self.near
        terms = [z - one.z for z in (near.first.z, near.second.z, near.alike.z, self.like[place].z,
                                     near.mean_z, self.two.z)]
        heights = self.heights[same]
        p = s64(one.z + to_integer(heights.predict([*terms, 1])))
        size = self.z_sizes[4 * same + place]
        m = min(40, h(size.value))
        first, alike = near.first.z - p, near.alike.z - p
        number = bounded(s64(p + self.axes[2].code(
            [c(m, place, same), c(q(first), h(near.distance), place),
             c(o(first), o(alike), o(one.z - p))],
            min(15, m // 2))))
        n["z"] = self.value(2, number)
        self.residuals[2] = number - p
        size.add(number - p)
        heights.learn(float(number - one.z))
        return number

    def axis(self, axis, before, n, name):
        track, same, now = self.tracks[axis], self.same, self.now
        risen = float(now.z - self.one.z)
        p = s64(before + to_integer(track.ahead(self.steps, risen)))
        other = s64(before + to_integer(track.slope * risen + track.speeds[0] * self.steps))
        e = self.residuals[2] if axis == 0 else self.residuals[0]
        size = self.sizes[2 * axis + same]
        m = min(40, h(size.value))
        number = bounded(s64(p + self.axes[axis].code(
            [c(m, same), c(q(e), same, m // 3), c(q(other - p), self.g, m // 3)], min(15, m // 2))))
        n[name] = self.value(axis, number)
        self.residuals[axis] = number - p
        size.add(number - p)
        track.learn(float(number - before), self.steps, risen, same)
        return number

    def value(self, axis, number):
        lattice, memory = self.shape.lattices[axis], self.memories[axis]
        value = lattice.value(number)
        if lattice.exact:
            return value
        w, phase = memory.knows(number), lattice.phase(number)
        off = self.rests[axis].code([c(w), c(phase, w), c(phase, w, self.last_rests[axis])], phase)
        rest = s64(memory.recall(number) + off)
        memory.learn(number, rest)
        self.last_rests[axis] = o(off)
        return s64(value + rest)

    # ---- Intensity, class, colours ----
    def tone(self, n):
        now, place, near = self.now, self.now.place, self.near
        one, like, alike, first = (point.intensity for point in (self.one, self.like[place],
                                                                 near.alike, near.first))
        tones, mean = self.tones[place], self.tone_means[place]
        p = min(max(to_integer(tones.predict([one, like, alike, first, mean, 16])), 0), 65535)
        size = self.tone_sizes[place]
        m = min(40, h(size.value))
        off = self.of_intensity.code(
            [c(m, place), c(q(one - p), place, self.same), c(o(first - p), o(alike - p), place)], min(15, m // 2))
        now.intensity = p + off & 65535
        tones.learn(float(now.intensity))
        size.add(off)
        by = now.intensity - mean
        self.tone_means[place] += by // 16 if by >= 0 else -(-by // 16)
        n["intensity"] = self.shape.lattices[3].value(now.intensity)

    def classed(self, n):
        now, near, one = self.now, self.near, self.one
        c1, cf, cs, ca = one.classed, near.first.classed, near.second.classed, near.alike.classed
        now.classed = n["class"] = self.of_class.code(
            [c(c1, now.place), c(cf, o(now.z - near.first.z), now.place),
             c(cf, cs, now.place << 8 | ca), c(c1, self.two.classed, cf)], 8)

    def colours(self, n):
        now, near = self.now, self.near
        donors = [near.first, self.one, near.second]
        a, b, d = (donor.colour[:3] for donor in donors)
        w = (a == b) + 2 * (a == d) + 4 * (b == d)
        distance, copied = h(near.distance), 0
        for i, donor in enumerate(donors):
            if (i == 1 and w & 1) or (i == 2 and w & 6):
                continue
            x, y, z = abs(now.x - donor.x), abs(now.y - donor.y), abs(now.z - donor.z)
            copied = self.copied.code([c(i, h(x + y), w), c(i, self.hits & 63, w), c(i, h(x), h(y)),
                                       c(i, h(z), distance)], 1)
            self.hits = (2 * self.hits + copied) & M32
            if copied:
                now.colour = list(donor.colour)
                for size in self.colour_sizes[:3]:
                    size.add(0, 4)
                break
        if not copied:
            for i in range(3):
                self.colour(i)
        for i, name in enumerate(("red", "green", "blue")):
            n[name] = self.shape.lattices[4 + i].value(now.colour[i])

    def colour(self, i):
        now, one, first, second = self.now, self.one, self.near.first, self.near.second
        points = one, first, second
        changes = [now.colour[i - 1] - point.colour[i - 1] if i else 0 for point in points]
        mix, size = self.colour_mix[i], self.colour_sizes[i]
        p = mix.predict([point.colour[i] for point in points] + changes)
        p = min(max(to_integer(p), 0), 65535)
        m = min(40, h(size.value))
        d = q(changes[1]) if i else 0
        e = self.missed[i - 1] if i else 0
        off = self.of_colours[i].code(
            [c(m, e), c(o(one.colour[i] - p), o(first.colour[i] - p)),
             c(d, o(first.colour[i] - p))], min(15, m // 2))
        now.colour[i] = p + off & 65535
        mix.learn(float(now.colour[i]))
        size.add(off)
        self.missed[i] = q(off)
        return now.colour[i]

    # ---- Waveform, extra bytes ----
    def waveform(self, n):
        last, same, w, returns = self.wave, self.same, self.where, self.now.returns
        i = last["index"]
        n["index"] = self.of_index.code([c(i, same), c(i, returns), c(i, w, same)], 8)
        behind = s64(last["offset"] + last["size"])
        where = self.of_where.code([c(same, w), c(same, returns), c(same, w, n["index"])], 2)
        n["offset"] = last["offset"] if where == 0 else behind
        if where > 1:
            n["offset"] = s64(behind + self.wave_number(0))
        self.where = where
        n["size"] = last["size"] + self.wave_number(1) & M32
        for i, name in enumerate(("location", "wavex", "wavey", "wavez"), 2):
            n[name] = self.wave_float(i, last[name])
        self.wave = {name: n[name] for name in last}

    def wave_number(self, i):
        k, same, lengths = self.of_wave[i], self.same, self.wave_lengths
        number = k.code([c(same), c(same, lengths[i]),
                         c(same, lengths[i - 1] if i else 0, lengths[i]),
                         c(self.now.returns, same)], same)
        lengths[i] = k.length
        return -1 << 63 if self.mixing.coder.bit(1) else number

    def wave_float(self, i, before):
        def rising(bits):
            return bits if bits >= 0 else -(1 << 31) - 1 - bits

        k, same, lengths = self.of_wave[i], self.same, self.wave_lengths
        step = k.code([c(same), c(same, lengths[i]), c(same, self.wave_signs[i], lengths[i]),
                       c(self.now.place, same, self.where)], same)
        lengths[i] = k.length
        self.wave_signs[i] = 2 * self.wave_signs[i] & 7 | (step < 0)
        value = rising(before) + step
        return rising((value + (1 << 31)) % (1 << 32) - (1 << 31))

    def extra(self):
        now, one, near, size = self.now, self.one, self.near, self.shape.extra
        donors = [bytes(size)] * 3
        if self.coded:
            donors = [point.extra for point in (one, near.first, near.second)]
            a, b, d = donors
            e, distance = (a == b) + 2 * (a == d) + 4 * (b == d), h(near.distance)
            for i, donor in enumerate(donors):
                if (i == 1 and e & 1) or (i == 2 and e & 6):
                    continue
                hits = self.extra_hits
                copied = self.copied_extra.code(
                    [c(i, hits & 7, e), c(i, distance, e), c(i, hits & 63, self.same),
                     c(i, o(now.z - near.first.z), now.classed << 3 | e)], 1)
                self.extra_hits = (2 * hits + copied) & M32
                if copied:
                    return donor
        out, last, a = bytearray(), 0, donors[0]
        for j in range(size):
            y = int(self.coded > 0 and j > 0 and out[j - 1] == a[j - 1])
            out.append(self.of_extra.code([c(j), c(j, a[j], y), c(j, last & 65535),
                                           c(j, last & 255, a[j])], 8))
            last = (last << 8 | out[j]) & M32
        return bytes(out)
