#!/usr/bin/env python3
"""Tests of bench/distortion and of the peers for arrays: tiny arrays, a program of their own for pith.

What needs numpy (and netCDF4) or a tool that is not installed is skipped.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))

from harness import with_numpy  # noqa: E402

if __name__ == "__main__":
    with_numpy.prefer("netCDF4")

try:
    import numpy as np
except ImportError:
    np = None

from harness import distortion_report, distortion_svg, measure, peers  # noqa: E402
from harness.errors import UsageError  # noqa: E402

# Rounds to steps of twice the bound, behind a word that says so; -d takes the word off again.
FAKE_PITH = """#!/bin/sh
exec {python} - "$@" <<'END'
import io, sys
import numpy as np
words = sys.argv[1:]
if "--version" in words:
    print("pith 0.0 fake")
    sys.exit()
if "--codec" in words:
    print("pith: no codec of this name\\nTry 'pith --help'.", file=sys.stderr)
    sys.exit(1)
data = open(words[-1], "rb").read()
if "-d" in words:
    sys.stdout.buffer.write(data[4:])
    sys.exit()
array = np.load(io.BytesIO(data))
bound = float(words[words.index("--rel-error") + 1]) * (np.nanmax(array) - np.nanmin(array))
if "--careless" in words:
    bound *= 3
array = (np.rint(array / (2 * bound)) * (2 * bound)).astype(array.dtype)
if "--drop-gaps" in words:
    array = np.nan_to_num(array)
sys.stdout.buffer.write(b"LOSS")
np.save(sys.stdout.buffer, array)
END
"""
PLAN = """
title = "Test <plan>"
psnr_targets = [30]

[[arrays]]
name = "waves"
file = "waves.npy"

[[arrays]]
name = "absent"
file = "absent.npy"

[[series]]
name = "pith"
tool = "pith"
options = "-5 --rel-error {x}"
values = [1e-1, 1e-2]
keeps = "error"

[[series]]
name = "pith new"
tool = "pith"
options = "-5 --codec new --rel-error {x}"
values = [1e-1, 1e-2]
optional = true

[[taken]]
name = "Elsewhere"
source = "a book"
waves = [[1e-2, 1000, 41.5]]
"""


@unittest.skipUnless(np, "needs numpy")
class DistortionTest(unittest.TestCase):
    """Whole runs of the program."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.out = self.home / "out"
        rows, columns = np.mgrid[0:24, 0:40]
        waves = np.stack([np.sin(rows / 5 + t) + np.cos(columns / 7) for t in range(4)])
        waves = waves.astype("<f4")
        waves[:, 3:6, 10:20] = np.nan
        np.save(self.home / "waves.npy", waves)
        (self.home / "plan.toml").write_text(PLAN)
        (self.home / "pith").write_text(FAKE_PITH.format(python=sys.executable))
        (self.home / "pith").chmod(0o755)

    def run_plan(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, BENCH / "distortion", "--plan", self.home / "plan.toml", "--out", self.out,
             "--pith", self.home / "pith", *options],
            env=dict(os.environ, PITH_CORPUS=str(self.home)), capture_output=True, text=True,
            check=False, timeout=120)

    def change(self, old: str, new: str) -> None:
        text = (self.home / "plan.toml").read_text()
        self.assertIn(old, text)
        (self.home / "plan.toml").write_text(text.replace(old, new))

    def result(self) -> dict:
        return json.loads((self.out / "results.json").read_text())

    def test_measures_and_reports(self) -> None:
        done = self.run_plan()
        self.assertEqual(done.returncode, 0, done.stderr)
        result = self.result()
        self.assertTrue(result["complete"])
        rows = result["points"]
        self.assertEqual([(row["series"], row["value"]) for row in rows],
                         [("pith", 0.1), ("pith", 0.01)])
        for row in rows:
            self.assertLessEqual(row["largest_error"], row["value"])
            self.assertGreater(row["largest_error"], 0.9 * row["value"])
            # an even error within the bound: PSNR = 20 log(sqrt(3) / bound)
            self.assertAlmostEqual(row["psnr"], 4.77 - 20 * np.log10(row["value"]), delta=0.7)
            self.assertEqual(row["bytes"], (self.home / "waves.npy").stat().st_size + 4)
            self.assertAlmostEqual(row["bits_per_value"], 8 * row["bytes"] / (4 * 24 * 40))
            self.assertGreater(row["decode"], 0)
        self.assertEqual(result["arrays"][0]["gaps"], 4 * 3 * 10)
        text = (self.out / "results.md").read_text()
        for part in ("## Bytes at the same largest error", "Elsewhere (taken)", "a book",
                     "## Bits per value at the same PSNR", "## waves (4 x 24 x 40"):
            self.assertIn(part, text)
        picture = xml.etree.ElementTree.parse(self.out / "results.svg").getroot()
        dots = picture.findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(dots), 2 + 2 * (2 + 1))  # legend, and two panels of both series

    def test_refused_series_and_missing_array_are_named(self) -> None:
        done = self.run_plan()
        self.assertEqual(len(self.result()["skipped"]), 2)
        for part in ("absent.npy", "pith new at 0.1 on waves: exit 1: pith: no codec of this name"):
            self.assertIn(part, done.stderr)
            self.assertIn(part, (self.out / "results.md").read_text())
        self.change("optional = true", "")
        self.assertEqual(self.run_plan().returncode, 1)
        self.assertEqual(len(self.result()["failures"]), 1)

    def test_broken_promises_fail(self) -> None:
        for flag, message in (("--careless", "BOUND EXCEEDED"), ("--drop-gaps", "gaps became")):
            self.change('"-5 --rel', f'"-5 {flag} --rel')
            done = self.run_plan("--series", "pith")
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr)
            self.assertEqual(len(self.result()["failures"]), 2)
            self.assertIn("**FAILED**", (self.out / "results.md").read_text())
            self.change(f'"-5 {flag} --rel', '"-5 --rel')

    def test_promised_psnr(self) -> None:
        self.change('keeps = "error"', 'keeps = "psnr"')
        self.change("values = [1e-1, 1e-2]\nkeeps", "values = [1e-2]\nkeeps")
        self.assertEqual(self.run_plan("--series", "pith").returncode, 0)  # 44 dB, more than 0.01
        self.change("{x}", "0.1")
        self.change("values = [1e-2]\nkeeps", "values = [60]\nkeeps")
        done = self.run_plan("--series", "pith")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PSNR MISSED", done.stderr)

    def test_wrong_use(self) -> None:
        self.assertEqual(self.run_plan("--repeat", "0").returncode, 2)
        self.assertEqual(self.run_plan("--only", "nothing").returncode, 3)
        self.change('tool = "pith"', 'tool = "pitch"')
        done = self.run_plan()
        self.assertEqual(done.returncode, 2)
        self.assertIn("no tool 'pitch'", done.stderr)

    def test_lossy_peers(self) -> None:
        np.save(self.home / "waves.npy", np.repeat(np.load(self.home / "waves.npy"), 3, axis=2))
        text = PLAN
        for tool, program, values in (("zfp", "zfp", "[1e-1, 1e-3]"), ("x265", "ffmpeg", "[0, 30]"),
                                      ("jxl", "cjxl", "[0.05, 3]")):
            if shutil.which(program):
                keeps = 'keeps = "error"' if tool == "zfp" else ""
                text += f'[[series]]\nname = "{tool}"\ntool = "{tool}"\nvalues = {values}\n{keeps}\n'
        (self.home / "plan.toml").write_text(text)
        done = self.run_plan("--series", "zfp;x265;jxl")
        if text == PLAN:
            self.skipTest("no peer is installed")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = self.result()["points"]
        for better, worse in zip(rows[::2], rows[1::2]):
            if better["series"] == "zfp":
                better, worse = worse, better
            self.assertGreater(better["psnr"], worse["psnr"] + 5)
            self.assertGreater(better["bytes"], worse["bytes"])
            self.assertGreater(better["psnr"], 45)


@unittest.skipUnless(np, "needs numpy")
class ArrayValuesTest(unittest.TestCase):
    """Rearranging must lose nothing, or a peer's restore would be wrong by our fault."""

    def test_frames(self) -> None:
        from harness.array_values import from_frames, to_frames
        for shape, frames in (((4, 5, 6, 13), (52, 5, 6)), ((2, 3, 20, 30), (6, 20, 30)),
                              ((7, 20, 30, 1), (7, 20, 30)), ((20, 30, 3), (3, 20, 30)),
                              ((1, 20, 30), (1, 20, 30)), ((20, 30), (1, 20, 30)), ((9,), (1, 1, 9))):
            array = np.arange(np.prod(shape)).reshape(shape)
            self.assertEqual(to_frames(array).shape, frames)
            self.assertTrue(np.array_equal(from_frames(to_frames(array), shape), array), shape)
        bands = np.arange(2 * 20 * 30 * 3).reshape(2, 20, 30, 3)
        self.assertTrue(np.array_equal(to_frames(bands)[4], bands[1, :, :, 1]))

    def test_planes(self) -> None:
        from harness.array_values import from_planes, to_planes
        random = np.random.default_rng(1)
        for kind in ("<i2", "<u2", "<f4", "<i4", "<f8", "u1", "i1"):
            dtype = np.dtype(kind)
            frames = np.frombuffer(random.bytes(600 * dtype.itemsize), dtype).reshape(2, 10, 30)
            planes = to_planes(frames)
            self.assertEqual(len(planes), max(1, dtype.itemsize // 2))
            restored = from_planes(planes, dtype)
            self.assertEqual(restored.tobytes(), frames.tobytes(), kind)
        rising = np.array([[[-2.5, -1.0, -0.0, 0.0, 1e-30, 1.0, 3e9]]], "<f4")
        keys = [int(high) << 16 | int(low) for high, low in zip(*(p[0, 0] for p in to_planes(rising)))]
        self.assertEqual(keys, sorted(keys))

    def test_variables_of_files(self) -> None:
        try:
            import netCDF4
        except ImportError:
            self.skipTest("needs netCDF4")
        from harness.array_values import read
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.nc"
            with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as data:
                data.createDimension("x", 5)
                made = data.createVariable("t", "f4", ("x",), fill_value=-9.0)
                made.missing_value = np.float32(1e20)
                made.scale_factor = 2.0  # stored values are wanted
                made.set_auto_maskandscale(False)
                made[:] = stored = [1.5, -9.0, 1e20, np.nan, 2.5]
            values, gaps = read(path, "t")
            self.assertEqual(values.tobytes(), np.array(stored, "<f4").tobytes())
            self.assertEqual(gaps.tolist(), [False, True, True, True, False])
            extract = [sys.executable, BENCH / "harness" / "extract_array.py", path]
            done = subprocess.run([*extract, "t"], capture_output=True, check=True, timeout=60)
            self.assertEqual(done.stdout[128:], values.tobytes())
            done = subprocess.run([*extract, "no"], capture_output=True, check=False, timeout=60)
            self.assertEqual(done.returncode, 1)

    def test_gaps(self) -> None:
        from harness.array_values import fill_gaps
        array = np.full((2, 4, 5), 7.0)
        gaps = np.zeros(array.shape, bool)
        gaps[0, 1:3, 1:4] = gaps[1] = True
        array[gaps] = -1e30
        self.assertTrue(np.array_equal(fill_gaps(array, gaps), np.full(array.shape, 7.0)))

    def test_steps(self) -> None:
        try:
            from harness.array_tools import from_steps, to_steps
        except ImportError:
            self.skipTest("no coder")
        frames = np.linspace(-3, 5, 1000, dtype="<f4").reshape(1, 10, 100)
        steps = to_steps(frames, 4095)
        self.assertEqual((steps.min(), steps.max()), (0, 4095))
        error = np.abs(from_steps(steps, frames, 4095) - frames)
        self.assertLessEqual(error.max(), 8 / 4095 / 2 + 1e-6)
        flat = np.full((1, 3, 3), 2.5, "<f4")
        self.assertTrue(np.array_equal(from_steps(to_steps(flat, 4095), flat, 4095), flat))

    def test_peers_restore(self) -> None:
        table = peers.load_peers(BENCH / "peers.toml")
        wanted = peers.expand(["zfp", "blosc", "ffv1", "jxl"], table)
        tools, _ = peers.resolve(wanted, "")
        random = np.random.default_rng(2)
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            np.save(home / "a.npy", random.normal(size=(3, 20, 30)).astype("<f4"))
            np.save(home / "b.npy", random.integers(-3000, 3000, (41, 50)).astype("<i2"))
            np.save(home / "c.npy", np.append(random.normal(size=(2, 20, 30, 2)), np.nan)[:-1]
                    .reshape(2, 20, 30, 2).astype("<f4"))
            cores = sorted(os.sched_getaffinity(0))[-1:]
            for tool in tools:
                for name in "abc":
                    for decoding, source, target in ((False, name + ".npy", "packed"),
                                                     (True, "packed", "back")):
                        command = tool.command(decoding, 1, input=source, output=target)
                        done = measure.run(command, home, cores, 60)
                        self.assertEqual(done.problem, "", (tool.name, name, decoding))
                        told = measure.told(home)
                        self.assertLess(told.cpu, done.cost.cpu + 0.05, tool.name)
                        self.assertGreater(told.peak_bytes, 0)
                    self.assertEqual((home / "back").read_bytes(),
                                     (home / f"{name}.npy").read_bytes(), (tool.name, name))


class PartsTest(unittest.TestCase):
    """What needs neither numpy nor a tool."""

    def test_the_size_at_a_psnr(self) -> None:
        curve = [(40.0, 1.0), (50.0, 4.0)]
        self.assertAlmostEqual(distortion_report.at_psnr(curve, 45.0), 2.0)
        self.assertAlmostEqual(distortion_report.at_psnr(curve, 50.0), 4.0)
        self.assertIsNone(distortion_report.at_psnr(curve, 39.0))
        self.assertIsNone(distortion_report.at_psnr([], 45.0))

    def test_picture_of_nothing(self) -> None:
        result = {"title": "t", "machine": {"cpu": "c", "date": "d"}, "series": [], "taken": [],
                  "arrays": [], "points": []}
        xml.etree.ElementTree.fromstring(distortion_svg.draw(result))

    def test_self_timed_commands_have_to_tell(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "stderr").write_text("some warning\n")
            self.assertRaises(ValueError, measure.told, Path(folder))

    def test_a_peer_whose_check_fails_is_missing(self) -> None:
        def peer(check: str) -> peers.Peer:
            return peers.Peer(name="p", programs=["sh"], version="echo 1", compress="", decompress="",
                              levels=["1"], check=check)
        for check, there in (("true", True), ("false", False), ("", True),
                             ("no-such-command", False), ("test -e {bench}/peers.toml", True)):
            tools, missing = peers.resolve([(peer(check), "1")], "")
            self.assertEqual((len(tools), len(missing)), (there, not there), check)

    @unittest.skipUnless(np, "needs numpy")
    def test_the_plan_is_valid(self) -> None:
        from harness import distortion
        plan = distortion.load_plan(BENCH / "distortion.toml")
        self.assertTrue(plan.arrays and plan.series and plan.taken)
        with tempfile.TemporaryDirectory() as folder:
            bad = Path(folder) / "bad.toml"
            bad.write_text('title = "t"\n[[taken]]\nname = "n"\nsource = "s"\nnowhere = [[1, 2]]\n')
            self.assertRaises(UsageError, distortion.load_plan, bad)
            bad.write_text('title = "t"\nunknown = 1\n')
            self.assertRaises(UsageError, distortion.load_plan, bad)


if __name__ == "__main__":
    unittest.main()
