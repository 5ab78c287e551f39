"""The payload of the codec tensor, for the reference decoder: docs/codecs/tensor.md in Python.
What its models do is in reference_tensor_models.py and reference_tensor_differences.py."""
import collections

from reference_checks import need
from reference_coders import Frequencies, Rans, RawBits, Reader, packed
from reference_tensor_differences import Differences
from reference_tensor_models import Quants, Words, predicted

NAME = "tensor"
# The parts of a word: bytes, bits of exponent and mantissa.
Word = collections.namedtuple("Word", "bytes exponent mantissa")
BYTE, F16 = Word(1, 0, 0), Word(2, 5, 10)
FLOATS = {1: Word(8, 11, 52), 2: Word(4, 8, 23), 3: F16, 4: Word(2, 8, 7), 5: Word(1, 4, 3)}
INTEGERS = {6: 8, 7: 4, 8: 2, 9: 1}
Q4_0, Q8_0 = 2, 8
# The fields of a block by the number of its ggml type: (word, how many).
GGML = {ggml: [{"h": (F16, 1), "f": (FLOATS[2], 1)}.get(field) or (BYTE, int(field))
               for field in fields.split()]
        for ggml, fields in {
            Q4_0: "h 16", 3: "h h 16", 6: "h 4 16", 7: "h h 4 16", Q8_0: "h 32", 9: "h h 32",
            10: "16 64 h h", 11: "32 64 12 h", 12: "h h 12 128", 13: "h h 12 32 128",
            14: "128 64 16 h", 15: "f 256 32", 16: "h 64", 17: "h 64 8", 18: "h 64 32",
            19: "h 32 16", 20: "h 16", 21: "h 64 8 32 4", 22: "h 32 32 8 8", 23: "h 2 4 128",
            29: "32 16 8", 34: "48 4 h", 35: "64 h", 39: "1 16"}.items()}
Coder = collections.namedtuple("Coder", "bytes rotated zero sign raw base table")
Piece = collections.namedtuple("Piece", "kind ggml size place")


def pack(words, word):
    return b"".join(w.to_bytes(word.bytes, "little") for w in words)


def unpack(data, word):
    return [int.from_bytes(data[i:i + word.bytes], "little")
            for i in range(0, len(data), word.bytes)]


class Block:
    def __init__(self, payload, raw_size, memory, base):
        head, self.base = Reader(payload, NAME), base
        version, lanes = head.u8(3, "version"), 1 << head.u8(7, "lanes")
        self.has_base, self.differs = version & 1, version & 2
        need(base is not None or not self.has_base, "tensor: the stream has no base")
        tables = head.varint(64, "number of tables")
        most = min(16 * raw_size + 65536, 1024 * memory)
        records, records_here = head.varint(most), head.varint()
        frequencies = head.varint()
        plain, plain_here = head.varint(most), head.varint()
        words, raw, from_predicted = head.varint(), head.varint(), head.varint()
        differences = head.varint() if version else 0
        self.records = Reader(packed(head, records, records_here), NAME)
        of_tables = Frequencies(head.bytes(frequencies), NAME)
        self.tables = [of_tables.next() for _ in range(tables)]
        of_tables.end()
        self.plain = Reader(packed(head, plain, plain_here), NAME)
        states = head.take(f"{lanes if tables else 0}I")
        self.rans = Rans(states, head.take(f"{words}H"), NAME)
        self.raw = RawBits(head.bytes(raw), NAME)
        self.predicted = Reader(head.bytes(from_predicted), NAME)
        self.differences = Differences(head.bytes(differences), self.raw)
        self.words = Words(head.rest(), self.raw)
        self.quants = Quants()
        self.raw_size = raw_size

    def decode(self):
        self.coders = [self.coder() for _ in range(self.records.varint(64, "number of coders"))]
        pieces, out = Reader(self.records.bytes(self.records.varint()), NAME), []
        for piece in list(self.pieces(pieces)):
            at = 0
            while at < piece.size:
                part = self.part(piece, at)
                out.append(part)
                at += len(part)
        for section in (self.records, self.plain, self.predicted, self.raw, self.rans,
                        self.differences, self.words):
            section.end()
        return b"".join(out)

    def coder(self):
        flags, raw = self.records.u8(63), self.records.u8(56)
        base, table = self.records.varint(65535), self.records.u8(len(self.tables) - 1, "table")
        size, sign, rotated = 1 << (flags >> 4), flags >> 2 & 3, flags & 1
        bits = 8 * size - (sign > 0)
        need(sign < 3 and (rotated or not sign) and raw < bits and base >> (bits - raw) == 0,
             "tensor: a coder out of range")
        return Coder(size, rotated, flags & 2, sign, raw, base, self.tables[table])

    def pieces(self, reader):
        total, last = 0, 0
        while reader.left():
            kind, place = reader.u8(10, "kind of a piece"), None
            ggml = reader.u8() if kind == 10 else None
            need(kind != 10 or ggml in GGML, "tensor: unknown ggml type")
            size = reader.varint(self.raw_size - total, "size of a piece")
            need(size >= 1, "tensor: an empty piece")
            code = reader.varint() if self.has_base else 0
            if code:
                place = last + (-(code - 1 >> 1) if code - 1 & 1 else code - 1 >> 1)
                need(kind and 0 <= place and place + size <= len(self.base),
                     "tensor: a piece beyond the base")
                last = place + size
            yield Piece(kind, ggml, size, place)
            total += size
        need(total == self.raw_size, "tensor: the pieces are not the block")

    def part(self, piece, at):
        """The bytes of the part of the piece that begins there."""
        size = piece.size - at
        if piece.kind == 0:
            return self.plain.bytes(size)
        if piece.kind == 10:
            unit = sum(word.bytes * count for word, count in GGML[piece.ggml])
            most = 524288 // unit
        else:
            unit = INTEGERS.get(piece.kind) or FLOATS[piece.kind].bytes
            most = 262144
        count = min(most, size // unit)
        if count == 0:
            return self.plain.bytes(size)
        base = None
        if piece.place is not None:
            base = self.base[piece.place + at:piece.place + at + count * unit]
        if piece.kind in FLOATS:
            word = FLOATS[piece.kind]
            return pack(self.column(piece, word, count, base and unpack(base, word)), word)
        form = self.records.u8(3, "form")
        if form == 2:
            return self.plain.bytes(count * unit)
        if form == 0:
            fields = GGML[piece.ggml] if piece.kind == 10 else [(BYTE, 1)] * unit
            return self.fields(piece, fields, unit, count, base)
        need(piece.ggml in (Q4_0, Q8_0), "tensor: a form of Q4_0 and Q8_0 only")
        if form == 1:
            return self.extremes(piece, count)
        scales = self.column(piece, F16, count, base and unpack(self.field(base, unit, 0, 2), F16))
        of = self.quants.blocks(self.records, self.predicted, scales, piece.ggml == Q4_0)
        return b"".join(scale.to_bytes(2, "little") + of_block
                        for scale, of_block in zip(scales, of))

    def field(self, data, unit, at, size):
        return b"".join(data[i + at:i + at + size] for i in range(0, len(data), unit))

    def fields(self, piece, fields, unit, count, base):
        columns, at = [], 0
        for word, repeated in fields:
            size = word.bytes * repeated
            there = base and unpack(self.field(base, unit, at, size), word)
            data = pack(self.column(piece, word, count * repeated, there), word)
            columns.append([data[i:i + size] for i in range(0, len(data), size)])
            at += size
        return b"".join(map(b"".join, zip(*columns)))

    def extremes(self, piece, count):
        scales = self.column(piece, F16, count, None)
        positions = self.column(piece, BYTE, count, None)
        none = 32 if piece.ggml == Q4_0 else 64
        need(max(positions) <= none, "tensor: a position beyond the block")
        left = sum(p != none for p in positions)
        total = (16 if piece.ggml == Q4_0 else 32) * count - left
        quants = iter(self.column(piece, BYTE, total, None))
        singles = iter(self.column(piece, BYTE, left if piece.ggml == Q4_0 else 0, None))
        out = []
        for scale, position in zip(scales, positions):
            out.append(scale.to_bytes(2, "little"))
            for i in range(16 if piece.ggml == Q4_0 else 32):
                if position == none or i != (position % 16 if piece.ggml == Q4_0 else position // 2):
                    value = next(quants)
                elif piece.ggml == Q8_0:
                    value = 129 if position & 1 else 127
                else:
                    single = next(singles)
                    need(single < 16, "tensor: a single beyond a nibble")
                    value = single << 4 if position < 16 else single
                out.append(bytes([value]))
        return b"".join(out)

    # ---- Columns ----
    def column(self, piece, word, count, base):
        if count == 0:
            return []
        if piece.place is not None:
            how = self.records.u8(2, "kind of a column")
            need(base or not how, "tensor: a column that the base does not have")
            if how == 1:
                return base
            if how == 2:
                return self.differences.column(self.records, word, base)
        code = self.records.varint()
        if code == 0:
            return unpack(self.plain.bytes(count * word.bytes), word)
        if code == 1:
            return [self.raw.take(8 * word.bytes) for _ in range(count)]
        if code == 2:
            need(word.bytes > 1, "tensor: a column of bytes is not predicted")
            return predicted(self.records, word, count, self.predicted, self.raw,
                             self.differences if self.differs else None)
        if code == 3:
            need(word.exponent and word.bytes < 8 and (piece.kind != 10 or word == F16),
                 "tensor: such a column is not modelled")
            return self.words.column(self.records, word, count)
        return self.split(code - 4, word, count)

    def split(self, code, word, count):
        need(code // 4 < len(self.coders), "tensor: no such coder")
        coder, has_zeros, has_escapes = self.coders[code // 4], code & 2, code & 1
        need(coder.bytes == word.bytes, "tensor: a coder of other words")
        is_zero = [0] * count
        if has_zeros:
            bits = int.from_bytes(self.plain.bytes((count + 7) // 8), "little")
            need(bits >> count == 0, "tensor: bits behind the zeros")
            is_zero = [bits >> i & 1 for i in range(count)]
        symbols = [0 if zero else self.rans.symbol(coder.table) for zero in is_zero]
        words = [0 if zero else self.join(coder, symbol)
                 for zero, symbol in zip(is_zero, symbols)]
        self.raw.to_byte()
        if has_escapes:
            at = -1
            for _ in range(self.records.varint(count, "number of escapes")):
                at += 1 + self.records.varint(count, "place of an escape")
                need(at < count, "tensor: an escape behind the column")
                words[at] = self.records.number(word.bytes)
        return words

    def join(self, coder, symbol):
        bits = 8 * coder.bytes
        v = symbol + coder.base << coder.raw | self.raw.take(coder.raw)
        if coder.zero and symbol == 0:
            v = 0
        v &= (1 << bits) - 1
        if coder.sign:
            return v | (coder.sign == 2) << bits - 1
        return v >> 1 | (v & 1) << bits - 1 if coder.rotated else v


def tensor(payload, raw_size, memory, base=None):
    return Block(payload, raw_size, memory, base).decode()
