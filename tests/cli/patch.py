#!/usr/bin/env python3
"""Changes a .pith file on purpose, for tests of damaged and of future files.

patch.py show FILE                one line for each record
patch.py edit IN OUT EDIT...      changes fields; all checks over them are made right again
patch.py cuts IN DIR [STEP]       IN cut short at every STEPth length, as DIR/cut.N
patch.py flips IN DIR COUNT SEED  COUNT copies with 1 to 8 flipped bits, as DIR/flip.N

Edits, carried out in order; I is a frame's number from 0, negative from the end:
  header.FIELD=N, trailer.FIELD=N, frame.I.FIELD=N
  frame.I.drop, frame.I.double, frame.I.swap=J
  frame.I.insert=KIND:HEX         a new frame before frame I (at the end: I = number of frames)
  payload.I.OFFSET=BYTE           changes a payload, with its CRC but not the hash of the raw bytes
  index.drop, index.make          removes the index; makes it from the frames that are there
  index.ENTRY.OFFSET=BYTE         changes one entry of the index
Sizes in the trailer follow the frames unless an edit sets them.
"""
import ctypes
import os
import random
import struct
import sys

HEADER = ("version", "features", "block_log", "memory_log", "salt")
FRAME = ("kind", "type", "codec", "raw_size", "payload_size", "raw_offset", "raw_hash", "memory")
TRAILER = ("index_size", "raw_size", "hash_low", "hash_high", "stream_size")
MAGIC = b"\x89PTH\r\n\x1a\n"
INDEX_KIND = 3


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def xxh3_64(data):
    function = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
    function.restype = ctypes.c_uint64
    function.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
    return function(bytes(data), len(data))


class Frame:
    def __init__(self, fields, payload, check):
        self.fields, self.payload, self.check = fields, bytearray(payload), check

    @classmethod
    def plain(cls, kind, payload, raw_offset):
        fields = dict(zip(FRAME, (kind, 0, 0, len(payload), len(payload), raw_offset,
                                  xxh3_64(payload), 0)))
        return cls(fields, payload, crc32c(payload))

    def write(self, salt):
        head = b"\xf5PTB" + struct.pack("<BBHIIQQI", *(self.fields[name] for name in FRAME))
        return head + struct.pack("<I", crc32c(head) ^ salt) + bytes(self.payload) + \
            struct.pack("<I", self.check)

    def index_entry(self):
        field = self.fields
        raw_size = field["raw_size"] if field["kind"] == 1 else 0
        return struct.pack("<IIHBBQ", field["payload_size"], raw_size, field["codec"],
                           field["type"], 0, field["raw_hash"])


class Stream:
    """The first stream of a file, and the bytes behind it."""

    def __init__(self, data):
        if data[:8] != MAGIC:
            sys.exit("not a .pith file")
        self.header = dict(zip(HEADER, struct.unpack_from("<BBBBI", data, 8)))
        self.frames, self.set_by_edit, at = [], set(), 20
        self.offsets = []
        while data[at:at + 4] == b"\xf5PTB":
            fields = dict(zip(FRAME, struct.unpack_from("<BBHIIQQI", data, at + 4)))
            end = at + 40 + fields["payload_size"]
            self.frames.append(Frame(fields, data[at + 40:end], *struct.unpack_from("<I", data, end)))
            self.offsets.append(at)
            at = end + 4
        if data[at:at + 4] != b"\xf5PTE":
            sys.exit(f"no trailer at byte {at}")
        self.offsets.append(at)
        self.trailer = dict(zip(TRAILER, struct.unpack_from("<IQQQQ", data, at + 4)))
        self.rest = data[at + 48:]

    def index(self):
        has_index = self.frames and self.frames[-1].fields["kind"] == INDEX_KIND
        return self.frames[-1] if has_index else None

    def drop_index(self):
        if self.index():
            self.frames.pop()

    def make_index(self):
        self.drop_index()
        raw_size = sum(f.fields["raw_size"] for f in self.frames if f.fields["kind"] == 1)
        entries = b"".join(frame.index_entry() for frame in self.frames)
        self.frames.append(Frame.plain(INDEX_KIND, entries, raw_size))

    def write(self):
        salt = self.header["salt"]
        head = MAGIC + struct.pack("<BBBBI", *(self.header[name] for name in HEADER))
        body = b"".join(frame.write(salt) for frame in self.frames)
        derived = {"index_size": 44 + len(self.index().payload) if self.index() else 0,
                   "stream_size": 20 + len(body) + 48}
        for name, value in derived.items():
            if name not in self.set_by_edit:
                self.trailer[name] = value
        tail = b"\xf5PTE" + struct.pack("<IQQQQ", *(self.trailer[name] for name in TRAILER))
        tail += struct.pack("<I", crc32c(tail) ^ salt) + b"HTP\x89"
        return head + struct.pack("<I", crc32c(head)) + body + tail + self.rest


def set_field(fields, name, value):
    if name not in fields:
        sys.exit(f"no field '{name}' among {', '.join(fields)}")
    fields[name] = int(value, 0)


def edit(stream, text):
    what, _, value = text.partition("=")
    parts = what.split(".")
    frames = stream.frames
    if parts[0] == "header":
        set_field(stream.header, parts[1], value)
    elif parts[0] == "trailer":
        set_field(stream.trailer, parts[1], value)
        stream.set_by_edit.add(parts[1])
    elif parts[0] == "index" and parts[1] == "drop":
        stream.drop_index()
    elif parts[0] == "index" and parts[1] == "make":
        stream.make_index()
    elif parts[0] == "index":
        index = stream.index()
        index.payload[20 * int(parts[1]) + int(parts[2])] = int(value, 0)
        index.fields["raw_hash"] = xxh3_64(index.payload)
        index.check = crc32c(index.payload)
    elif parts[0] == "payload":
        frame = frames[int(parts[1])]
        frame.payload[int(parts[2])] = int(value, 0)
        frame.check = crc32c(frame.payload)
    elif parts[2] == "drop":
        del frames[int(parts[1])]
    elif parts[2] == "double":
        frames.insert(int(parts[1]), frames[int(parts[1])])
    elif parts[2] == "swap":
        one, other = int(parts[1]), int(value)
        frames[one], frames[other] = frames[other], frames[one]
    elif parts[2] == "insert":
        kind, _, payload = value.partition(":")
        at = int(parts[1])
        before = sum(f.fields["raw_size"] for f in frames[:at] if f.fields["kind"] == 1)
        frames.insert(at, Frame.plain(int(kind), bytes.fromhex(payload), before))
    else:
        set_field(frames[int(parts[1])].fields, parts[2], value)


def show(stream):
    print("header 0", *(f"{name}={value}" for name, value in stream.header.items()))
    for number, frame in enumerate(stream.frames):
        print(f"frame.{number} {stream.offsets[number]}",
              *(f"{name}={value}" for name, value in frame.fields.items()))
    print(f"trailer {stream.offsets[-1]}",
          *(f"{name}={value}" for name, value in stream.trailer.items()))
    if stream.rest:
        print(f"rest {len(stream.rest)}")


def write_file(path, data):
    with open(path, "wb") as file:
        file.write(data)


def main(command, source, *rest):
    with open(source, "rb") as file:
        data = file.read()
    if command == "show":
        show(Stream(data))
    elif command == "edit":
        stream = Stream(data)
        for text in rest[1:]:
            edit(stream, text)
        write_file(rest[0], stream.write())
    elif command == "cuts":
        os.makedirs(rest[0])
        for length in range(0, len(data), int(rest[1]) if len(rest) > 1 else 1):
            write_file(f"{rest[0]}/cut.{length}", data[:length])
    elif command == "flips":
        os.makedirs(rest[0])
        chance = random.Random(int(rest[2]))
        for number in range(int(rest[1])):
            copy = bytearray(data)
            for bit in chance.sample(range(8 * len(data)), chance.randint(1, 8)):
                copy[bit // 8] ^= 1 << bit % 8
            write_file(f"{rest[0]}/flip.{number}", copy)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
