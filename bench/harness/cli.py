"""Options of bench/compare and the order of a run."""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import inputs, machine, measure, peers, report_markdown, report_svg, trials
from .errors import UsageError
from .summary import Summary, domination

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOTHING, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code, see bench/README.md."""
    options = _parser().parse_args(arguments)
    try:
        if options.family is None:
            return _list_families()
        return _run(options)
    except UsageError as error:
        print(f"compare: {error}", file=sys.stderr)
        return EXIT_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="compare", description="Run pith and its peers side by side. Without FAMILY: list "
        "the families.", epilog="Relative globs of a family are looked up in $PITH_CORPUS.")
    add = parser.add_argument
    add("family", nargs="?", metavar="FAMILY", help="name in bench/families, or path of a .toml")
    add("--list", action="store_true", help="show files and tools of FAMILY, run nothing")
    add("--files", nargs="+", metavar="FILE", help="measure these instead of the family's files")
    add("--only", type=_words, default=[], metavar="NAMES",
        help="only these inputs or files of the family (comma separated, * and ? allowed)")
    add("--levels", type=_words, metavar="LEVELS", help="pith levels, e.g. 1,5,5--no-prime; none = no pith")
    add("--peers", type=_words, metavar="PEERS", help="e.g. zstd-1,xz-6,bzip3; none = no peers")
    add("--reference", metavar="PEER", help="peer that pith is compared with, e.g. zstd-1")
    add("--repeat", type=int, default=3, metavar="N", help="repetitions (default 3)")
    add("--threads", type=int, default=1, metavar="N", help="threads and cores (default 1)")
    add("--cores", type=_words, default=[], metavar="LIST", help="cores to pin to, e.g. 1")
    add("--clock", choices=("cpu", "wall"), help="for picture and reference ratios (default: "
        "cpu with one thread, else wall)")
    add("--timeout", type=float, default=3600, metavar="S", help="per command (default 3600)")
    add("--pith", default=str(ROOT / "build" / "pith"), metavar="PATH")
    add("--peer-table", type=Path, default=BENCH / "peers.toml", metavar="FILE")
    add("--cache", type=Path, default=ROOT / "build" / "bench" / "cache", metavar="DIR",
        help="where generated inputs are kept")
    add("--out", type=Path, metavar="DIR", help="default build/bench/FAMILY")
    return parser


def _words(text: str) -> list[str]:
    return [] if text == "none" else [word for word in text.split(",") if word]


def _list_families() -> int:
    for path in sorted((BENCH / "families").glob("*.toml")):
        print(f"{path.stem:12} {inputs.load_family(path).title}")
    return EXIT_OK


def _choose_tools(options: argparse.Namespace, family: inputs.Family,
                  ) -> tuple[list[peers.Tool], list[peers.Missing], str]:
    """pith first, then the peers in the order asked for; the reference is always among them."""
    table = peers.load_peers(options.peer_table)
    levels = family.pith_levels() if options.levels is None else options.levels
    wanted = [f"{peers.PITH}-{level}" for level in levels]
    wanted += family.peers if options.peers is None else options.peers
    reference = family.reference if options.reference is None else options.reference
    if reference and reference != "none" and "-" not in reference:
        raise UsageError(f"the reference {reference} needs a level, e.g. {reference}-1")
    pairs = peers.expand(wanted, table)
    there = any(reference == f"{peer.name}-{level}" for peer, level in pairs)
    if reference == "none" or (options.reference is None and not there):
        reference = ""  # --peers without the family's reference: no ratios wanted
    elif not there:
        pairs += peers.expand([reference], table)
    tools, missing = peers.resolve(pairs, options.pith)
    return tools, missing, reference


def _run(options: argparse.Namespace) -> int:
    path = Path(options.family)
    if path.suffix != ".toml":
        path = BENCH / "families" / f"{options.family}.toml"
    family = inputs.load_family(path)
    if options.repeat < 1 or options.threads < 1 or options.timeout <= 0:
        raise UsageError("--repeat, --threads and --timeout must be positive")
    if not all(core.isdecimal() for core in options.cores):
        raise UsageError("--cores takes numbers, e.g. 0,1")
    cores = machine.choose_cores(options.threads, [int(core) for core in options.cores])
    if not cores:
        raise UsageError(f"there are no {options.threads} such cores to pin to")
    tools, missing, reference = _choose_tools(options, family)
    if options.list:
        return _list(family, tools, missing, options.threads)

    found = (inputs.from_paths(options.files) if options.files
             else inputs.collect(family, options.only, options.cache))
    for line in [f"NOT INSTALLED: {item}" for item in missing] + \
                [f"SKIPPED: {item}" for item in found.skipped]:
        print(f"compare: {line}", file=sys.stderr)
    if not found.files or not tools:
        print("compare: nothing to measure: "
              + ("no file was found" if tools else "none of the tools is installed"),
              file=sys.stderr)
        return EXIT_NOTHING

    out = options.out or ROOT / "build" / "bench" / family.name
    clock = options.clock or ("cpu" if options.threads == 1 else "wall")
    result: dict[str, Any] = {
        "schema": 1, "family": family.name, "title": family.title,
        "machine": machine.describe(cores, ROOT),
        "options": {"repeat": options.repeat, "threads": options.threads, "clock": clock,
                    "timeout": options.timeout, "reference": reference},
        "tools": [tool.describe(options.threads) for tool in tools],
        "missing": [str(item) for item in missing], "skipped_files": found.skipped,
        "files": [{"name": f.name, "bytes": f.bytes, "sha256": f.sha256} for f in found.files],
        "unit": family.unit,
        "counts": {f.name: family.counts[Path(f.name).name] for f in found.files
                   if Path(f.name).name in family.counts},
        "elsewhere": [asdict(figure) for figure in family.elsewhere],
    }
    done: list[trials.Trial] = []
    result["complete"] = False
    with trials.scratch_folder(max(f.bytes for f in found.files), out) as scratch:
        result["options"]["scratch"] = "memory" if scratch.is_relative_to("/dev/shm") else "disk"
        result["floor"] = asdict(measure.floor(scratch, cores))
        setup = trials.Setup(scratch, cores, options.timeout)
        try:
            for trial in trials.run_all(found.files, tools, options.repeat, setup):
                done.append(trial)
            result["complete"] = True
        except KeyboardInterrupt:
            print("compare: interrupted; reporting what there is", file=sys.stderr)
    return _report(result, found.files, done, out)


def _report(result: dict[str, Any], files: list[inputs.InputFile], done: list[trials.Trial],
            out: Path) -> int:
    """Adds the numbers, writes the three files, prints the part worth reading at once."""
    names = [tool["name"] for tool in result["tools"]]
    summary = Summary(files, names, done)
    reference = result["options"]["reference"]
    subjects = [name for name in names
                if name.startswith(peers.PITH + "-") and name != reference]
    result["totals"] = summary.totals()
    result["per_file"] = summary.per_file()
    result["per_unit"] = summary.per_unit(result["counts"])
    result["domination"] = domination(result["totals"], result["options"]["clock"])
    result["against_reference"] = summary.against(reference, subjects) if reference else []
    result["failures"] = summary.failures()
    result["trials"] = [trial.as_json() for trial in done]

    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "results.md").write_text(report_markdown.full(result, "results.svg"))
    (out / "results.svg").write_text(report_svg.draw(result))
    for part in (report_markdown.header, report_markdown.totals, report_markdown.per_unit,
                 report_markdown.elsewhere, report_markdown.domination, report_markdown.against):
        print(part(result))
    print(f"written: {out}/results.json, results.md, results.svg")
    if not result["complete"]:
        return EXIT_INTERRUPTED
    if result["failures"]:
        return EXIT_FAILED
    return EXIT_OK if result["totals"] else EXIT_NOTHING


def _list(family: inputs.Family, tools: list[peers.Tool], missing: list[peers.Missing],
          threads: int) -> int:
    print(family.title)
    for entry in family.inputs:
        print(f"input  {entry.name}: {entry.glob or 'made by: ' + entry.generate.strip()}")
    for tool in tools:
        about = tool.describe(threads)
        print(f"tool   {tool.name}: {about['compress']}   [{about['version']}]")
    for item in missing:
        print(f"tool   {item}".replace("not installed", "NOT INSTALLED"))
    return EXIT_OK
