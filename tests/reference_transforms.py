"""The inverses of docs/codecs/text_transforms.md, for the reference decoder."""
from reference_checks import need, number

SPACE, LF, CR = b" \n\r"
SOFT_BREAKS = b"\n", b"\r\n", b" \n", b" \r\n"


class Reader:
    """Takes bytes from the front; to take more than there are is damage."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size=1):
        self.at += size
        need(self.at <= len(self.data), "transform: cut short")
        return number(self.data, self.at - size, size)

    def peek(self):  # -1 at the end
        return self.data[self.at] if self.at < len(self.data) else -1

    def rest(self):
        return self.data[self.at:]


def is_small(byte):
    return 97 <= byte <= 122


# ---- Words ----
def read_set(reader):
    values, at, inside = set(), 0, False
    while True:
        length = reader.take()
        end = 256 if length == 255 else at + length
        need(end <= 256, "words: a set beyond the bytes")
        if inside:
            values.update(range(at, end))
        if length == 255:
            return values
        at, inside = end, not inside


def read_list(reader):
    words, word = [], b""
    for _ in range(reader.take(2)):
        kept = reader.take() - 65
        need(0 <= kept <= min(25, len(word)), "words: wrong start of a word")
        word = word[len(word) - kept:]
        while is_small(reader.peek()):
            word = bytes([reader.take()]) + word
        need(1 <= len(word) <= 32, "words: wrong length of a word")
        words.append(word)
    need(reader.take() == 46, "words: a list without its end")
    return sorted(words, key=lambda word: word[::-1])


def read_header(reader):
    """Returns the four flags, the set of bytes a space follows, and the words by their codes."""
    need(reader.take() == 1, "words: wrong version")
    code_values = sorted(read_set(reader))
    spaced = read_set(reader)
    need(SPACE not in spaced and SPACE not in code_values and not any(map(is_small, code_values)),
         "words: wrong set")
    leads, last_second = reader.take(), reader.take()
    singles, pairs = read_list(reader), read_list(reader)
    need(4 + leads + len(singles) <= len(code_values) and len(pairs) <= leads * (last_second + 1),
         "words: more words than codes")
    seconds = code_values + [v for v in range(256) if v not in code_values]
    codes = {(v,): word for v, word in zip(code_values[4 + leads:], singles)}
    for i, word in enumerate(pairs):
        lead, second = divmod(i, last_second + 1)
        codes[code_values[4 + lead], seconds[second]] = word
    return code_values[:4], set(code_values[4:4 + leads]), spaced, codes


def undo_words(data):
    """Returns the text and the decode memory."""
    reader = Reader(data)
    (escape, capital, upper, join), leads, spaced, codes = read_header(reader)
    single_codes = {code[0] for code in codes if len(code) == 1}
    out, flags = bytearray(b"\n"), (join, capital, upper)
    while reader.peek() >= 0:
        byte = reader.take()
        if byte == escape:
            out.append(reader.take())
            continue
        if byte not in flags and byte not in leads and byte not in single_codes:
            out.append(byte)
            continue
        joined = byte == join
        if joined:
            byte = reader.take()
        flag = byte if byte in (capital, upper) else None
        if flag is not None and is_small(reader.peek()):
            need(not joined, "words: join before a spelled word")
            out.append(reader.take() - 32)
            while flag == upper and is_small(reader.peek()):
                out.append(reader.take() - 32)
            continue
        if flag is not None:
            byte = reader.take()
        code = (byte, reader.take()) if byte in leads else (byte,)
        need(code in codes, "words: no such word")
        word = codes[code]
        if not joined and out[-1] in spaced:
            out.append(SPACE)
        out += word.upper() if flag == upper else word.capitalize() if flag == capital else word
    slots = 1
    while slots < 2 * len(codes) + 1:
        slots *= 2
    return bytes(out[1:]), (33 + 33 + 2) * len(codes) + 8 * slots


# ---- Lines ----
def undo_lines(text, mark):
    out, at, column, width, form = bytearray(), 0, 0, 72, 0
    lengths = [0] * 8  # of the last lines, the oldest first

    def word_at(start):  # the length of the word that begins there, 0 if none does
        end = start
        while end < len(text) and text[end] not in (SPACE, LF, CR, mark):
            end += 1
        return end - start

    while at < len(text):
        size = word_at(at)
        out += text[at:at + size]
        column, at = column + size, at + size
        if at == len(text):
            break
        if size and text[at] == mark:
            next_size = word_at(at + 2)
            need(text[at + 1:at + 2] == b" " and next_size, "lines: a mark before no gap")
            out.append(SPACE)
            width = column + 1 + next_size
            column, at = column + 1, at + 2
            continue
        need(text[at] != mark, "lines: a mark behind no word")
        broken = [i for i, b in enumerate(SOFT_BREAKS)
                  if size and text.startswith(b, at) and word_at(at + len(b))]
        gap = size and text[at] == SPACE and word_at(at + 1)
        if broken:
            form, = broken
            out += SOFT_BREAKS[form]
            at += len(SOFT_BREAKS[form])
            lengths = lengths[1:] + [column]
            if column + 1 + word_at(at) <= width:
                width = max(lengths)
            column = 0
        elif gap and column + 1 + gap > width:
            out += SOFT_BREAKS[form]
            lengths = lengths[1:] + [column]
            column, at = 0, at + 1
        else:
            out.append(text[at])
            column, at = 0 if text[at] == LF else column + 1, at + 1
    return bytes(out)


# ---- x86 ----
BEFORE_OPERANDS = bytes.fromhex("032B393B63808385898B8DC7FF")


def has_operand(data, p, mode):
    if data[p + 4] not in (0, 255):
        return False
    if data[p] in (0xE8, 0xE9):
        return True
    return (mode == 2 and p >= 1 and data[p] & 0xC7 == 5
            and (data[p - 1] in BEFORE_OPERANDS or p >= 2 and data[p - 2] == 0x0F))


def undo_x86(data, mode):
    need(mode in (1, 2), "x86: wrong mode")
    data = bytearray(data)
    for p in reversed(range(len(data) - 4)):
        if has_operand(data, p, mode):
            t = data[p + 1] << 16 | data[p + 2] << 8 | data[p + 3] | data[p + 4] << 24
            d = t - p - 5 & 2**25 - 1
            d -= d >> 24 << 25  # signed
            data[p + 1:p + 5] = (d & 2**32 - 1).to_bytes(4, "little")
    return bytes(data)


def undo_transform(kind, data):
    """Returns the raw bytes and the decode memory."""
    need(kind <= 4, "transform: unknown")
    reader = Reader(data)
    if kind == 0:
        return data, 0
    if kind == 1:
        return undo_words(data)
    if kind == 2:
        mode = reader.take()
        return undo_x86(reader.rest(), mode), 0
    mark = reader.take()
    if kind == 3:
        return undo_lines(reader.rest(), mark), 0
    size = reader.take(4)
    text, memory = undo_words(reader.rest())
    need(len(text) == size, "transform: wrong size of the unwrapped text")
    return undo_lines(text, mark), memory + size
