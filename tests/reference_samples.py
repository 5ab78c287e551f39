"""Files of formats, made on the spot, for the tests of the reference decoder: small, and such that
the parts of each codec are met."""
import json
import math
import random
import struct


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
