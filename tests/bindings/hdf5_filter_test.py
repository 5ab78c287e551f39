#!/usr/bin/env python3
"""The filter plugin in the programs that use it: h5py, h5repack and h5diff, netCDF4, from Debian.

  HDF5_PLUGIN_PATH=build/hdf5_plugin tests/bindings/hdf5_filter_test.py

What a machine does not have is skipped, and a message says so; without h5py the exit status is 77.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

PITH = 53141
SHUFFLE = 2
DEBIAN_PYTHON = "/usr/bin/python3"  # packages of the system are not seen by every python3

try:
    import h5py
    import numpy as np
except ImportError:
    if os.path.exists(DEBIAN_PYTHON) and os.environ.get("PITH_TEST_PYTHON") is None:
        os.environ["PITH_TEST_PYTHON"] = DEBIAN_PYTHON
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    print("SKIPPED: no h5py (python3-h5py), so the filter plugin for HDF5 was not tested",
          file=sys.stderr)
    sys.exit(77)

PLUGIN = pathlib.Path(os.environ["HDF5_PLUGIN_PATH"]) / "libH5Zpith.so"


def skip_loudly(test, reason):
    print(f"SKIPPED: {reason}", file=sys.stderr)
    test.skipTest(reason)


def field(shape, dtype, seed=1):
    """Numbers that wander, as those of nature do."""
    random = np.random.default_rng(seed)
    steps = random.integers(-4, 5, size=shape)
    return (np.cumsum(np.cumsum(steps, axis=-1), axis=0) // 8 + 60).astype(dtype)


class FilterTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pith-hdf5."))
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, data, level=5, chunks=True, **options):
        with h5py.File(self.path(name), "w") as file:
            file.create_dataset("x", data=data, chunks=chunks, compression=PITH,
                                compression_opts=None if level is None else (level,), **options)
        return self.path(name)

    def check(self, data, **options):
        path = self.write("check.h5", data, **options)
        with h5py.File(path, "r") as file:
            back = file["x"][...]
            size = file["x"].id.get_storage_size()
        self.assertEqual(back.dtype, data.dtype)
        self.assertEqual(back.tobytes(), data.tobytes())
        return size

    def values_of(self, path):
        """What HDF5 keeps of the filter's values."""
        with h5py.File(path, "r") as file:
            creation = file["x"].id.get_create_plist()
            for i in range(creation.get_nfilters()):
                identifier, _, values, _ = creation.get_filter(i)
                if identifier == PITH:
                    return values
        self.fail("the dataset has no such filter")


class Numbers(FilterTest):
    def test_every_type_comes_back(self):
        for code in "bBhHiIlLqQefd?":
            for order in "<>":
                dtype = np.dtype(code).newbyteorder(order)
                for shuffle in False, True:
                    with self.subTest(dtype=str(dtype), shuffle=shuffle):
                        data = field((40, 60), dtype)
                        self.check(data, chunks=(16, 25), shuffle=shuffle)

    def test_smooth_numbers_take_less_than_with_deflate(self):
        for dtype in "<i2", ">i2", "<f4", ">f8", "<u8":
            with self.subTest(dtype=dtype):
                data = field((200, 300), dtype)
                path = self.path("deflated.h5")
                with h5py.File(path, "w") as file:
                    file.create_dataset("x", data=data, chunks=(200, 300), compression="gzip",
                                        compression_opts=9, shuffle=True)
                    deflated = file["x"].id.get_storage_size()
                for shuffle in False, True:
                    size = self.check(data, chunks=(200, 300), shuffle=shuffle)
                    self.assertLess(size, deflated)

    def test_levels(self):
        data = field((128, 200), "<f4")
        sizes = [self.check(data, level=level, chunks=(128, 200)) for level in range(1, 10)]
        self.assertEqual(self.check(data, level=None, chunks=(128, 200)), sizes[4])
        self.assertLess(sizes[8], sizes[0])
        for level in 0, 10, 400:
            with self.assertRaisesRegex(Exception, "level of pith is 1 to 9"):
                self.write("wrong.h5", data, level=level)

    def test_the_filter_is_told_of_the_numbers(self):
        data = field((5, 40, 60), ">i2")
        path = self.write("told.h5", data, level=3, chunks=(2, 20, 30), fillvalue=-300)
        # level, version; int16, big-endian, with a fill value; axes; the fill value as 64 bits
        self.assertEqual(self.values_of(path), (3, 1, 2 | 0x100 | 0x400, 3, 2, 20, 30, 0xFED4, 0))
        path = self.write("told.h5", data, chunks=(2, 20, 30), shuffle=True)
        self.assertEqual(self.values_of(path), (5, 1, 2 | 0x100 | 0x200, 3, 2, 20, 30))

    def test_chunks_at_the_edge(self):
        data = field((31, 17, 23), "<f4")
        for chunks in (1, 1, 1), (7, 5, 4), (31, 17, 23), (30, 16, 22), (31, 1, 23):
            with self.subTest(chunks=chunks):
                self.check(data, chunks=chunks)

    def test_axes(self):
        for rank in range(1, 13):
            with self.subTest(rank=rank):
                shape = (2,) * (rank - 1) + (50,)
                self.check(field(shape, "<i4"), chunks=shape)

    def test_random_numbers_take_hardly_more(self):
        data = np.random.default_rng(1).integers(0, 1 << 62, size=(64, 64))
        self.assertLessEqual(self.check(data, chunks=(64, 64)), data.nbytes + 64)

    def test_values_that_are_no_numbers(self):
        data = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45] * 500, dtype="<f4")
        data.view("<u4")[7] = 0x7FC12345
        self.check(data.reshape(50, 60))

    def test_a_chunk_of_more_than_a_block(self):
        data = np.zeros((5, 1 << 20), dtype="<i4")
        data[3, 77] = 5
        for shuffle in False, True:
            self.check(data, level=1, chunks=data.shape, shuffle=shuffle)

    def test_datasets_grow(self):
        data = field((100, 30), "<i2")
        with h5py.File(self.path("grows.h5"), "w") as file:
            x = file.create_dataset("x", shape=(0, 30), maxshape=(None, 30), dtype="<i2",
                                    chunks=(16, 30), compression=PITH, compression_opts=(2,))
            for i in range(100):
                x.resize(i + 1, axis=0)
                x[i] = data[i]
        with h5py.File(self.path("grows.h5"), "r") as file:
            self.assertTrue(np.array_equal(file["x"][...], data))


class OtherTypes(FilterTest):
    def test_strings_are_bytes(self):
        data = np.array([b"station %06d" % i for i in range(3000)], dtype="S20")
        for shuffle in False, True:
            size = self.check(data, chunks=(1000,), shuffle=shuffle)
            self.assertLess(size, data.nbytes // 2)
        self.assertEqual(self.values_of(self.path("check.h5")), (5, 1, 0xFF, 0))

    def test_strings_of_any_length(self):
        texts = ["word " * (i % 7) for i in range(500)]
        with h5py.File(self.path("texts.h5"), "w") as file:
            file.create_dataset("x", data=texts, chunks=(100,), compression=PITH)
        with h5py.File(self.path("texts.h5"), "r") as file:
            self.assertEqual([text.decode() for text in file["x"]], texts)

    def test_records_of_several_types_are_bytes(self):
        data = np.zeros(2000, dtype=[("t", "<f8"), ("n", "<i4")])
        data["t"] = np.arange(2000) / 4
        data["n"] = np.arange(2000) % 7
        self.check(data, chunks=(500,))
        self.assertEqual(self.values_of(self.path("check.h5")), (5, 1, 0xFF, 0))

    def test_complex_numbers_and_short_arrays_are_numbers(self):
        data = (field((30, 50), "<f4") + 1j * field((30, 50), "<f4", 2)).astype("<c8")
        self.check(data, chunks=(30, 50))
        self.assertEqual(self.values_of(self.path("check.h5")), (5, 1, 9, 3, 30, 50, 2))
        vectors = np.zeros(500, dtype=[("v", "<f4", (3,))])
        vectors["v"] = field((500, 3), "<f4")
        self.check(vectors, chunks=(100,))

    def test_behind_other_filters(self):
        data = field((64, 64), "<i4")
        self.check(data, chunks=(32, 32), fletcher32=True)
        self.check(data, chunks=(32, 32), scaleoffset=0)
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk((32, 32))
        creation.set_deflate(1)  # in front of pith: what arrives are no numbers
        creation.set_filter(PITH, 0, (5,))
        with h5py.File(self.path("chain.h5"), "w") as file:
            space = h5py.h5s.create_simple((64, 64))
            made = h5py.h5d.create(file.id, b"x", h5py.h5t.STD_I32LE, space, creation)
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, data)
        with h5py.File(self.path("chain.h5"), "r") as file:
            self.assertTrue(np.array_equal(file["x"][...], data))
        self.assertEqual(self.values_of(self.path("chain.h5")), (5, 1, 0xFF, 0))


class Damage(FilterTest):
    def chunk_of(self, path):
        with h5py.File(path, "r") as file:
            info = file["x"].id.get_chunk_info(0)
        return info.byte_offset, info.size

    def test_a_damaged_chunk_is_an_error(self):
        for level in 3, 8:
            data = field((40, 50), "<i2")
            path = self.write("damaged.h5", data, level=level, chunks=(40, 50))
            offset, size = self.chunk_of(path)
            intact = pathlib.Path(path).read_bytes()
            for at in [*range(0, 30), *range(30, size, max(1, size // 40))]:
                changed = bytearray(intact)
                changed[offset + at] ^= 0x41
                pathlib.Path(path).write_bytes(changed)
                with h5py.File(path, "r") as file:
                    with self.assertRaises(OSError, msg=f"byte {at} of {size}"):
                        file["x"][...]

    def test_the_error_says_what_is_wrong(self):
        path = self.write("damaged.h5", field((40, 50), "<i2"), chunks=(40, 50))
        offset, size = self.chunk_of(path)
        with open(path, "r+b") as file:
            file.seek(offset + size - 1)
            file.write(b"\x99")
        dump = shutil.which("h5dump")
        if dump is None:
            skip_loudly(self, "no h5dump (hdf5-tools): what an error says was not tested")
        done = subprocess.run([dump, "--enable-error-stack", "-d", "x", path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("a chunk compressed by pith is damaged: its check does not fit",
                      done.stdout + done.stderr)


class Programs(FilterTest):
    def run_program(self, *command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, f"{command}:\n{done.stdout}")

    def test_h5repack_both_ways(self):
        for tool in "h5repack", "h5diff":
            if shutil.which(tool) is None:
                skip_loudly(self, f"no {tool} (hdf5-tools): repacking was not tested")
        before, packed, after = map(self.path, ("before.h5", "packed.h5", "after.h5"))
        with h5py.File(before, "w") as file:
            for dtype in "<i2", ">f4", "<f8":
                file.create_dataset(dtype, data=field((90, 80), dtype), chunks=(45, 40),
                                    compression="gzip", shuffle=dtype == "<f8")
            file.create_dataset("texts", data=np.array([b"abc"] * 4000), chunks=(1000,))
        self.run_program("h5repack", "-f", f"UD={PITH},0,1,5", before, packed)
        self.run_program("h5diff", before, packed)
        with h5py.File(packed, "r") as file:
            for name in file:
                creation = file[name].id.get_create_plist()
                self.assertEqual(creation.get_filter(creation.get_nfilters() - 1)[0], PITH)
            values = file["<i2"].id.get_create_plist().get_filter(0)[2]
            self.assertEqual(values, (5, 1, 2, 2, 45, 40))
        self.assertLess(os.path.getsize(packed), os.path.getsize(before))
        # Values of the first file are not in the way of other chunks and levels.
        other = self.path("other.h5")
        self.run_program("h5repack", "-l", "CHUNK=90x20", packed, other)
        self.run_program("h5diff", before, other)
        with h5py.File(other, "r") as file:
            values = file["<i2"].id.get_create_plist().get_filter(0)[2]
            self.assertEqual(values, (5, 1, 2, 2, 90, 20))
        self.run_program("h5repack", "-f", "GZIP=4", packed, after)
        self.run_program("h5diff", before, after)

    def test_netcdf4_reads(self):
        try:
            import netCDF4
        except ImportError:
            skip_loudly(self, "no netCDF4 (python3-netcdf4): reading by netCDF was not tested")
        data = field((6, 30, 40), "<f4")
        plain, packed = self.path("plain.nc"), self.path("packed.nc")
        with netCDF4.Dataset(plain, "w") as file:
            for name, size in ("time", None), ("lat", 30), ("lon", 40):
                file.createDimension(name, size)
            file.createVariable("t", "f4", ("time", "lat", "lon"), zlib=True)[:] = data
        if shutil.which("h5repack") is None:
            skip_loudly(self, "no h5repack (hdf5-tools): reading by netCDF was not tested")
        self.run_program("h5repack", "-f", f"UD={PITH},0,1,7", plain, packed)
        with netCDF4.Dataset(packed) as file:
            self.assertTrue(np.array_equal(file["t"][:].filled(), data))
        with netCDF4.Dataset(packed, "a") as file:
            file["t"][6] = data[0]
        with netCDF4.Dataset(packed) as file:
            self.assertTrue(np.array_equal(file["t"][:6].filled(), data))
            self.assertTrue(np.array_equal(file["t"][6].filled(), data[0]))


class Process(FilterTest):
    def test_only_the_plugin_functions_are_shown(self):
        nm = shutil.which("nm")
        if nm is None:
            skip_loudly(self, "no nm (binutils): the plugin's symbols were not looked at")
        listed = subprocess.run([nm, "-D", PLUGIN], stdout=subprocess.PIPE, text=True, check=True)
        shown, needed = set(), set()
        for line in listed.stdout.splitlines():
            *_, kind, name = line.split()
            (needed if kind in "Uvw" else shown).add(name)
        self.assertEqual(shown, {"H5PLget_plugin_type", "H5PLget_plugin_info"})
        self.assertFalse([name for name in needed if name.startswith("H5")])

    def test_threads(self):
        data = field((64, 64), "<f4")
        failures = []

        def work(number):
            path = self.path(f"thread{number}.h5")
            for _ in range(5):
                with h5py.File(path, "w") as file:
                    file.create_dataset("x", data=data + number, chunks=(32, 32),
                                        compression=PITH, compression_opts=(3,))
                with h5py.File(path, "r") as file:
                    if not np.array_equal(file["x"][...], data + number):
                        failures.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    if not PLUGIN.is_file():
        sys.exit(f"{PLUGIN} is not there")
    unittest.main()
