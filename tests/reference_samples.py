"""Files of formats, made on the spot, for the tests of the reference decoder: small, and such that
the parts of each codec are met."""
import ctypes
import ctypes.util
import json
import math
import random
import struct
import zlib


# ---- Tensors ----
def safetensors(tensors):
    """tensors: (name, type, shape, bytes)"""
    header, data = {}, b""
    for name, kind, shape, values in tensors:
        header[name] = dict(dtype=kind, shape=shape,
                            data_offsets=[len(data), len(data) + len(values)])
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def gguf(tensors):
    """tensors: (name, ggml type, columns, rows, bytes)"""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0)
    data = b""
    for name, kind, columns, rows, values in tensors:
        text = name.encode()
        head += struct.pack("<Q", len(text)) + text
        head += struct.pack("<I2QIQ", 2, columns, rows, kind, len(data))
        data += values + bytes(-len(values) % 32)
    return head + bytes(-len(head) % 32) + data


def weights(r, rows, columns, layout, sigma=0.05):
    """Of a matrix whose columns have scales of their own."""
    scales = [sigma * math.exp(r.gauss(0, 0.7)) for _ in range(columns)]
    return b"".join(struct.pack("<" + layout, r.gauss(0, scale))
                    for _ in range(rows) for scale in scales)


def quantised(r, rows, columns, is_q4):
    scales, out = [math.exp(r.gauss(0, 1)) for _ in range(columns)], []
    for i in range(rows * columns // 32):
        values = [r.gauss(0, scales[(32 * i + k) % columns]) for k in range(32)]
        extreme = max(values, key=abs)
        if is_q4:
            scale = extreme / -8
            q = [min(15, int(v / scale + 8.5)) for v in values]
            quants = bytes(q[i] | q[i + 16] << 4 for i in range(16))
        else:
            scale = abs(extreme) / 127
            quants = bytes(round(v / scale) & 255 for v in values)
        out.append(struct.pack("<e", scale * 0.01) + quants)
    return b"".join(out)


def packed(layout, values):
    return b"".join(struct.pack("<" + layout, value) for value in values)


def walk(r, count, step):
    values, x = [], 100.0
    for _ in range(count):
        x += r.gauss(0, step)
        values.append(x)
    return values


def tensor_files():
    """(levels, data)"""
    r = random.Random(11)
    yield (1,), safetensors([
        ("a", "F32", [16, 20], weights(r, 16, 20, "f")),
        ("b", "F64", [20, 24], weights(r, 20, 24, "d")),
        ("c", "F16", [1, 700], weights(r, 1, 700, "e")),
        ("f", "I16", [700], packed("h", (round(r.gauss(0, 90)) for _ in range(700)))),
        ("g", "U8", [999], bytes(r.choices(range(9), k=999))),
        ("h", "F8_E5M2", [20, 30], bytes(r.choices(range(60, 90), k=600))),
        ("i", "F32", [2000], packed("f", (r.choice((0, 0, 0, r.gauss(0, 1))) for _ in range(2000)))),
        ("j", "BF16", [600], b"".join(struct.pack("<f", abs(r.gauss(0, 1)))[2:]
                                      for _ in range(600)))])
    yield (5,), safetensors([("e", "F32", [3000], packed("f", walk(r, 3000, 0.01)))])
    yield (2,), gguf([
        ("q4", 2, 64, 24, quantised(r, 24, 64, True)), ("q8", 8, 64, 16, quantised(r, 16, 64, False)),
        ("q6k", 14, 256, 4, r.randbytes(4 * 210)),
        ("q8k", 15, 256, 4, b"".join(struct.pack("<f", abs(r.gauss(0, 1))) + r.randbytes(288)
                                     for _ in range(4)))])
    yield (9,), gguf([("q4", 2, 64, 20, quantised(r, 20, 64, True)),
                      ("q8", 8, 64, 20, quantised(r, 20, 64, False))])


def checkpoints():
    """(a file of tensors, one of the same after some more training)"""
    r = random.Random(13)
    before = weights(r, 16, 20, "f"), weights(r, 20, 30, "e")
    after = (packed("f", (v * 1.001 for v, in struct.iter_unpack("<f", before[0]))),
             packed("e", (v + r.gauss(0, 1e-3) for v, in struct.iter_unpack("<e", before[1]))))
    for parts in before, after:
        yield safetensors([("a", "F32", [16, 20], parts[0]), ("b", "F16", [20, 30], parts[1]),
                           ("new", "F32", [200], weights(r, 1, 200, "f"))])


# ---- Arrays ----
def npy(descr, shape, data):
    dictionary = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    return b"\x93NUMPY\x01\x00\x76\x00" + dictionary.ljust(117).encode() + b"\n" + data


def field(r, planes, rows, columns, noise):
    """Smooth in three directions."""
    phases = [r.random() * 6 for _ in range(3)]
    return [20 + 15 * math.sin(y / 7 + phases[0] + z / 3) * math.cos(x / 9 + phases[1])
            + r.gauss(0, noise) for z in range(planes) for y in range(rows) for x in range(columns)]


def array_files():
    """(levels, data)"""
    r = random.Random(14)
    holes = [-9999.0 if i % 61 < 4 else math.nan if i % 97 == 5 else round(v, 2)
             for i, v in enumerate(field(r, 3, 20, 30, 0.05))]
    yield (1, 4, 6), npy(">f4", (3, 20, 30), packed("f", holes)[::-1])
    yield (3, 5), npy(">f4", (3, 20, 30), b"".join(struct.pack(">f", v) for v in holes))
    values = field(r, 2, 24, 40, 0.02)
    yield (5,), npy(">i2", (2, 24, 40), b"".join(struct.pack(">h", round(40 * v)) for v in values))
    yield (5,), npy(">f8", (2, 24, 40), b"".join(struct.pack(">d", v / 7) for v in values))
    yield (4,), npy(">f4", (48, 40), b"".join(struct.pack(">f", round(v * 64) / 64) for v in values))
    yield (4,), npy(">f2", (48, 40), b"".join(struct.pack(">e", v) for v in values))
    yield (5,), npy(">i8", (2, 24, 40), b"".join(struct.pack(">q", round(v * 1e15)) for v in values))
    steps = [0.1 * k + 270 for k in range(300)]
    yield (5,), npy(">f4", (2, 24, 40), b"".join(
        struct.pack(">f", steps[int(v * v / 5) % 300]) for v in values))
    few = sorted(r.uniform(-5, 5) for _ in range(30))
    yield (5,), npy(">f8", (2, 24, 40), b"".join(struct.pack(">d", few[int(v) % 30])
                                                 for v in values))
    colours = [min(255, max(0, round(3 * v + 40 * c))) for v in values for c in range(3)]
    yield (5,), npy("|u1", (48, 40, 3), bytes(colours))


def near_files():
    """(level, options, data)"""
    r = random.Random(20)
    yield 4, ["--max-error", "0.2"], npy("<f4", (12, 10, 16), packed("f", field(r, 12, 10, 16, 0.05)))
    yield 5, ["--max-error", "1"], npy("<f4", (3, 16, 9, 12), packed("f", field(r, 48, 9, 12, 0.05)))
    holes = [math.nan if i % 337 < 40 else math.inf if i % 501 == 400 else v
             for i, v in enumerate(field(r, 4, 20, 24, 0.05))]
    yield 6, ["--max-error", "0.3"], npy("<f4", (4, 20, 24), packed("f", holes))
    yield 5, ["--psnr", "40"], npy(">f8", (30, 40), packed("d", field(r, 1, 30, 40, 0.1))[::-1])
    yield 5, ["--max-error", "0.1"], npy("<f8", (24, 30), packed("d", field(r, 1, 24, 30, 0.1)))
    yield 5, ["--psnr", "35"], npy("<f4", (2, 20, 24, 3), packed("f", (
        v + c for v in field(r, 2, 20, 24, 0.1) for c in range(3))))


def png(rows, columns, channels, cells):
    """With each filter in turn; cells: bytes."""
    raw, above, size = b"", bytes(columns * channels), columns * channels
    for y in range(rows):
        row = bytes(cells[y * size:(y + 1) * size])
        beside, kind = bytes(channels) + row, (0, 1, 2, 3, 2)[y % 5]
        expected = (bytes(size), beside, above,
                    bytes((a + b) // 2 for a, b in zip(beside, above)))[kind]
        raw += bytes([kind]) + bytes(x - e & 255 for x, e in zip(row, expected))
        above = row

    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))

    head = struct.pack(">2I5B", columns, rows, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    return (b"\x89PNG\r\n\x1A\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 6))
            + chunk(b"IEND", b""))


def hdf5(path, shape, tile, shuffled, values):
    """Writes a file of one array of f32 in tiles; False if there is no library."""
    name = ctypes.util.find_library("hdf5_serial") or ctypes.util.find_library("hdf5")
    if not name:
        return False
    library = ctypes.CDLL(name)
    library.H5open()

    def call(function, *arguments):
        found = getattr(library, function)
        found.restype = ctypes.c_int64
        result = found(*arguments)
        assert result >= 0, function
        return ctypes.c_int64(result)

    def constant(name):
        return ctypes.c_int64.in_dll(library, name)

    sizes = (ctypes.c_uint64 * len(shape))
    file = call("H5Fcreate", str(path).encode(), 2, ctypes.c_int64(0), ctypes.c_int64(0))
    space = call("H5Screate_simple", len(shape), sizes(*shape), None)
    of_chunks = call("H5Pcreate", constant("H5P_CLS_DATASET_CREATE_ID_g"))
    call("H5Pset_chunk", of_chunks, len(tile), sizes(*tile))
    if shuffled:
        call("H5Pset_shuffle", of_chunks)
    kind = constant("H5T_IEEE_F32LE_g")
    dataset = call("H5Dcreate2", file, b"values", kind, space, ctypes.c_int64(0), of_chunks,
                   ctypes.c_int64(0))
    data = (ctypes.c_float * len(values))(*values)
    call("H5Dwrite", dataset, kind, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_int64(0), data)
    call("H5Dclose", dataset)
    call("H5Fclose", file)
    return True


# ---- Logs ----
def log_files():
    """(levels, data)"""
    r = random.Random(17)
    users = [(b"user%d" % r.randrange(9999), 1000 + i) for i in range(40)]
    lines, seconds = [], 30000
    for i in range(500):
        seconds += r.randrange(3)
        user, uid = r.choice(users)
        time = b"%02d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
        lines.append((
            lambda: b"%s,%03d login of %s (uid %d) from 10.0.%d.%d" % (
                time, r.randrange(1000), user, uid, r.randrange(4), r.randrange(256)),
            lambda: b"%s,%03d block %016x%08X at 0x%06x size %5d" % (
                time, r.randrange(1000), r.getrandbits(64), r.getrandbits(32), r.getrandbits(24),
                r.randrange(99999)),
            lambda: b"%s,%03d took %d.%03d s, delta %d, sequence %d end %d" % (
                time, r.randrange(1000), r.randrange(30), r.randrange(1000), r.randrange(-50, 50),
                7 * i, 7 * i + r.randrange(4)),
            lambda: b"%s,%03d state=%s from state=%s" % (
                time, r.randrange(1000), *2 * (r.choice((b"up", b"down", b"lost")),)),
            lambda: b"%s,%03d id-%d-%d: \"%s\"" % (
                time, r.randrange(1000), r.randrange(99), r.randrange(10**12),
                r.randbytes(4).replace(b"\n", b"\1\3")),
            lambda: b"%s,%03d value %s" % (
                time, r.randrange(1000), b"none" if r.random() < 0.1 else b"%d" % r.randrange(9999)),
        )[r.choice((0, 0, 0, 1, 2, 3, 4, 5))]())
    yield (1, 6), b"\n".join(lines)
    def record(i):
        host = r.randrange(300)
        begin = 10**9 + r.getrandbits(28)
        peer = b".".join(b"%d" % r.randrange(256) for _ in range(4))
        if i % 5 == 4:
            return b"node7 %05d idle\n" % r.randrange(10**5)
        return b"node7 %05d host%d serial %d begin %d end %d from %s key %08X part %4d\n" % (
            r.randrange(10**5), host, (host * 48271 + 11) ** 4 % 10**12, begin,
            begin + r.choice((3, 3, 3, 3, 3, 40)), peer if i % 30 else b"nowhere",
            r.getrandbits(32), r.choice((r.randrange(10), r.randrange(9999))))

    yield (2, 5), b"".join(map(record, range(700)))
    words = [bytes(r.choices(b"etaoinshrdlu", k=r.randrange(3, 9))) for _ in range(60)]
    chat = b"\r\n".join(b"<%s> %s." % (r.choice(words[:9]), b" ".join(r.choices(words, k=6)))
                        for _ in range(300))
    yield (3, 6), chat + b"\r\n"
    yield (2,), b"".join(b"a %d b\n" % (i * i) for i in range(5000))
    kinds = [b" ".join(r.choices(words, k=4)) for _ in range(300)]
    yield (5,), b"".join(b"%s %d %s %d\n" % (k, i % 7, k[::-1], i % 3)
                         for k in kinds for i in range(12))


# ---- Clouds ----
def pcd(names, kinds, width, height, records):
    """kinds: a letter and a size for each field, such as F4"""
    kinds = kinds.split()
    head = (f"VERSION 0.7\nFIELDS {names}\nSIZE {' '.join(kind[1:] for kind in kinds)}\n"
            f"TYPE {' '.join(kind[0] for kind in kinds)}\nCOUNT {' '.join('1' for _ in kinds)}\n"
            f"WIDTH {width}\nHEIGHT {height}\nVIEWPOINT 0 0 0 1 0 0 0\n"
            f"POINTS {width * height}\nDATA binary\n")
    return head.encode() + records


def ply(fields, count, records):
    """fields: type and name of each"""
    head = ("ply\nformat binary_big_endian 1.0\n" + f"element vertex {count}\n"
            + "".join(f"property {field}\n" for field in fields) + "end_header\n")
    return head.encode() + records


def scanned(r, rings, columns, missing):
    """Points of a room, laser after laser."""
    for ring in range(rings):
        tilt = 0.02 * ring - 0.3
        for column in range(columns):
            if r.random() < missing:
                continue
            angle = 2 * math.pi * column / columns
            c, s = math.cos(angle), math.sin(angle)
            distance = min(9 / max(1e-9, abs(c)), 5 / max(1e-9, abs(s))) + r.gauss(0, 0.01)
            yield distance * c, distance * s, distance * tilt, ring, angle


def cloud_files():
    """(levels, data)"""
    r = random.Random(18)
    points = [(round(x, 3), round(y, 3), round(z, 3), ring, angle)
              for x, y, z, ring, angle in scanned(r, 12, 120, 0.1)]
    records = b"".join(struct.pack("<4fHdI", x, y, z, r.choice((0.1, 0.25, 0.5, 0.9)), ring,
                                   1e9 + i * 1e-5, r.getrandbits(20) if i % 9 else 7)
                       for i, (x, y, z, ring, _) in enumerate(points))
    for jitter in 0.004, 0.01:  # known steps, then a sweep
        rounded = [[round(v + r.gauss(0, jitter), 3) for v in (x, y, z)]
                   for x, y, z, _, _ in scanned(r, 8, 180, 0.1)]
        yield (3,), pcd("x y z", "F4 F4 F4", len(rounded), 1, packed("f", sum(rounded, [])))
    yield (3, 5), pcd("x y z intensity ring timestamp label", "F4 F4 F4 F4 U2 F8 U4", len(points), 1,
                      records)
    image = [struct.pack("<3fI", x, y, z, int(40 + 9 * math.sin(x) + r.random() * 3))
             if r.random() > 0.05 else struct.pack("<3fI", *3 * (math.nan,), 0)
             for x, y, z, _, _ in scanned(r, 16, 60, 0)]
    yield (2, 4), pcd("x y z rgb", "F4 F4 F4 U4", 60, 16, b"".join(image))
    walks = [walk(r, 800, 0.02) for _ in range(3)]
    splats = [struct.pack(">3d3Bhf", *p, *(int(128 + 99 * math.sin(v)) for v in p),
                          round(r.gauss(0, 300)), -0.0 if i % 50 == 7 else r.gauss(0, 1))
              for i, p in enumerate(zip(*walks))]
    yield (3, 6), ply(["double x", "double y", "double z", "uchar red", "uchar green", "uchar blue",
                       "short level", "float scale"], 800, b"".join(splats))


# ---- Surveys ----
LAS_SIZES = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67]


def las(number, extra, records):
    size = LAS_SIZES[number] + extra
    count = len(records) // size
    wide = number >= 6
    head_size = 375 if wide else 227
    head = b"LASF" + bytes(20) + bytes((1, 4 if wide else 2)) + bytes(64)
    head += struct.pack("<HHHIIBHI5I", 1, 2020, head_size, head_size, 0, number, size,
                        0 if wide else count, *5 * (0,))
    head += struct.pack("<12d", 0.01, 0.01, 0.01, *9 * (0.0,))
    if wide:
        head += struct.pack("<3QI16Q", 0, 0, 0, 0, count, *15 * (0,))[:375 - len(head)]
    return head.ljust(head_size, b"\0") + records


def flight(r, number, pulses, extra=0, feet=False):
    """The records of a scanner that sweeps over hills."""
    wide, out, time, packet = number >= 6, [], 2e8, 1000
    for i in range(pulses):
        gap = 3 if r.random() < 0.02 else 1
        time += 1e-5 * gap
        x, y = 4 * (i % 60) + r.gauss(0, 0.2), 7 * (i // 60) + r.gauss(0, 0.2)
        ground, returns = 50 + 9 * math.sin(x / 30) * math.cos(y / 20), r.choice((1, 1, 1, 2, 3))
        packet += 256
        for k in range(returns):
            z = ground + (returns - 1 - k) * 4 + r.gauss(0, 0.05)
            at = [round((v + (z - ground) * s) * 100 * (3.2808333 if feet else 1))
                  for v, s in ((x, 0.1), (y, -0.05), (z, 0))]
            if feet:
                at = [round(round(v / 3.2808333) * 3.2808333) for v in at]
            tone = max(0, min(65535, round(300 + 90 * math.sin(x / 9) + r.gauss(0, 20)) // (k + 1)))
            kind, user, source = (2 if k == returns - 1 else 5), i // 300, 7 + i // 400
            edge = (i % 60 == 59) << 1 | i // 60 & 1
            record = struct.pack("<3iH", *at, min(255, tone) * 256 if number == 2 else tone)
            if wide:
                record += struct.pack("<4BhH", k + 1 | returns << 4, edge << 6, kind, user,
                                      round(30 * (i % 60 - 30)), source)
            else:
                record += struct.pack("<2BbBH", k + 1 | returns << 3 | edge << 6, kind,
                                      i % 60 - 30, user, source)
            if number not in (0, 2):
                record += struct.pack("<d", time)
            green = max(0, min(255, round(120 + 60 * math.sin(y / 8) + r.gauss(0, 3))))
            colour = [256 * green, 256 * (green // 2), 256 * min(255, green + 20)]
            if number in (2, 3, 5, 7, 8, 10):
                record += struct.pack("<3H", *colour)
            if number in (8, 10):
                record += struct.pack("<H", 40 * green)
            if number in (4, 5, 9, 10):
                record += struct.pack("<BQI4f", i % 2, packet, 256, 100.5 * k, 0.1, -0.05, -0.9)
            record += bytes((r.choice((1, 1, 1, 9)), i // 50 % 256, 0, r.randrange(4)))[:extra]
            out.append(record.ljust(LAS_SIZES[number] + extra, b"\x55"))
    return b"".join(out)


def las_files():
    """(levels, data)"""
    r = random.Random(19)
    for number, levels, extra, feet in ((0, (3, 4), 0, False), (1, (2,), 0, True), (1, (7,), 0, True),
                                        (2, (1, 6), 0, False), (4, (3,), 0, False),
                                        (6, (1,), 3, False), (10, (2,), 4, False)):
        yield levels, las(number, extra, flight(r, number, 300, extra, feet))
    yield (9,), las(10, 4, flight(r, 10, 120, 4))
    yield (5,), las(5, 0, flight(r, 5, 150))
