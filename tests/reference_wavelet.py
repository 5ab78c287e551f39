"""The payload of the codec wavelet, for the reference decoder: docs/codecs/near.md and wavelet.md in
Python. The fields are in reference_wavelet_field.py."""
import struct

from reference_array_plan import PNG, TYPES, Plan, float_bits
from reference_checks import Unsupported, need
from reference_coders import Reader
from reference_wavelet_field import Field

NAME = "wavelet"


class Part:
    """Rows of a grid in the order of planes; order: the rows of the grid in that order."""

    def __init__(self, rows, width, height, first, order=None, distances=()):
        self.rows, self.width, self.height, self.order = rows, width, height, order
        self.first = first  # rows of the first plane that lie before
        self.distances = distances  # of planes

    def fields(self):
        """(planes, rows of a plane) of each field"""
        head = min(self.rows, -self.first % self.height)
        planes, rest = divmod(self.rows - head, self.height)
        if head:
            yield 1, head
        if planes:
            yield planes, self.height
        if rest:
            yield 1, rest

    def axes(self, planes):
        """(distance, places) of each axis of a field of so many whole planes"""
        taken = []
        for distance in sorted(set(self.distances)):
            if distance >= planes or len(taken) == 3:
                break
            if (distance == 1) if not taken else (distance % taken[-1] == 0):
                taken.append(distance)
        ends = taken[1:] + [-(-planes // taken[-1]) * taken[-1]] if taken else []
        return [(distance, end // distance) for distance, end in zip(taken, ends)]


def parts_of(grid):
    cells = grid.cols * grid.rows
    if grid.rows == 1 or grid.cols > 1 << 18:
        whole = cells // 1024 if cells > 8192 else 0
        if whole:
            yield Part(whole, 1024, whole, 0)
        if cells - 1024 * whole:
            yield Part(1, cells - 1024 * whole, 1, 0)
        return
    if grid.up <= 1:
        height = grid.slice_rows if grid.up else 1
        distances = [d // height for d in grid.back if d >= grid.slice_rows and d % height == 0]
        yield Part(grid.rows, grid.cols, height, grid.first_row % height, None, distances)
        return
    bands, slice_rows = grid.up, grid.slice_rows
    head = min(grid.rows, -grid.first_row % slice_rows)
    whole = (grid.rows - head) // slice_rows * slice_rows
    for begin, rows in (0, head), (head, whole), (head + whole, grid.rows - head - whole):
        if rows == 0:
            continue
        of_slice = slice_rows if rows % slice_rows == 0 else rows
        height = of_slice // bands
        distances = [1] + [d // height for d in grid.back if d >= slice_rows and d % height == 0]
        order = [begin + s + b + bands * y for s in range(0, rows, of_slice)
                 for b in range(bands) for y in range(height)]
        yield Part(rows, grid.cols, height, 0, order, distances)


class Numbers:
    """Numbers of a type, from real ones."""

    def __init__(self, kind_of_number):
        self.bytes, self.kind = TYPES[kind_of_number]
        self.bits = 8 * self.bytes

    def pattern(self, x):
        if self.kind == "f":
            return self.float_pattern(x)
        low, high = (0, (1 << self.bits) - 1) if self.kind == "u" else (
            -1 << self.bits - 1, (1 << self.bits - 1) - 1)
        low, high = max(low, -1 << 52), min(high, 1 << 52)
        n = low if not x > low else high if x >= high else round(x)  # ties to even
        return n & (1 << self.bits) - 1

    def float_pattern(self, x):
        most = {2: 65504.0, 4: 3.4028234663852886e38, 8: 1.7976931348623157e308}[self.bytes]
        x = -most if not x > -most else min(x, most)
        if self.bytes == 2:
            return int.from_bytes(struct.pack("<e", x), "little")
        return float_bits(x, self.bytes)


def variable_cells(code, variable):
    """The cells of each area."""
    kind_of_number = code.u8(len(TYPES) - 1, "type")
    need(TYPES[kind_of_number][0] == variable.bytes, "wavelet: numbers of another size")
    numbers, areas = Numbers(kind_of_number), []
    specials = [code.varint((1 << numbers.bits) - 1) for _ in range(code.varint(64, "specials"))]
    for grids, _ in variable.areas():
        areas.append([])
        for grid in grids:
            rows = {}
            at = 0
            for part in parts_of(grid):
                cells = []
                for planes, height in part.fields():
                    axes = part.axes(planes) if height == part.height else []
                    cells += Field(code, planes, part.width, height, axes, specials).cells(numbers)
                if part.order is None:
                    areas[-1] += cells
                    continue
                for i, row in enumerate(part.order):
                    rows[row] = cells[i * part.width:(i + 1) * part.width]
            if rows:
                for at in range(0, grid.rows, grid.bands):
                    of_pixel = [rows[at + band] for band in range(grid.bands)]
                    areas[-1] += [cell for column in zip(*of_pixel) for cell in column]
    code.end()
    return areas


def wavelet(payload, raw_size, memory, codecs):
    """codecs: those of inner blocks."""
    reader = Reader(payload, NAME)
    plan, variables = Plan(reader, raw_size), [b""]
    for variable in plan.variables:
        need(variable.form != PNG, "wavelet: a variable of rows of PNG")
        code = Reader(reader.bytes(reader.varint()), NAME)
        variables.append(variable.join(variable_cells(code, variable)))
    if plan.plain:
        codec, size, payload_size, inner_memory = reader.take("H3I")
        need(codec not in (2, 14) and size == plan.plain, "wavelet: wrong inner block")
        if codec not in codecs:
            raise Unsupported(f"wavelet: codec {codec} of an inner block")
        variables[0] = codecs[codec](reader.bytes(payload_size), size, inner_memory)
        need(len(variables[0]) == size, "wavelet: wrong raw size of an inner block")
    reader.end()
    return plan.join(variables)
