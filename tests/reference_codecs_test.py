"""Tests of the reference decoder on what the program writes: files made on the spot are compared
byte by byte, and damaged payloads are refused."""
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import reference_decoder as ref  # noqa: E402
import reference_samples as samples  # noqa: E402
from reference_deflate import lzf  # noqa: E402

PITH = os.environ.get("PITH")


def written(data, codec, level, *options):
    named = ["--codec", codec] if codec else []
    return subprocess.run([PITH, f"-{level}", *named, "-c", *options], input=data,
                          stdout=subprocess.PIPE, check=True).stdout


def blocks(file):
    """(codec, payload, raw size, decode memory) of the blocks of a stream"""
    at = 20
    while file[at:at + 4] == b"\xF5PTB":
        kind, codec, raw_size, size = struct.unpack_from("<xxxxBxH2I", file, at)
        if kind == 1:
            memory, = struct.unpack_from("<I", file, at + 32)
            yield codec, file[at + 40:at + 40 + size], raw_size, memory
        at += 44 + size


@unittest.skipUnless(PITH, "PITH does not name the program")
class Codecs(unittest.TestCase):
    def check(self, name, codec, files):
        """files: (levels, data)"""
        for i, (levels, data) in enumerate(files):
            for level in levels:
                with self.subTest(input=i, level=level):
                    file = written(data, name, level)
                    self.assertEqual({block[0] for block in blocks(file)}, {codec})
                    self.assertEqual(ref.decode(file), data)

    def check_damage(self, name, codec, data, level, trials=15):
        of_block = next(blocks(written(data, name, level)))
        self.assertEqual(of_block[0], codec)
        self.assertEqual(ref.CODECS[codec](*of_block[1:]), data[:of_block[2]])
        self.damage(*of_block, trials)

    def damage(self, codec, payload, raw_size, memory, trials):
        """A payload that is wrong is refused, or decoded to wrong bytes; nothing else happens."""
        r, refused = random.Random(12), 0
        for i in range(trials):
            at = r.randrange(len(payload) if i % 2 else min(60, len(payload)))
            wrong = bytearray(payload)
            wrong[at] ^= 1 << r.randrange(8)
            if i % 5 == 0:
                wrong = payload[:at]
            try:
                raw = ref.CODECS[codec](bytes(wrong), raw_size, memory)
                self.assertLessEqual(len(raw), raw_size)
            except ref.Damaged:
                refused += 1
        self.assertGreater(refused, trials // 4)
        for wrong in (b"", payload + b"\0"):
            self.assertRaises(ref.Damaged, ref.CODECS[codec], wrong, raw_size, memory)

    def test_tensor(self):
        files = list(samples.tensor_files())
        self.check("tensor", 5, files)
        for levels, data in files[:3]:
            self.check_damage("tensor", 5, data, levels[0])

    def test_tensor_with_base(self):
        before, after = samples.checkpoints()
        with tempfile.TemporaryDirectory() as folder:
            base = pathlib.Path(folder, "base")
            base.write_bytes(before)
            for level in 2, 8:
                file = written(after, "tensor", level, "--base", str(base))
                self.assertEqual(file[9], 1)  # the feature
                self.assertEqual(ref.decode(file, before), after)
                self.assertEqual(ref.decode(file, written(before, "tensor", 1)), after)
                self.assertRaises(ref.Unsupported, ref.decode, file)
                self.assertRaises(ref.Unsupported, ref.decode, file, after)
                _, payload, raw_size, memory = next(blocks(file))
                self.assertRaises(ref.Damaged, ref.tensor, payload, raw_size, memory)

    def test_array(self):
        files = list(samples.array_files())
        self.check("array", 10, files)
        for levels, data in files:
            self.check_damage("array", 10, data, levels[0], 8)

    def test_array_of_tiles(self):
        r = random.Random(15)
        values = samples.field(r, 5, 17, 23, 0)
        for tile, shuffled in (((2, 5, 7), False), ((1, 17, 23), True), ((3, 9, 4), True)):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "tiles.h5")
                if not samples.hdf5(path, (5, 17, 23), tile, shuffled, values):
                    self.skipTest("there is no HDF5")
                self.check("array", 10, [((2, 5), path.read_bytes())])

    def test_array_of_png(self):
        r = random.Random(16)
        for channels in 1, 3:
            cells = [min(255, max(0, round(5 * v + 9 * c)))
                     for v in samples.field(r, 1, 60, 80, 0.2) for c in range(channels)]
            data = samples.png(60, 80, channels, cells)
            file = written(data, "", 5)
            codec, payload, _, _ = next(blocks(file))
            self.assertEqual(codec, 2)
            at, inner = 1, []  # the inner blocks, docs/codecs/deflated.md
            while at < len(payload):
                inner.append(struct.unpack_from("<H4xI", payload, at))
                at += 14 + inner[-1][1]
            self.assertIn(10, [codec for codec, _ in inner])
            self.assertEqual(ref.decode(file), data)

    def test_lzf(self):
        columns = [value for x, y, z, _, _ in samples.scanned(random.Random(22), 4, 90, 0.1)
                   for value in (round(x, 2), round(y, 2), round(z, 2))]
        content = samples.packed("f", columns[::3] + columns[1::3] + columns[2::3])
        for hash_bits in 13, 16:
            coded = lzf(content, hash_bits)
            body = struct.pack("<2I", len(coded), len(content)) + coded
            data = samples.pcd("x y z", "F4 F4 F4", len(columns) // 3, 1, body)
            data = data.replace(b"DATA binary", b"DATA binary_compressed")
            file = written(data, "", 3)
            self.assertEqual(ref.decode(file), data)
            codec, payload, _, _ = next(blocks(file))
            self.assertEqual(codec, 2)
            control = struct.pack("<5B", 3, 0, 1, hash_bits - 7, 13)
            inner = struct.unpack_from("<H3I", payload, 1)
            self.assertIn(control, ref.CODECS[inner[0]](payload[15:15 + inner[2]], inner[1],
                                                        inner[3]))

    def test_log(self):
        files = list(samples.log_files())
        self.check("log", 6, files)
        for levels, data in files[:2]:
            self.check_damage("log", 6, data[:9000], levels[0], 12)
            self.check_damage("log", 6, data[:3000], 6, 6)

    def test_cloud(self):
        files = list(samples.cloud_files())
        self.check("cloud", 8, files)
        for levels, data in files:
            self.check_damage("cloud", 8, data, levels[0], 12)

    def test_las(self):
        files = list(samples.las_files())
        self.check("las", 9, files)
        for levels, data in files:
            self.check_damage("las", 9, data, min(levels[0], 3), 5)

    def check_near(self, data, level, *options):
        """The file as it is restored; its blocks."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "file")
            path.write_bytes(data)
            file = written(b"", "wavelet", level, *options, str(path))
        restored = subprocess.run([PITH, "-dc"], input=file, stdout=subprocess.PIPE,
                                  check=True).stdout
        self.assertNotEqual(restored, data)
        self.assertEqual(ref.decode(file), restored)
        found = [block for block in blocks(file) if block[0] == 14]
        self.assertTrue(found, "no block is of the codec")
        return found

    def test_wavelet(self):
        for i, (level, options, data) in enumerate(samples.near_files()):
            with self.subTest(input=i):
                self.damage(*self.check_near(data, level, *options)[0], 3)

    def test_wavelet_of_tiles(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "tiles.h5")
            values = samples.field(random.Random(21), 5, 17, 23, 0.1)
            if not samples.hdf5(path, (5, 17, 23), (2, 5, 7), False, values):
                self.skipTest("there is no HDF5")
            self.check_near(path.read_bytes(), 5, "--max-error", "0.1")

    def test_damaged_golden(self):
        """Structures that the files made here do not have."""
        for name in ("cloud_sweep_3", "cloud_spin_3", "cloud_firing_3", "cloud_rounds_5",
                     "las_5"):
            file = HERE / "golden" / "v0.1" / f"{name}.pith"
            with self.subTest(name=name):
                self.damage(*next(blocks(file.read_bytes())), 5)


if __name__ == "__main__":
    if not PITH:
        print("SKIPPED: PITH does not name the program", file=sys.stderr)
    unittest.main()
