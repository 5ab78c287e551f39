#!/usr/bin/env python3
"""Tests of bench/compare: tiny files, gzip as a peer and in the place of pith."""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))

from harness import measure, peers, report_svg, summary  # noqa: E402
from harness.errors import UsageError  # noqa: E402

FAKE_PITH = """#!/bin/sh
for word; do case $word in
  --version) echo "pith 0.0 fake"; exit ;;
  -[1-9]) level=$word ;;
  -d) level=-d ;;
  -T1 | -c | --no-prime) ;;
  *) file=$word ;;
esac; done
exec gzip $level -c < "$file"
"""
MORE_PEERS = """
[liar]
programs = ["sh"]
version = "echo liar 1"
compress = "{program} -c cat"
decompress = "{program} -c 'tr a b'"
levels = ["1"]

[sleeper]
programs = ["sh"]
version = "echo sleeper 1"
compress = "{program} -c 'sleep 60 & wait'"
decompress = "cat"
levels = ["1"]

[broken]
programs = ["sh"]
version = "echo broken 1"
compress = "{program} -c 'echo no such luck >&2; exit 7'"
decompress = "cat"
levels = ["1"]

[absent]
programs = ["no-such-program"]
package = "absent-package"
version = "{program}"
compress = "{program}"
decompress = "{program}"
levels = ["1"]
"""
FAMILY = """
title = "Test <family>"
levels = [1, 9]
options = [""]
peers = ["gzip-6", "gzip-9"]
reference = "gzip-6"

[[inputs]]
name = "texts"
glob = "*.txt"

[[inputs]]
name = "made"
generate = "seq 2000"
"""


class CompareTest(unittest.TestCase):
    """Whole runs of the program."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.out = self.home / "out"
        corpus = self.home / "corpus"
        corpus.mkdir()
        (corpus / "a b.txt").write_text("banana and ananas " * 3000)
        (corpus / "c.txt").write_text("".join(f"line {i * i}\n" for i in range(4000)))
        (corpus / "empty.txt").touch()
        (self.home / "tiny.toml").write_text(FAMILY)
        (self.home / "peers.toml").write_text((BENCH / "peers.toml").read_text() + MORE_PEERS)
        (self.home / "pith").write_text(FAKE_PITH)
        (self.home / "pith").chmod(0o755)
        self.environment = dict(os.environ, PITH_CORPUS=str(corpus), GZIP="-1")

    def compare(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, BENCH / "compare", self.home / "tiny.toml", "--out", self.out,
             "--pith", self.home / "pith", "--peer-table", self.home / "peers.toml",
             "--cache", self.home / "cache", *options],
            env=self.environment, capture_output=True, text=True, check=False, timeout=60)

    def result(self) -> dict:
        return json.loads((self.out / "results.json").read_text())

    def test_counts_units_and_shows_figures_from_elsewhere(self) -> None:
        with (self.home / "tiny.toml").open("a") as family:
            family.write('[counts]\n"c.txt" = 4000\n"gone.txt" = 5\n'
                         '[[elsewhere]]\ntool = "Wonder 2"\nfile = "c.txt"\nbytes = 12345\n'
                         'note = "without its ends"\n'
                         '[[elsewhere]]\ntool = "Wonder 2"\nfile = "gone.txt"\nbytes = 7\n')
        text = (self.home / "tiny.toml").read_text()
        (self.home / "tiny.toml").write_text('unit = "lines"\n' + text)
        done = self.compare("--repeat", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = self.result()
        self.assertEqual(result["counts"], {"c.txt": 4000})
        rows = {row["tool"]: row for row in result["per_unit"]}
        packed = {(row["file"], row["tool"]): row["packed_bytes"] for row in result["per_file"]}
        self.assertAlmostEqual(rows["gzip-9"]["bytes_per_unit"], packed["c.txt", "gzip-9"] / 4000)
        self.assertGreater(rows["gzip-9"]["encode"], 0)
        report = (self.out / "results.md").read_text()
        self.assertIn("## Per line: 4,000 lines in 1 file(s)", report)
        self.assertIn("Not measured here", report)
        sizes = f"-1 {packed['c.txt', 'pith-1']:,}, -9 {packed['c.txt', 'pith-9']:,}"
        self.assertIn(f"| c.txt | Wonder 2 | 12,345 | {sizes} | without its ends |", report)
        self.assertNotIn("gone.txt", report)

    def test_says_nothing_of_units_where_there_are_none(self) -> None:
        done = self.compare("--repeat", "1", "--only", "made")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = (self.out / "results.md").read_text()
        self.assertNotIn("## Per ", report)
        self.assertNotIn("Not measured here", report)

    def test_writes_all_reports(self) -> None:
        done = self.compare("--repeat", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = self.result()
        self.assertTrue(result["complete"])
        self.assertEqual([f["name"] for f in result["files"]], ["a b.txt", "c.txt", "made"])
        self.assertEqual(result["skipped_files"], ["empty.txt: empty"])
        order = [(t["file"], t["repetition"], t["tool"]) for t in result["trials"]]
        self.assertEqual(order, [(f, r, t) for f in ("a b.txt", "c.txt", "made") for r in (0, 1)
                                 for t in ("pith-1", "pith-9", "gzip-6", "gzip-9")])
        total = {row["tool"]: row for row in result["totals"]}
        original = sum(f["bytes"] for f in result["files"])
        self.assertEqual(total["gzip-9"]["bytes"], original)
        self.assertAlmostEqual(total["gzip-9"]["ratio"], original / total["gzip-9"]["packed_bytes"])
        self.assertAlmostEqual(total["gzip-9"]["bits_per_byte"] * total["gzip-9"]["ratio"], 8)
        self.assertLess(total["gzip-9"]["encode"]["peak_bytes"], 5e6)
        self.assertEqual(len(result["against_reference"]), 2 * (1 + 3))
        self.assertEqual(len(result["against_reference"][0]["encode"]["cpu"]["all"]), 2)
        self.assertIn("pith 0.0 fake", result["tools"][0]["version"])
        text = (self.out / "results.md").read_text()
        for part in ("## Total: 3 file(s)", "## Who is dominated", "## Bits per byte", "## pith against gzip-6", "## c.txt", "results.svg"):
            self.assertIn(part, text)
        self.assertIn("## pith against gzip-6", done.stdout)
        picture = xml.etree.ElementTree.parse(self.out / "results.svg").getroot()
        dots = picture.findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(dots), 2 * 4)
        self.assertEqual(list(self.home.glob("pith-bench-*")), [])

    def test_wrong_restore_fails(self) -> None:
        done = self.compare("--peers", "liar-1,gzip-6", "--levels", "1", "--repeat", "2")
        self.assertEqual(done.returncode, 1)
        result = self.result()
        # the other files have no letter that the liar changes
        self.assertEqual([(r["tool"], r["file"]) for r in result["failures"]],
                         [("liar-1", "a b.txt")])
        self.assertIn("WRONG RESTORE", result["failures"][0]["problem"])
        self.assertIn("FAILED", (self.out / "results.md").read_text())
        complete = {row["tool"]: row["complete"] for row in result["totals"]}
        self.assertEqual(complete, {"pith-1": True, "liar-1": False, "gzip-6": True})
        self.assertNotIn("liar", (self.out / "results.svg").read_text())

    def test_failing_and_hanging_commands(self) -> None:
        start = time.monotonic()
        done = self.compare("--peers", "broken,sleeper", "--levels", "none", "--only", "c.txt",
                            "--timeout", "0.3")
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(done.returncode, 1)
        problems = [row["problem"] for row in self.result()["failures"]]
        self.assertEqual(problems, ["encode: exit 7: no such luck", "encode: TIMEOUT after 0.3 s"])

    def test_options_of_pith(self) -> None:
        family = self.home / "tiny.toml"
        family.write_text(FAMILY.replace('options = [""]', 'options = ["", "--no-prime"]'))
        done = self.compare("--peers", "none", "--only", "c.txt", "--repeat", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = ["pith-1", "pith-9", "pith-1--no-prime", "pith-9--no-prime"]
        self.assertEqual([tool["name"] for tool in self.result()["tools"]], names)
        done = self.compare("--levels", "9--no-prime", "--peers", "none", "--list")
        self.assertIn("pith-9--no-prime: pith -9 --no-prime -T1 -c IN > OUT", done.stdout)

    def test_missing_peer_is_named(self) -> None:
        done = self.compare("--peers", "absent,gzip-6", "--only", "made", "--repeat", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("NOT INSTALLED: absent-1", done.stderr)
        self.assertIn("absent-package", self.result()["missing"][0])
        self.assertIn("absent-1", (self.out / "results.md").read_text())
        self.assertIn("NOT INSTALLED", self.compare("--peers", "absent", "--list").stdout)

    def test_missing_corpus(self) -> None:
        del self.environment["PITH_CORPUS"]
        done = self.compare("--repeat", "1", "--levels", "1", "--peers", "none")
        self.assertEqual(done.returncode, 0, done.stderr)  # the generated file is there
        self.assertIn("PITH_CORPUS is not set", done.stderr)
        self.assertIn("texts", self.result()["skipped_files"][0])
        self.assertEqual(self.compare("--only", "texts").returncode, 3)

    def test_wrong_use(self) -> None:
        for options, message in ((("--peers", "nonsense-1"), "unknown peer"),
                                 (("--peers", "7z-99"), "has no level"),
                                 (("--pith", "/nowhere/pith"), "build pith"),
                                 (("--reference", "gzip"), "needs a level"),
                                 (("--threads", "100000"), "cores")):
            done = self.compare(*options)
            self.assertEqual(done.returncode, 2, options)
            self.assertIn(message, done.stderr)

    def test_files_and_reference_outside_the_family(self) -> None:
        file = self.home / "-odd 'name'.bin"
        file.write_bytes(bytes(range(256)) * 40)
        done = self.compare("--files", str(file), "--levels", "1", "--peers", "none",
                            "--reference", "gzip-1", "--repeat", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        row = self.result()["against_reference"][0]
        self.assertEqual(row["reference"], "gzip-1")
        self.assertAlmostEqual(row["size"], 1.0, delta=0.1)  # gzip stores the name


class PartsTest(unittest.TestCase):
    """The pieces where a mistake would not be seen in a report."""

    def test_memory_of_a_child_is_its_own(self) -> None:
        ballast = bytearray(b"x" * (64 << 20))
        with tempfile.TemporaryDirectory() as folder:
            cores = sorted(os.sched_getaffinity(0))[-1:]
            floor = measure.floor(Path(folder), cores)
            busy = measure.run(["sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done"],
                               Path(folder), cores, 20)
        self.assertLess(floor.peak_bytes, 5 << 20)
        self.assertLess(floor.wall, 0.5)
        self.assertGreater(busy.cost.cpu, floor.cpu)
        self.assertEqual(len(ballast), 64 << 20)

    def test_pareto(self) -> None:
        points = [("slow", 1.0, 4.0), ("fast", 9.0, 2.0), ("worse", 0.9, 3.9), ("even", 9.0, 1.9)]
        self.assertEqual([p[0] for p in summary.pareto(points)], ["fast", "slow"])

    def test_domination(self) -> None:
        def row(tool: str, size: int, encode: float, decode: float, complete: bool = True) -> dict:
            return {"tool": tool, "packed_bytes": size, "complete": complete,
                    "encode": {"cpu": {"best": encode}}, "decode": {"cpu": {"best": decode}}}

        rows = [row("worse", 11, 1, 2), row("good", 10, 2, 2), row("same", 10, 2, 2),
                row("fast", 20, 9, 1), row("partial", 1, 99, 99, False)]
        found = {r["tool"]: r["dominated_by"] for r in summary.domination(rows, "cpu")}
        self.assertEqual(found, {"good": [], "same": [], "worse": ["good", "same"], "fast": []})

    def test_picture_of_nothing_and_of_one(self) -> None:
        result = {"title": "t", "files": [], "totals": [], "machine": {"cpu": "c", "date": "d"},
                  "options": {"clock": "cpu", "threads": 1}}
        xml.etree.ElementTree.fromstring(report_svg.draw(result))
        speed = {"cpu": {"best": 5.0}}
        result["totals"] = [{"tool": "pith-1", "ratio": 2.0, "complete": True, "encode": speed,
                             "decode": speed}]
        xml.etree.ElementTree.fromstring(report_svg.draw(result))

    def test_commands(self) -> None:
        table = peers.load_peers(BENCH / "peers.toml")
        zstd = peers.Tool(table["zstd"], "19-long27", "/bin/zstd", "")
        self.assertEqual(zstd.command(False, 1, input="f", output="g"),
                         "/bin/zstd -q -19 --long=27 --single-thread -c f".split())
        self.assertEqual(zstd.command(False, 3, input="f", output="g")[-3:], ["-T3", "-c", "f"])
        pith = peers.Tool(table["pith"], "5", "build/pith", "")
        self.assertEqual(pith.command(False, 2, input="f", output="g"),
                         "build/pith -5 -T2 -c f".split())
        self.assertEqual(pith.command(True, 1, input="g", output="r"),
                         "build/pith -d -T1 -c g".split())
        self.assertRaises(UsageError, peers.expand, ["7z-none"], table)
        plain = peers.Tool(table["zstd"], "19-long27--no-check", "/bin/zstd", "")
        self.assertEqual(plain.command(False, 1, input="f", output="g")[2:5],
                         "-19 --long=27 --no-check".split())
        self.assertEqual([level for _, level in peers.expand(["gzip", "gzip-6"], table)],
                         ["1", "6", "9"])

    def test_families_are_valid(self) -> None:
        from harness.inputs import load_family
        table = peers.load_peers(BENCH / "peers.toml")
        for path in (BENCH / "families").glob("*.toml"):
            family = load_family(path)
            names = [f"{p.name}-{level}" for p, level in peers.expand(family.peers, table)]
            self.assertIn(family.reference, names, path)
            self.assertTrue(family.inputs, path)


if __name__ == "__main__":
    unittest.main()
