"""The payload of the codec log, for the reference decoder: docs/codecs/log.md in Python."""
import bisect

from reference_bwt import KNOTS, STRETCH, clamp, learn, sorted_text, squash
from reference_checks import M32, M64, need
from reference_coders import BinaryDecoder, Reader, zstd_frame

NAME = "log"
POOLS = 11
TEMPLATES, LOW, HIGH, SLOTS, TYPES, WORDS, VALUES, PLACES, PLACES_HIGH, NUMBERS, NUMBERS_HIGH = range(
    POOLS)
GOLDEN = 0x9E3779B97F4A7C15
DELIMITERS = b' \t,"([{=|'


# ---- Mixed streams ----
def hashed(order, x):
    y = (x + 1) * GOLDEN + order * 0xD1B54A32D192ED03 & M64
    return ((y ^ y >> 29) * 0xBF58476D1CE4E5B9 & M64) >> 32


class Match:
    def __init__(self):
        self.table, self.place, self.length = {}, 0, 0
        self.counters = [1 << 31] * 16

    def begin(self, data, history):
        if len(data) < 5:
            return
        slot = (history % (1 << 40) * GOLDEN & M64) >> 50
        place, self.table[slot] = self.table.get(slot, 0), len(data)
        if self.length == 0 and place > 0:
            length = 0
            while length < min(32, place) and data[place - 1 - length] == data[-1 - length]:
                length += 1
            if length >= 5:
                self.place, self.length = place, length

    def after(self, data):
        if self.length:
            if data[self.place] == data[-1]:
                self.place, self.length = self.place + 1, min(64, self.length + 1)
            else:
                self.length = 0


class Mixed:
    def __init__(self, payload, size, is_text):
        self.coder, self.is_text = BinaryDecoder(payload, NAME), is_text
        self.bits_of_lines = min(14, max(8, size.bit_length() + 1))
        self.inputs = 7 if is_text else 4
        self.lines = [{} for _ in range(6 if is_text else 4)]
        self.weights, self.maps, self.match = {}, {}, Match()
        history = word = 0
        self.data = bytearray()
        for _ in range(size):
            contexts = [hashed(i, history % (1 << 8 * i)) for i in range(1, 5 if is_text else 4)]
            if is_text:
                contexts += [hashed(5, history % (1 << 48)), hashed(6, word)]
                self.match.begin(self.data, history)
            else:
                contexts.append(0x9E3779B9)
            byte = self.byte(contexts)
            self.data.append(byte)
            if is_text:
                self.match.after(self.data)
            history = (history << 8 | byte) & M64
            if byte >= 128 or 97 <= byte | 32 <= 122:
                word = (word + byte) * 0x2F0B4C47 & M64
            else:
                word = (word << 8 | 32) & M64 if byte == 32 else byte

    def line(self, i, context, n):
        h = (context + n * 0x2545F491) * 0x9E3779B1 & M32
        slot = h >> 32 - self.bits_of_lines
        check, line = self.lines[i].get(slot, (None, None))
        if check != h & 65535:
            line = [1 << 31] * 15
            self.lines[i][slot] = h & 65535, line
        return line

    def byte(self, contexts):
        node = 1
        for known in range(8):
            if known % 4 == 0:
                lines = [self.line(i, c, node if known else 0) for i, c in enumerate(contexts)]
            j = known % 4
            place = node - 1 if known < 4 else (1 << j) + node % (1 << j) - 1
            node = 2 * node + self.bit(lines, place, node, known)
        return node - 256

    def bit(self, lines, place, node, known):
        match, state, expected = self.match, 0, 0
        if match.length and (self.data[match.place] | 256) >> 8 - known == node:
            state = 1 if match.length < 8 else 2 if match.length < 16 else 3
            expected = self.data[match.place] >> 7 - known & 1
        inputs = [STRETCH[line[place] >> 20] for line in lines]
        of_match = min(match.length, 15)
        if self.is_text:
            s = STRETCH[match.counters[of_match] >> 20]
            inputs.append((s if expected else -s) if state else 0)
        if (state, known) not in self.weights:
            self.weights[state, known] = [[91750 // self.inputs] * self.inputs, 0]
        of_set = self.weights[state, known]
        weights, seen = of_set
        t = clamp(sum(map(int.__mul__, inputs, weights)) >> 16)
        p, j, w = squash(t), *divmod(t + 2048, 128)
        key = node + (256 if state else 0)
        if key not in self.maps:
            self.maps[key] = [squash(clamp(-2048 + 128 * i)) for i in range(len(KNOTS))]
        knots = self.maps[key]
        q = (knots[j] * (128 - w) + knots[j + 1] * w) // 128
        bit = self.coder.bit((p + q) // 2)
        j += w >= 64
        knots[j] += 65535 * bit - knots[j] >> 6
        error = (65536 * bit - p) * (4 + 20000 // (1000 + 256 * min(79, seen // 256)))
        of_set[0] = [x + (i * error + (1 << 15) >> 16) for x, i in zip(weights, inputs)]
        of_set[1] += 1
        for line in lines:
            line[place] = learn(line[place], bit, 250)
        if state:
            match.counters[of_match] = learn(match.counters[of_match], bit == expected, 250)
        return bit


# ---- Streams ----
def decode_stream(data, back_end, raw_size):
    if back_end == 0:
        return data
    if back_end == 1:
        return zstd_frame(b"\x28\xB5\x2F\xFD" + data, raw_size, NAME)
    if back_end == 2:
        return sorted_text(data, raw_size, NAME)[0]
    return bytes(Mixed(data, raw_size, back_end == 3).data)


class Streams:
    def __init__(self, reader, most):
        own, entries, total = reader.varint(reader.left(), "number of streams"), [], 0
        for i in range(POOLS + own):
            raw_size = reader.varint(most - total, "raw size")
            total += raw_size
            if raw_size == 0:
                need(i < POOLS, "log: an empty stream")
                entries.append((i, 0, 0, 0))
                continue
            pool, back_end = divmod(reader.u8(), 16)
            need(back_end <= 4 and (pool == i if i < POOLS else WORDS <= pool < POOLS),
                 "log: a stream of an unknown kind")
            entries.append((pool, back_end, raw_size, reader.varint() if back_end else raw_size))
        streams = []
        for pool, back_end, raw_size, size in entries:
            data = decode_stream(reader.bytes(size), back_end, raw_size) if raw_size else b""
            need(len(data) == raw_size, "log: wrong size of a stream")
            streams.append((pool, Reader(data, NAME)))
        self.pools, self.own = [pool for _, pool in streams[:POOLS]], iter(streams[POOLS:])

    def run(self, pool, size):
        if size < 4096:
            return self.pools[pool].bytes(size)
        of, reader = next(self.own, (None, None))
        need(of == pool and reader.left() == size, "log: another stream is needed")
        return reader.rest()

    def end(self):
        need(next(self.own, None) is None, "log: a stream is left over")
        for pool in self.pools:
            pool.end()


# ---- Templates ----
def mix(x, v):
    y = (x ^ v) * GOLDEN & M64
    return y ^ y >> 32


def hash_of(text):
    x = mix(0x243F6A8885A308D3, len(text))
    while len(text) > 8:
        x, text = mix(x, int.from_bytes(text[:8], "little")), text[8:]
    size = len(text)
    if size == 8:
        rest = int.from_bytes(text, "little")
    elif size >= 4:
        rest = int.from_bytes(text[:4], "little") | int.from_bytes(text[-4:], "little") << 32
    elif size:
        rest = text[0] | text[size // 2] << 8 | text[-1] << 16
    else:
        rest = 0
    return mix(x, rest)


def is_word(byte):
    return byte >= 128 or chr(byte).isalnum()


def word_end(text, at):
    """Where the last word before `at` ends; 0: there is none."""
    while at and not is_word(text[at - 1]):
        at -= 1
    return at


def word_begin(text, at):
    while at and text[at - 1] not in DELIMITERS:
        at -= 1
    return at


def key_of(text, before):
    end = word_end(text, len(text))
    if end == 0:
        return mix(hash_of(text[-40:]), before)
    begin = word_begin(text, end)
    if end - begin < 4 and text[end:end + 1] != b"\t":
        earlier = word_end(text, begin)
        if earlier:
            earlier = word_begin(text, earlier)
            if len(text) - earlier <= 40:
                begin = earlier
    return mix(hash_of(text[begin:][-40:]), 0)


def read_templates(streams, count):
    """Each: its fixed texts, and for each slot its column, or minus how many slots before it the
    value stands; and the number of columns."""
    text, slots = streams.pools[TEMPLATES], streams.pools[SLOTS]
    templates, columns_of, columns = [], {}, 0
    for _ in range(count):
        pieces, taken, key = [bytearray()], [], 1
        while (byte := text.u8()) != 10:
            if byte != 1:
                pieces[-1].append(text.u8() if byte == 3 else byte)
                continue
            key = key_of(bytes(pieces[-1]), key)
            choice = slots.varint()
            if choice == 0:
                taken.append(-slots.varint(len(taken), "a copy"))
                need(taken[-1] < 0, "log: a copy of itself")
            else:
                of_key = columns_of.setdefault(key, [])
                need(choice <= len(of_key) + 2, "log: no such column")
                if choice == len(of_key) + 2:
                    of_key.append(slots.varint(columns - 1, "an earlier column"))
                    choice -= 1
                elif choice > len(of_key):
                    of_key.append(columns)
                    columns += 1
                taken.append(of_key[choice - 1])
            pieces.append(bytearray())
        templates.append((pieces, taken))
    return templates, columns


# ---- Columns ----
def last_digits(v, width):
    return b"%0*d" % (width, v % 10**width)


class Columns:
    def __init__(self, streams, counts, lines_of, templates_of):
        """counts: values of each column; lines_of: the lines that they are in."""
        self.streams, self.types = streams, streams.pools[TYPES]
        links = []
        for _ in range(self.types.varint(len(counts), "number of links")):
            column, other = self.types.varint(), self.types.varint()
            links.append((column, other >> 1, other & 1))
        linked = [column for column, _, _ in links]
        need(len(set(linked)) == len(linked) and all(c < len(counts) for c in linked),
             "log: a column is linked twice")
        self.values, self.numbers = [None] * len(counts), [None] * len(counts) + [templates_of]
        self.kinds = [None] * len(counts) + [3]
        for i, count in enumerate(counts):
            if i not in linked:
                self.values[i] = self.column(count, 0, i)
        lines_of = [*lines_of, range(len(templates_of))]
        for column, other, kind in links:
            need(other <= len(counts) and other not in linked, "log: a link to a linked column")
            need(self.kinds[other] == (1 if kind else 3), "log: a link to a column of another type")
            partners = [bisect.bisect_right(lines_of[other], line) - 1
                        for line in lines_of[column]]
            partners = [self.numbers[other][p] if p >= 0 else None for p in partners]
            self.values[column] = self.difference(partners) if kind else self.as_before(partners)

    def difference(self, partners):
        form = self.format()
        return [form(v + (p or 0) & M64) for v, p in zip(self.read_numbers(len(partners)), partners)]

    def as_before(self, partners):
        misses = self.types.varint(len(partners), "number of misses")
        flags = self.flags(self.types.varint(len(partners), "number of flags"))
        need(misses >= 1, "log: no misses")
        values, last, out = iter(self.column(misses, 0)), {}, []
        for partner in partners:
            flag = 0
            if partner in last:
                flag = next(flags, None)
                need(flag is not None, "log: too few flags of a linked column")
            if not flag:
                last[partner] = next(values, None)
                need(last[partner] is not None, "log: too few values of a linked column")
            out.append(last[partner])
        need(next(values, None) is None and next(flags, None) is None,
             "log: values of a linked column are left over")
        return out

    def flags(self, count):
        data = self.streams.run(PLACES, (count + 7) // 8)
        return iter([data[i // 8] >> i % 8 & 1 for i in range(count)])

    def text(self):
        out = bytearray()
        while byte := self.types.u8():
            out.append(byte)
        return bytes(out)

    def column(self, count, depth, number=None):
        """number: of a column whose numbers or places others may ask for."""
        need(depth <= 5, "log: columns too deep in each other")
        kind = self.types.u8(6, "type of a column")
        if number is not None:
            self.kinds[number] = kind
        if kind == 0:
            value = self.streams.run(WORDS, self.types.varint())
            need(value[-1:] == b"\n", "log: a constant without an end")
            return [value[:-1]] * count
        if kind == 1:
            form, numbers = self.format(), self.read_numbers(count)
            if number is not None:
                self.numbers[number] = numbers
            return [form(v) for v in numbers]
        if kind == 2:
            pieces = self.text().split(b"\1")
            columns = [self.column(count, depth + 1) for _ in pieces[1:]]
            if not columns:
                return pieces * count
            return [self.join(pieces, values) for values in zip(*columns)]
        if kind == 3:
            words = self.types.varint(count, "number of words")
            need(words >= 1, "log: an empty dictionary")
            values, places = self.column(words, depth + 1), self.read_numbers(count, True)
            need(all(place < words for place in places), "log: no such word")
            if number is not None:
                self.numbers[number] = places
            return [values[place] for place in places]
        if kind == 4:
            pool = self.types.u8()
            need(pool in (WORDS, VALUES), "log: values in no such pool")
            values = self.streams.run(pool, self.types.varint()).split(b"\n")
            need(len(values) == count + 1 and values[-1] == b"", "log: wrong number of values")
            return values[:-1]
        if kind == 5:
            exceptions = self.types.varint(count - 1, "number of exceptions")
            flags = [*self.flags(count)]
            need(exceptions >= 1 and sum(flags) == exceptions, "log: wrong number of exceptions")
            usual = iter(self.column(count - exceptions, depth + 1))
            rest = iter(self.column(exceptions, depth + 1))
            return [next(rest) if flag else next(usual) for flag in flags]
        return self.hexadecimal(count)

    def join(self, pieces, values):
        return pieces[0] + b"".join(v + piece for v, piece in zip(values, pieces[1:]))

    def hexadecimal(self, count):
        letter = self.types.u8()
        need(letter in b"aA", "log: no letter for ten")
        pieces = self.text().split(b"\1")
        digits, left = [b""] * count, len(pieces) - 1
        need(len(pieces) + sum(map(len, pieces)) - 1 <= 256, "log: too many digits")
        while left:
            width = min(16, left)
            numbers = self.read_numbers(count)
            need(all(v >> 4 * width == 0 for v in numbers), "log: too many digits")
            digits = [d + (b"%0*x" if letter == 97 else b"%0*X") % (width, v)
                      for d, v in zip(digits, numbers)]
            left -= width
        return [self.join(pieces, [d[i:i + 1] for i in range(len(d))]) for d in digits]

    def read_numbers(self, count, places=False):
        width, differences = divmod(self.types.u8(17, "width of numbers"), 2)
        base = 0 if places else self.types.varint()
        pools = (PLACES, PLACES_HIGH) if places else (NUMBERS, NUMBERS_HIGH)
        runs = [self.streams.run(pools[i > 0], count) for i in range(width)]
        numbers = [int.from_bytes(bytes(v), "little") for v in zip(*runs)] if runs else [0] * count
        if not differences:
            return [v + base & M64 for v in numbers]
        out, last = [], base
        for v in numbers:
            last = last + (v >> 1 ^ -(v & 1)) & M64
            out.append(last)
        return out

    def format(self):
        kind = self.types.u8(5, "format of numbers")
        if kind in (1, 2):
            width = self.types.u8(19, "width of numbers")
            need(width >= 1, "log: numbers without a digit")
            if kind == 1:
                return lambda v: last_digits(v, width)
            return lambda v: (b"%d" % (v % 10**width)).rjust(width)
        if kind == 3:
            return lambda v: b"-%d" % ((v + 1) // 2) if v & 1 else b"%d" % (v // 2)
        if kind in (4, 5):
            digits, character = self.types.u8(9, "number of digits"), self.types.bytes(1)
            need(kind == 4 or digits, "log: a point without digits")

            def form(v):
                s, rest = v // 10**digits, last_digits(v, digits) if digits else b""
                if kind == 5:
                    return b"%d.%s" % (s, rest)
                time = b"%02d:%02d:%02d" % (s // 3600 % 100, s // 60 % 60, s % 60)
                return time + character + rest if digits else time
            return form
        return lambda v: b"%d" % v


def log(payload, raw_size, memory):
    reader = Reader(payload, NAME)
    head = reader.varint()
    lines, flags = head >> 3, head & 7
    need(1 <= lines <= raw_size + 1, "log: wrong number of lines")
    count = reader.varint(65536, "number of templates")
    size = reader.u8(14, "size of the trigrams")
    need(count >= 1, "log: no templates")
    if size:
        reader.bytes(1 << size)
    streams = Streams(reader, min(1 << 30, 1024 * memory))
    reader.end()
    templates, columns = read_templates(streams, count)
    of_lines = [*streams.pools[LOW].bytes(lines)]
    if count > 256:
        of_lines = [low | high << 8
                    for low, high in zip(of_lines, streams.pools[HIGH].bytes(lines))]
    need(all(of < count for of in of_lines), "log: no such template")
    lines_of = [[] for _ in range(columns)]
    for line, of in enumerate(of_lines):
        for slot in templates[of][1]:
            if slot >= 0:
                lines_of[slot].append(line)
    values = Columns(streams, [*map(len, lines_of)], lines_of, of_lines).values
    streams.end()
    next_of, out, total = [iter(of) for of in values], [], 0
    for of in of_lines:
        pieces, slots = templates[of]
        taken = []
        for slot in slots:
            taken.append(taken[slot] if slot < 0 else next(next_of[slot]))
        line = bytes(pieces[0]) + b"".join(v + piece for v, piece in zip(taken, pieces[1:]))
        total += len(line) + 1
        need(total <= raw_size + 1, "log: the lines are longer than the block")
        out.append(line)
    raw = b"\n".join(out) + (b"\n" if flags & 1 else b"")
    need(flags >> 1 & 1 == (0 in raw) and flags >> 2 & 1 == (max(raw, default=0) < 128),
         "log: wrong flags")
    return raw
