"""The payload of the codec las, for the reference decoder: docs/codecs/las.md in Python. What the
model asks of each field is in reference_las_model.py."""
import math

from reference_checks import need
from reference_coders import BinaryDecoder, Frequencies, Rans, RawBits, Reader, packed, unfold
from reference_las_model import Model
from reference_las_parts import (Clock, Mean, RestMemory, Track, bounded, follows, h, o, place_of,
                                 s64, to_integer)

NAME = "las"
PLAIN = 255


class Format:
    def __init__(self, number):
        self.wide, self.time = number >= 6, number not in (0, 2)
        self.colour, self.infrared = number in (2, 3, 5, 7, 8, 10), number in (8, 10)
        self.wave = number in (4, 5, 9, 10)
        fields = "x4 y4 z4 intensity2 "
        fields += ("returns1 flags1 class1 user1 angle2 source2" if self.wide else
                   "returns1 class1 angle1 user1 source2")
        fields += " time8" * self.time + " red2 green2 blue2" * self.colour
        fields += " infrared2" * self.infrared
        fields += " index1 offset8 size4 location4 wavex4 wavey4 wavez4" * self.wave
        self.fields = [(field[:-1], int(field[-1])) for field in fields.split()]
        self.size = sum(size for _, size in self.fields)

    def record(self, n):
        """The bytes of the numbers, by their names."""
        if not self.wide:
            n = n | {"returns": n["returns"] & 63 | (n["flags"] & 3) << 6}
        return b"".join((n[name] & (1 << 8 * size) - 1).to_bytes(size, "little")
                        for name, size in self.fields)


class Lattice:
    def __init__(self, reader=None):
        self.step, self.origin, self.exact = 1.0, 0, 1
        if reader:
            self.step, self.origin, self.exact = reader.take("diB")
            need(1 <= self.step <= 2.0**32 and self.exact <= 1, "las: a step out of range")

    def value(self, number):
        if self.step == 1:
            return self.origin + number
        by = float(number) * self.step
        return self.origin + (int(by - 0.5) if by < 0 else int(by + 0.5))

    def phase(self, number):
        by = float(number) * self.step
        return int((by - math.floor(by)) * 16) & 15


class Shape:
    """What stands in front of the points of a cloud."""

    def __init__(self, reader, of_format, extra, points):
        self.format, self.extra, self.points = of_format, extra, points
        present = reader.u8()
        self.lattices = [Lattice(reader if present >> i & 1 else None) for i in range(8)]
        self.clock = None
        if of_format.time:
            tick, period = reader.take("2d")
            need(1 <= tick <= 2.0**40 and 1 <= period <= 2.0**40, "las: a clock out of range")
            self.clock = Clock(tick, period)
        self.cell = reader.number(4)
        need(self.cell >= 1, "las: cells of no size")


# ---- The fast coder ----
FIELDS = [8, 6, 32, 16, 16, 16, 2, 4, 4, 1, 8, 112, 28, 28, 96, 56, 2, 14, 14, 14, 14, 14, 2]
(KIND, PULSES, OFF, TICK, RETURNS, CHANGES, FLAGS, ANGLE, USER, SOURCE, CLASS, Z, X, Y, REST,
 INTENSITY, COPY, RED, GREEN, BLUE, INFRARED, WAVE, EXTRA_COPY) = range(len(FIELDS))


class Tokens:
    """The token streams: symbols of all contexts."""

    def __init__(self, data, contexts, most):
        reader = Reader(data, NAME)
        lanes = 1 << reader.u8(7, "lanes")
        tables, runs, of_tables, raw, words = (reader.varint() for _ in range(5))
        need(tables <= sum(contexts), "las: too many tables")
        runs = Reader(reader.bytes(runs), NAME)
        of_tables, self.raw = reader.bytes(of_tables), RawBits(reader.bytes(raw), NAME)
        rans = Rans(reader.take(f"{lanes}I"), reader.take(f"{words}H"), NAME)
        reader.end()
        if tables:
            frequencies = Frequencies(of_tables, NAME)
            of_tables = [frequencies.next() for _ in range(tables)]
            frequencies.end()
        else:
            need(not of_tables, "las: frequencies of no tables")
        of_tables, rows = iter(of_tables), []
        for count in contexts:
            end = len(rows) + count
            while len(rows) < end:
                together = runs.varint(end - len(rows), "contexts with a table")
                need(together >= 1, "las: a table of no contexts")
                sizes = [runs.varint(most, "number of symbols") for _ in range(together)]
                most -= sum(sizes)
                need(most >= 0, "las: too many symbols")
                table = next(of_tables, None) if sum(sizes) else None
                need(table or not sum(sizes), "las: too few tables")
                rows += [(size, table) for size in sizes]
        runs.end()
        need(next(of_tables, None) is None, "las: a table is left over")
        self.rows = [iter([rans.symbol(table) for _ in range(size)]) for size, table in rows]
        rans.end()
        self.first = [sum(contexts[:i]) for i in range(len(contexts))]

    def symbol(self, field, context=0):
        value = next(self.rows[self.first[field] + context], None)
        need(value is not None, "las: too few symbols")
        return value

    def number(self, field, context=0):
        token = self.symbol(field, context)
        if token < 32:
            return unfold(token)
        if token == 255:
            return unfold(self.raw.take(64))
        bits = 6 + (token - 32) // 4
        need(bits <= 59, "las: no such token")
        return unfold((4 | token & 3) << bits - 3 | self.raw.take(bits - 3))

    def end(self):
        need(all(next(row, None) is None for row in self.rows), "las: symbols are left over")
        self.raw.end()


class Fast:
    def __init__(self, shape, section):
        self.shape, self.format = shape, shape.format
        columns = [1] * min(shape.extra, 64)
        most = shape.points * (64 + shape.extra) + 1
        self.tokens = Tokens(section.rest(), FIELDS + columns, most)
        self.clock, self.same, self.pulses, self.gap = shape.clock, 0, 1, 0
        names = ("x y z intensity returns flags class user angle source time red green blue "
                 "infrared index offset size location wavex wavey wavez").split()
        self.one = dict.fromkeys(names, 0)
        self.like = [self.one] * 4
        self.last_place = self.last_changes = 0
        self.at, self.upper, self.lower = [0, 0, 0], 0, 0
        self.tracks, self.sizes = (Track(), Track()), [Mean(), Mean()]
        self.z_sizes, self.rests = [Mean() for _ in range(8)], [RestMemory() for _ in range(3)]
        self.tones, self.tone_sizes = [0] * 4, [Mean() for _ in range(4)]
        self.colour, self.other_colour = [0, 0, 0], [0, 0, 0]
        self.colour_sizes = [Mean() for _ in range(4)]
        self.infrared = self.copied_extra = 0
        self.extra = bytes(shape.extra)

    def decode(self):
        out = []
        for _ in range(self.shape.points):
            out += self.point(), self.extra_bytes()
        self.tokens.end()
        return b"".join(out)

    def point(self):
        n = dict(self.one)
        if self.format.time:
            n["time"] = self.time()
        else:
            self.same = int(self.last_place in (1, 2))
        self.head(n)
        self.coordinates(n)
        self.tone(n)
        if self.format.colour:
            self.colours(n)
        if self.format.infrared:
            mean = self.colour_sizes[3]
            off = self.tokens.number(INFRARED, mean.context())
            mean.add(off, 2)
            self.infrared = self.infrared + off & 65535
            n["infrared"] = self.shape.lattices[7].value(self.infrared)
        if self.format.wave:
            self.wave(n)
        self.one = self.like[self.place] = n
        self.last_place = self.place
        return self.format.record(n)

    def time(self):
        tokens, clock = self.tokens, self.clock
        kind = tokens.symbol(KIND, 2 * self.last_place + self.same)
        self.same = int(kind == 0)
        if kind == 0:
            self.pulses = 0
        elif kind == 1:
            more = tokens.number(PULSES, min(5, self.gap))
            pulses, self.gap = s64(more + 1), o(more)
            off = tokens.number(OFF, clock.beat_phase(pulses) + (16 if self.gap > 1 else 0))
            rest = tokens.number(TICK, clock.tick_phase(pulses, off))
            clock.go(pulses, off, rest)
            self.pulses = pulses
        else:
            clock.set(s64(clock.time + tokens.number(PULSES, 0)))
            self.pulses, self.gap = 1, 0
        return clock.time

    def head(self, n):
        one, tokens, wide = self.one, self.tokens, self.format.wide
        mask = 15 if wide else 7
        number = one["returns"] + 1 if self.same else 1
        expected = one["returns"] & ~mask | number & mask
        context = 2 * self.last_place + self.same + (8 if self.pulses > 1 else 0)
        n["returns"] = (tokens.symbol(RETURNS, context) ^ expected) & (255 if wide else 63)
        self.place = place = place_of(n["returns"], wide)
        if not self.format.time:
            self.same = follows(n["returns"], one["returns"], wide)
            self.pulses = 1 - self.same
        like = self.like[place]["class"]
        changes = tokens.symbol(CHANGES, 4 * place + 2 * self.same + (self.last_changes != 0))
        self.last_changes = changes & 20
        for bit, name, field, context, before, mask in (
                (1, "flags", FLAGS, self.same, one["flags"], 255),
                (2, "angle", ANGLE, one["flags"] & 3, one["angle"], -1),
                (4, "user", USER, place, one["user"], 255),
                (8, "source", SOURCE, 0, one["source"], 65535),
                (16, "class", CLASS, 2 * place + (like == 2), like, 255)):
            n[name] = before
            if changes & bit:
                n[name] = s64(before + tokens.number(field, context)) & mask

    def value(self, axis, number):
        lattice = self.shape.lattices[axis]
        value = lattice.value(number)
        if lattice.exact:
            return value
        memory = self.rests[axis]
        context = 32 * axis + (16 if memory.knows(number) else lattice.phase(number))
        rest = s64(memory.recall(number) + self.tokens.number(REST, context))
        memory.learn(number, rest)
        return s64(value + rest)

    def coordinates(self, n):
        place, same = self.place, self.same
        z_before = self.at[2]
        like = self.upper if place < 2 else self.lower if place == 3 else z_before
        mean = self.z_sizes[2 * place + same]
        off = self.tokens.number(Z, 14 * (2 * place + same) + mean.context())
        z = bounded(s64(like + off))
        mean.add(z - like, 2)
        n["z"] = self.value(2, z)
        risen = float(z - z_before)
        steps = float(self.pulses if 0 < self.pulses < 1 << 20 else 0)
        off = 0
        for axis, name, field in (0, "x", X), (1, "y", Y):
            size = h(self.sizes[axis].value)
            size = size // 2 if axis == 0 else (size + 2 * h(off if off >= 0 else -off - 1)) // 4
            track, before = self.tracks[axis], self.at[axis]
            expected = s64(before + to_integer(track.ahead(steps, risen)))
            off = self.tokens.number(field, 14 * same + min(13, size))
            number = bounded(s64(expected + off))
            n[name] = self.value(axis, number)
            track.learn(float(number - before), steps, risen, same)
            self.sizes[axis].add(off, 2)
            self.at[axis] = number
        self.at[2] = z
        if place < 2:
            self.upper = z
        if place in (0, 3):
            self.lower = z

    def tone(self, n):
        mean = self.tone_sizes[self.place]
        off = self.tokens.number(INTENSITY, 14 * self.place + mean.context())
        mean.add(off, 2)
        tone = self.tones[self.place] = self.tones[self.place] + off & 65535
        n["intensity"] = self.shape.lattices[3].value(tone)

    def colours(self, n):
        copy, before = self.tokens.symbol(COPY, self.same), self.colour
        if copy:
            colour = self.other_colour
            if copy != 1:
                colour, moved = [], 0
                for i in range(3):
                    mean, expected = self.colour_sizes[i], before[i] + moved
                    off = self.tokens.number(RED + i, mean.context())
                    mean.add(off, 2)
                    colour.append(expected + off & 65535)
                    moved = colour[0] - before[0]
                    if i == 1:
                        moved = int((moved + colour[1] - before[1]) / 2)
            self.other_colour, self.colour = before, colour
        for i, name in enumerate(("red", "green", "blue")):
            n[name] = self.shape.lattices[4 + i].value(self.colour[i])

    def wave(self, n):
        one = self.one
        for i, name in enumerate(("index", "offset", "size", "location", "wavex", "wavey",
                                  "wavez")):
            expected = one[name]
            if name == "offset" and not self.same:
                expected = one["offset"] + one["size"]
            n[name] = s64(expected + self.tokens.number(WAVE, 2 * i + self.same))
        n["index"] &= 255
        n["size"] &= 0xFFFFFFFF

    def extra_bytes(self):
        if self.shape.extra == 0:
            return b""
        self.copied_extra = self.tokens.symbol(EXTRA_COPY, self.copied_extra) & 1
        if not self.copied_extra:
            self.extra = bytes(self.tokens.symbol(EXTRA_COPY + 1 + min(i, 63)) + byte & 255
                               for i, byte in enumerate(self.extra))
        return self.extra


def las(payload, raw_size, memory):
    reader = Reader(payload, NAME)
    need(reader.u8() == 1, "las: unknown version")
    mode, parts, left = reader.u8(2, "mode"), [], raw_size
    for _ in range(reader.varint(reader.left(), "number of parts")):
        number, size = reader.u8(), reader.varint(left, "size of a part")
        need(size >= 1 and (number <= 10 or number == PLAIN), "las: a part of an unknown kind")
        left -= size
        if number == PLAIN:
            parts.append((None, size, 0, 0))
            continue
        of_format, record = Format(number), reader.varint(65535, "record size")
        need(record >= of_format.size and size % record == 0, "las: wrong size of records")
        parts.append((of_format, size, record, reader.varint()))
    need(left == 0 and sum(part[0] is not None for part in parts) <= 64, "las: wrong parts")
    plain_size = sum(size for of_format, size, _, _ in parts if not of_format)
    plain, out = Reader(packed(reader, plain_size, reader.varint()), NAME), []
    for of_format, size, record, section in parts:
        if not of_format:
            out.append(plain.bytes(size))
            continue
        section = Reader(reader.bytes(section), NAME)
        shape = Shape(section, of_format, record - of_format.size, size // record)
        if mode == 0:
            out.append(Fast(shape, section).decode())
        else:
            raw = RawBits(section.bytes(section.varint()), NAME)
            coder = BinaryDecoder(section.rest(), NAME)
            out.append(Model(shape, mode == 2, coder, raw).decode())
    reader.end()
    return b"".join(out)
