"""What both coders of the codec las share, for the reference decoder: small numbers, the clock, the
tracks of x and y."""
import math


def s64(x):
    return (x + (1 << 63)) % (1 << 64) - (1 << 63)


def h(m):
    """Half octaves of a magnitude."""
    t = m.bit_length() - 1
    return m if m < 3 else 2 * t + (m >> t - 1 & 1)


def o(v):
    """Octaves of a number with its sign."""
    return 2 * abs(v).bit_length() - (v < 0)


def q(v):
    return 2 * h(abs(v)) - (v < 0)


def context(a, b=0, c=0):
    return ((a * 0x2F0B4C47 + b) * 0x7FEB352D + c * 0x846CA68B + 1) & 0xFFFFFFFF


def place_of(returns, wide):
    number, of = (returns & 15, returns >> 4 & 15) if wide else (returns & 7, returns >> 3 & 7)
    return 0 if of <= 1 else 1 if number <= 1 else 3 if number >= of else 2


def follows(returns, before, wide):
    mask = 15 if wide else 7
    return int(returns & ~mask == before & ~mask and returns & mask == (before & mask) + 1)


def bounded(number):
    return min(max(number, -1 << 33), 1 << 33)


def to_integer(x):
    if not -2.0**40 < x < 2.0**40:
        return 0
    return int(x - 0.5) if x < 0 else int(x + 0.5)


class Mean:
    """A running mean of magnitudes, in sixteenths."""

    def __init__(self):
        self.value = 0

    def add(self, v, shift=3):
        scaled = min(16 * abs(v), 1 << 28)
        self.value += scaled - self.value >> shift

    def context(self):
        return min(13, h(self.value) // 2)


class RestMemory:
    def __init__(self):
        self.entries = {}

    def knows(self, number):
        return int(self.entries.get(number % 8192, (None, 0))[0] == number)

    def recall(self, number):
        of, rest = self.entries.get(number % 8192, (None, 0))
        return rest if of == number else 0

    def learn(self, number, rest):
        self.entries[number % 8192] = number, rest


class Track:
    """Where a coordinate goes."""

    def __init__(self):
        self.slope, self.speeds = 0.0, [0.0] * 3

    def ahead(self, steps, risen):
        return self.slope * risen + sorted(self.speeds)[1] * steps

    def learn(self, moved, steps, risen, same):
        off = moved - self.slope * risen
        if same:
            self.slope += off * risen / (2 * risen * risen + 100)
            if not -1000 < self.slope < 1000:
                self.slope = 0.0
        elif 0 < steps < 64:
            self.speeds = [off / steps, *self.speeds[:2]]


class Clock:
    def __init__(self, tick, period):
        self.tick, self.period = tick, period
        self.time, self.place, self.late = 0, 0.0, 0.0

    def rounded(self, x):
        return math.floor(x + 0.5) if -2.0**62 < x < 2.0**62 else 0

    def beat(self, pulses):
        return self.late + float(pulses) * self.period

    def ticks(self, pulses, off):
        return s64(self.rounded(self.beat(pulses)) + off)

    def sixteenths(self, x):
        return int((x - math.floor(x)) * 16) & 15 if math.isfinite(x) else 0

    def beat_phase(self, pulses):
        return self.sixteenths(self.beat(pulses) + 0.5)

    def tick_phase(self, pulses, off):
        return self.sixteenths(self.place + float(self.ticks(pulses, off)) * self.tick + 0.5)

    def go(self, pulses, off, rest):
        ticks = self.ticks(pulses, off)
        at = self.place + float(ticks) * self.tick
        by = s64(self.rounded(at) + rest)
        missed = float(ticks) - self.beat(pulses)
        self.place = min(max(at - float(by), -0.5), 0.5)
        if not -3 < missed < 3 or pulses == 0:
            self.late = 0.0
        else:
            self.late = -missed * 0.875
            if 0 < pulses < 64:
                moved = self.period + missed * 0.004 / float(pulses)
                if moved >= 1:
                    self.period = moved
        self.time = s64(self.time + by)

    def set(self, time):
        self.time, self.place, self.late = time, 0.0, 0.0
