"""The plan of a block of arrays and what follows from it, for the reference decoder: variables,
their areas and grids, and the way from cells back to bytes (docs/codecs/array.md in Python)."""
import math
import struct

from reference_checks import need

TYPES = [(1, "i"), (1, "u"), (2, "i"), (2, "u"), (4, "i"), (4, "u"), (8, "i"), (8, "u"),
         (2, "f"), (4, "f"), (8, "f")]  # bytes, kind
UINT8 = 1
CELLS, TILES, PNG = 1, 2, 3


class Grid:
    """Rows of cells, and where their surroundings lie."""

    def __init__(self, cols, rows, up=0, bands=1, slice_rows=1, first_row=0, back=()):
        self.cols, self.rows, self.up, self.bands = cols, rows, up, bands
        self.slice_rows, self.first_row = slice_rows, first_row
        self.back = [d for d in back if d < rows]

    def place(self, r):
        return (self.first_row + r) % self.slice_rows

    def has_above(self, r, times=1):
        up = times * self.up
        return self.up > 0 and self.place(r) >= up and r >= up

    def references(self, r):
        up = max(self.up, 1)
        return [d for d in self.back[:4] if r >= d and (d >= up or r % up >= d)][:2]


def grids_of(shape, banded, first, count):
    """The grids of an area, of which `count` cells are there from cell `first` on."""
    if count == 0:
        return []
    axes, bands = [n for n in shape if n != 1], 1
    if banded and len(axes) >= 2:
        bands = axes.pop()
    if not axes or (len(axes) == 1 and bands == 1):
        return [Grid(count, 1)]
    cols, above = axes[-1], axes[:-1]
    of_row = cols * bands
    head = min(count, -first % of_row)
    rows, tail = divmod(count - head, of_row)
    slice_rows = bands * (above[-1] if above else 1)
    back, distance = [1] if bands > 1 else [], slice_rows
    for i in range(len(above) - 1):
        back.append(distance)
        distance *= above[-2 - i]
    if bands > 2:
        back.append(2)
    middle = Grid(cols, rows * bands, bands if above else 0, bands, slice_rows,
                  (first + head) // of_row * bands % slice_rows, back)
    return [grid for grid in (Grid(head, 1), middle, Grid(tail, 1)) if grid.cols and grid.rows]


class Variable:
    def __init__(self, reader):
        flags, kind = reader.u8(31, "form"), reader.u8()
        self.form, self.big, self.shuffled, self.banded = (flags & 3, flags & 4, flags & 8,
                                                           flags & 16)
        need(self.form in (1, 2, 3) and kind >> 4 < len(TYPES) and 1 <= kind & 15 <= 8,
             f"{reader.name}: unknown variable")
        self.type, axes = kind >> 4, kind & 15
        self.bytes, self.kind = TYPES[self.type]
        self.shape = [reader.varint(1 << 48) for _ in range(axes)]
        self.tile = [reader.varint(1 << 48) for _ in range(axes)] if self.form == TILES else None
        for shape in (self.shape, self.tile or [1]):
            need(1 <= math.prod(shape) <= 1 << 48, f"{reader.name}: shape out of range")
        self.first = reader.varint(1 << 48)
        self.size, self.name = 0, reader.name

    def check(self):
        """Once the size is known."""
        banded_shape = self.shape if self.form == PNG and len(self.shape) == 3 else [1]
        if self.banded:
            banded_shape = self.shape
            need(self.form != PNG and len(self.shape) >= 2, f"{self.name}: no bands there")
        need(banded_shape[-1] <= 16, f"{self.name}: too many bands")
        need(self.form != PNG or (self.bytes <= 2 and len(self.shape) in (2, 3)
                                  and not self.shuffled), f"{self.name}: no such PNG")
        _, units = self.units()
        need(units >= 1, f"{self.name}: a variable without bytes")
        if self.form == TILES:
            tiles = math.prod(-(-n // t) for n, t in zip(self.shape, self.tile))
            need(self.first + units <= tiles, f"{self.name}: tiles beyond the array")

    def units(self):
        """(numbers of a unit, units)"""
        if self.form == CELLS:
            numbers, extra = 1, 0
        elif self.form == TILES:
            numbers, extra = math.prod(self.tile), 0
        else:
            numbers, extra = math.prod(self.shape[1:]), 1
        size = numbers * self.bytes + extra
        need(self.size % size == 0, f"{self.name}: a variable of no whole units")
        return numbers, self.size // size

    def slabs(self):
        """Tiles before the whole slabs, the first slab, slabs, tiles of a slab."""
        _, tiles = self.units()
        of_slab = math.prod(-(-n // t) for n, t in zip(self.shape[1:], self.tile[1:]))
        before = min(tiles, -self.first % of_slab)
        return before, (self.first + before) // of_slab, (tiles - before) // of_slab, of_slab

    def areas(self):
        """(grids, type of the cells)"""
        numbers, units = self.units()
        if self.form == CELLS:
            yield grids_of(self.shape, self.banded, self.first, units), self.type
        elif self.form == PNG:
            yield grids_of([units], False, 0, units), UINT8
            banded = len(self.shape) == 3 and self.shape[2] > 1
            yield (grids_of(self.shape, banded, self.first * numbers, units * numbers), self.type)
        else:
            before, _, slabs, of_slab = self.slabs()
            after = units - before - slabs * of_slab
            inside = [self.inside_rows()] + self.shape[1:]
            beyond = slabs * of_slab * numbers - math.prod(inside)
            for shape, banded in (([before] + self.tile, False), (inside, self.banded),
                                  ([beyond], False), ([after] + self.tile, False)):
                yield grids_of(shape, banded, 0, math.prod(shape)), self.type

    def inside_rows(self):
        _, first, slabs, _ = self.slabs()
        rows = min(self.shape[0], (first + slabs) * self.tile[0]) - first * self.tile[0]
        return rows if slabs else 0

    def join(self, cells):
        """The bytes of the variable; cells: those of each area."""
        order = "big" if self.big else "little"
        numbers, _ = self.units()
        if self.form == PNG:
            return self.filter(cells[0], cells[1], numbers, order)
        if self.form == CELLS:
            return self.shuffle(cells[0], order)
        slabs = self.slabs()[2]
        tiles = [cells[0][i:i + numbers] for i in range(0, len(cells[0]), numbers)]
        tiles += self.tiles_of_slabs(cells[1], iter(cells[2]), slabs, numbers)
        tiles += [cells[3][i:i + numbers] for i in range(0, len(cells[3]), numbers)]
        return b"".join(self.shuffle(tile, order) for tile in tiles)

    def tiles_of_slabs(self, inside, beyond, slabs, numbers):
        shape = [self.inside_rows()] + self.shape[1:]
        counts = [slabs] + [-(-n // t) for n, t in zip(self.shape[1:], self.tile[1:])]
        for number in range(math.prod(counts)):
            corner = places(number, counts)
            tile = []
            for i in range(numbers):
                at = [c * t + k for c, t, k in zip(corner, self.tile, places(i, self.tile))]
                if all(a < n for a, n in zip(at, shape)):
                    index = 0
                    for a, n in zip(at, shape):
                        index = index * n + a
                    tile.append(inside[index])
                else:
                    tile.append(next(beyond))
            yield tile

    def shuffle(self, cells, order):
        data = b"".join(cell.to_bytes(self.bytes, order) for cell in cells)
        if self.shuffled:
            data = b"".join(data[i::self.bytes] for i in range(self.bytes))
        return data

    def filter(self, filters, pixels, numbers, order):
        """The filters of PNG."""
        channels = self.shape[2] if len(self.shape) == 3 else 1
        left, out = self.bytes * channels, []
        above = bytes(numbers * self.bytes)
        for i, kind in enumerate(filters):
            cells = pixels[i * numbers:(i + 1) * numbers]
            row = b"".join(cell.to_bytes(self.bytes, order) for cell in cells)
            beside, diagonal = bytes(left) + row, bytes(left) + above
            expected = [bytes(len(row)), beside, above,
                        [(a + b) // 2 for a, b in zip(beside, above)],
                        [paeth(a, b, c) for a, b, c in zip(beside, above, diagonal)]
                        ][kind if kind <= 4 else 0]
            out.append(bytes([kind]) + bytes(x - e & 255 for x, e in zip(row, expected)))
            above = row
        return b"".join(out)


def places(number, counts):
    out = []
    for n in reversed(counts):
        number, place = divmod(number, n)
        out.insert(0, place)
    return out


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


class Plan:
    def __init__(self, reader, raw_size):
        self.variables = [Variable(reader) for _ in range(reader.varint(4095, "variables"))]
        self.parts, self.plain, total = [], 0, 0
        for _ in range(reader.varint(raw_size, "number of parts")):
            variable = reader.varint(len(self.variables), "variable of a part")
            size = reader.varint(raw_size - total, "size of a part")
            need(size >= 1, f"{reader.name}: an empty part")
            total += size
            self.parts.append((variable, size))
            if variable:
                self.variables[variable - 1].size += size
            else:
                self.plain += size
        need(total == raw_size, f"{reader.name}: the parts are not the block")
        for variable in self.variables:
            variable.check()

    def join(self, variables):
        """The block; variables: the bytes of each, the plain ones first."""
        used, out = [0] * len(variables), []
        for variable, size in self.parts:
            at = used[variable]
            out.append(variables[variable][at:at + size])
            used[variable] += size
        return b"".join(out)


# ---- Numbers in order ----
def from_order(x, kind, bits):
    """The bit pattern of the number that is x in order."""
    top = 1 << bits - 1
    x &= 2 * top - 1
    if kind == "u":
        return x
    if kind == "i" or x & top:
        return x ^ top
    return x ^ 2 * top - 1


def float_bits(value, size):
    if size == 8:
        return struct.unpack("<Q", struct.pack("<d", value))[0]
    return struct.unpack("<I", struct.pack("<f", value))[0]


def to_f32(x):
    """Rounded to f32, to nearest; too large a value becomes infinite."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)
