"""Options of bench/distortion and the order of a run."""
from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from . import distortion, distortion_report, distortion_svg, machine, peers, trials
from .cli import BENCH, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NOTHING, EXIT_OK, EXIT_USAGE, ROOT
from .errors import UsageError
from .inputs import CORPUS_VARIABLE


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code; the same as those of bench/compare."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except UsageError as error:
        print(f"distortion: {error}", file=sys.stderr)
        return EXIT_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="distortion", description="Bytes against errors: pith and its peers on arrays, with "
        "loss.", epilog="Relative files of the plan are looked up in $PITH_CORPUS.")
    add = parser.add_argument
    add("--plan", type=Path, default=BENCH / "distortion.toml", metavar="FILE")
    add("--list", action="store_true", help="show arrays and series, run nothing")
    add("--only", type=_words, default=[], metavar="NAMES", help="only these arrays")
    add("--series", type=_names, default=[], metavar="NAMES",
        help="only these series, with ';' between them (* and ? allowed), e.g. 'pith*;zfp'")
    add("--repeat", type=int, default=1, metavar="N", help="repetitions (default 1); the "
        "quickest counts")
    add("--cores", type=_words, default=[], metavar="N", help="core to pin to")
    add("--timeout", type=float, default=3600, metavar="S", help="per command (default 3600)")
    add("--pith", default=str(ROOT / "build" / "pith"), metavar="PATH")
    add("--peer-table", type=Path, default=BENCH / "peers.toml", metavar="FILE")
    add("--out", type=Path, default=ROOT / "build" / "bench" / "distortion", metavar="DIR")
    return parser


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _names(text: str) -> list[str]:
    return [word.strip() for word in text.split(";") if word.strip()]


def _run(options: argparse.Namespace) -> int:
    plan = distortion.load_plan(options.plan)
    if options.repeat < 1 or options.timeout <= 0:
        raise UsageError("--repeat and --timeout must be positive")
    if not all(core.isdecimal() for core in options.cores):
        raise UsageError("--cores takes a number")
    cores = machine.choose_cores(1, [int(core) for core in options.cores])
    if not cores:
        raise UsageError("there is no such core to pin to")
    sources = [source for source in plan.arrays if distortion.picked(source.name, options.only)]
    series = [each for each in plan.series if distortion.picked(each.name, options.series)]
    if options.list:
        for source in sources:
            print(f"array   {source.name}: {source.file} {source.variable}")
        for each in series:
            values = ", ".join(f"{value:g}" for value in each.values)
            print(f"series  {each.name}: {each.tool} {each.options} at {values}")
        return EXIT_OK

    table = peers.load_peers(options.peer_table)
    wanted = list(dict.fromkeys(distortion.PEER_OF[each.tool] for each in series))
    tools, missing = peers.resolve(peers.expand(wanted, table), options.pith)
    there = {tool.name: tool for tool in tools}
    series = [each for each in series if distortion.PEER_OF[each.tool] in there]
    result: dict[str, Any] = {
        "schema": 1, "title": plan.title, "machine": machine.describe(cores, ROOT),
        "options": {"repeat": options.repeat, "timeout": options.timeout,
                    "psnr_targets": plan.psnr_targets},
        "tools": [{"name": tool.peer.name, "version": tool.version} for tool in tools],
        "series": [{"name": s.name, "tool": s.tool, "options": s.options, "values": s.values,
                    "keeps": s.keeps} for s in series],
        "missing": [str(item) for item in missing], "skipped": [], "failures": [],
        "arrays": [], "points": [], "taken": [], "complete": False,
    }
    values = _load(sources, result)
    result["taken"] = [row for row in plan.taken
                       if row["array"] in [array["name"] for array in result["arrays"]]]
    for line in result["missing"] + result["skipped"]:
        print(f"distortion: SKIPPED: {line}", file=sys.stderr)
    if values and series:
        largest = max(each.array.nbytes for each in values)
        with trials.scratch_folder(largest, options.out) as scratch:
            try:
                _measure(values, series, there, scratch, cores, options, result)
                result["complete"] = True
            except KeyboardInterrupt:
                print("distortion: interrupted; reporting what there is", file=sys.stderr)
    return _report(result, options.out)


def _load(sources: list[distortion.Source], result: dict[str, Any]) -> list[distortion.Values]:
    corpus = os.environ.get(CORPUS_VARIABLE, "")
    values = []
    for source in sources:
        if not corpus and not os.path.isabs(source.file):
            result["skipped"].append(f"{source.name}: {CORPUS_VARIABLE} is not set")
            continue
        try:
            values.append(distortion.load_values(source, corpus))
        except (OSError, KeyError) as error:
            result["skipped"].append(f"{source.name} ({source.file}): {error}")
    result["arrays"] = [each.describe() for each in values]
    return values


def _measure(values: list[distortion.Values], series: list[distortion.Series],
             tools: dict[str, peers.Tool], scratch: Path, cores: list[int],
             options: argparse.Namespace, result: dict[str, Any]) -> None:
    refused: set[str] = set()
    for each in series:
        for array in values:
            if each.name in refused:
                break
            program = tools[distortion.PEER_OF[each.tool]].program
            for row in distortion.points(array, each, program, scratch, cores, options.repeat,
                                         options.timeout):
                if "bytes" in row:
                    result["points"].append(row)
                    _tell(row)
                if not row["problem"]:
                    continue
                line = f"{each.name} at {row['value']:g} on {array.name}: {row['problem']}"
                if each.optional and "bytes" not in row and not result_of(result, each.name):
                    refused.add(each.name)
                    result["skipped"].append(line)
                    print(f"distortion: SKIPPED: {line}", file=sys.stderr)
                else:
                    result["failures"].append(line)
                    print(f"distortion: FAILED: {line}", file=sys.stderr)


def result_of(result: dict[str, Any], series: str) -> bool:
    """Whether the series has worked at all."""
    return any(row["series"] == series for row in result["points"])


def _tell(row: dict[str, Any]) -> None:
    psnr = "exact" if row["psnr"] is None else f"{row['psnr']:.2f} dB"
    print(f"{row['array']} {row['series']} {row['value']:g}: {row['bytes']} bytes, "
          f"{row['bits_per_value']:.3f} bits/value, {psnr}, {row['largest_error']:.3g} of the range, "
          f"{row['encode']:.1f} / {row['decode']:.1f} MB/s", file=sys.stderr, flush=True)


def _report(result: dict[str, Any], out: Path) -> int:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "results.md").write_text(distortion_report.full(result, "results.svg"))
    (out / "results.svg").write_text(distortion_svg.draw(result))
    for part in (distortion_report.header, distortion_report.same_bound,
                 distortion_report.same_psnr):
        print(part(result))
    print(f"written: {out}/results.json, results.md, results.svg")
    if not result["points"]:
        print("distortion: nothing was measured", file=sys.stderr)
        return EXIT_FAILED if result["failures"] else EXIT_NOTHING
    if not result["complete"]:
        return EXIT_INTERRUPTED
    return EXIT_FAILED if result["failures"] else EXIT_OK
