"""The Markdown report, from the JSON result alone."""
from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def header(result: Json) -> str:
    """What was run on what, and everything that is not as it should be."""
    machine, options = result["machine"], result["options"]
    cores = ", ".join(str(core) for core in machine["cores_used"])
    floor = result["floor"]
    lines = [
        f"# {result['title']}", "",
        f"{machine['date']}, {machine['cpu']}{' (virtual)' if machine['virtual'] else ''}, "
        f"{machine['cores']} cores, {machine['memory_bytes'] / 1e9:.0f} GB, {machine['system']}, "
        f"kernel {machine['kernel']}, load {machine['load_at_start'][0]} at the start, "
        f"source {machine['source']}.", "",
        f"{options['repeat']} interleaved repetitions with {options['threads']} thread(s) on core(s) "
        f"{cores}, files on {options['scratch']}. MB = 1,000,000 bytes of the original; a speed "
        "is best (median) of the repetitions. An empty command costs "
        f"{floor['wall'] * 1e3:.1f} ms and {floor['peak_bytes'] / 1e6:.1f} MB, included "
        "everywhere. Every restore was compared with the original.", "",
    ]
    if not result["complete"]:
        lines += ["**INTERRUPTED: what follows is a part of the run.**", ""]
    for title, notes in (("FAILED", _failures(result)),
                         ("not installed", result["missing"]),
                         ("files skipped", result["skipped_files"])):
        if notes:
            lines += [f"**{title}:**", "", *(f"- {note}" for note in notes), ""]
    return "\n".join(lines)


def totals(result: Json) -> str:
    """One row a tool, over all files."""
    count = len(result["files"])
    size = sum(file["bytes"] for file in result["files"])
    lines = [f"## Total: {count} file(s), {size:,} bytes", "",
             "| tool | bytes | ratio | bpb | geomean | enc CPU MB/s | enc wall | dec CPU MB/s | "
             "dec wall | enc MB | dec MB |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for row in result["totals"]:
        note = "" if row["complete"] else f" ({row['files']} of {count} files only)"
        lines.append(f"| {row['tool']}{note} | {_size(row)} | {row['ratio']:.3f} | "
                     f"{row['bits_per_byte']:.3f} | {row['ratio_geomean']:.3f} | {_costs(row)} |")
    return "\n".join(lines + [""])


def per_unit(result: Json) -> str:
    """Bytes and speeds per point, or whatever the files hold many of."""
    rows, unit = result["per_unit"], result["unit"]
    if not rows or not unit:
        return ""
    counted = len(result["counts"])
    total = sum(result["counts"].values())
    lines = [f"## Per {unit.removesuffix('s')}: {total:,} {unit} in {counted} file(s)", "",
             f"| tool | bytes per {unit.removesuffix('s')} | enc CPU M{unit}/s | "
             f"dec CPU M{unit}/s |", "|---|--:|--:|--:|"]
    for row in rows:
        note = "" if row["complete"] else f" ({row['files']} of {counted} files only)"
        lines.append(f"| {row['tool']}{note} | {row['bytes_per_unit']:.3f} | "
                     f"{_number(row['encode'])} | {_number(row['decode'])} |")
    return "\n".join(lines + [""])


def elsewhere(result: Json) -> str:
    """Sizes that other tools were said to reach, beside those that pith reached here."""
    mine: dict[str, list[Json]] = {}
    for row in result["per_file"]:
        if row["tool"].startswith("pith-"):
            mine.setdefault(row["file"].rsplit("/", 1)[-1], []).append(row)
    figures = [figure for figure in result["elsewhere"] if figure["file"] in mine]
    if not figures:
        return ""
    lines = ["## Not measured here: figures from elsewhere", "",
             "Sizes only, and not always of the same bytes: see the notes. pith's are of every "
             "byte of the file.", "", "| file | tool | bytes | pith | note |",
             "|---|---|--:|---|---|"]
    for figure in figures:
        sizes = ", ".join(f"{row['tool'].removeprefix('pith')} {row['packed_bytes']:,}"
                          for row in mine[figure["file"]])
        lines.append(f"| {figure['file']} | {figure['tool']} | {figure['bytes']:,} | {sizes} | "
                     f"{figure['note']} |")
    return "\n".join(lines + [""])


def domination(result: Json) -> str:
    """Which tools no other beats, and by whom the others are beaten."""
    rows = result["domination"]
    if len(rows) < 2:
        return ""
    clock = result["options"]["clock"]
    totals_of = {row["tool"]: row for row in result["totals"]}
    lines = ["## Who is dominated", "",
             "A tool is dominated by one that is no larger and no slower in either direction "
             f"({clock} time, best repetition; total over all files). Differences below the noise "
             "of speeds mean nothing.", "",
             "| tool | bpb | encode MB/s | decode MB/s | dominated by |", "|---|--:|--:|--:|---|"]
    for row in rows:
        total = totals_of[row["tool"]]
        speeds = " | ".join(_number(total[way][clock]["best"]) for way in ("encode", "decode"))
        others = ", ".join(row["dominated_by"]) or "**none**"
        lines.append(f"| {row['tool']} | {total['bits_per_byte']:.3f} | {speeds} | {others} |")
    return "\n".join(lines + [""])


def against(result: Json) -> str:
    """pith relative to the reference peer."""
    rows = result["against_reference"]
    if not rows:
        return ""
    clock, reference = result["options"]["clock"], rows[0]["reference"]
    lines = [f"## pith against {reference}", "",
             f"Above 1 pith is better. Speeds ({clock} time) are paired within each repetition: "
             "median [lowest, highest].", "",
             "| file | level | size | encode speed | decode speed |", "|---|---|--:|--:|--:|"]
    for row in rows:
        cells = [f"{row[way][clock]['median']:.3f} [{row[way][clock]['min']:.3f}, "
                 f"{row[way][clock]['max']:.3f}]" for way in ("encode", "decode")]
        lines.append(f"| {row['file'] or '**all**'} | {row['tool']} | {row['size']:.3f} | "
                     f"{' | '.join(cells)} |")
    return "\n".join(lines + [""])


def full(result: Json, picture: str) -> str:
    """The whole report."""
    parts = [header(result), totals(result), per_unit(result), elsewhere(result), f"![ratio against speed]({picture})\n",
             domination(result), against(result),
             _matrix(result, "Compressed bytes", "packed_bytes", "d"),
             _matrix(result, "Bits per byte", "bits_per_byte", ".3f")]
    for file in result["files"]:
        rows = [row for row in result["per_file"] if row["file"] == file["name"]]
        lines = [f"## {file['name']} ({file['bytes']:,} bytes)", "",
                 "| tool | bytes | ratio | bpb | enc CPU MB/s | enc wall | dec CPU MB/s | dec wall | "
                 "enc MB | dec MB |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
        lines += [f"| {row['tool']} | {_size(row)} | {row['ratio']:.3f} | "
                  f"{row['bits_per_byte']:.3f} | {_costs(row)} |" for row in rows]
        parts.append("\n".join(lines + [""]))
    return "\n".join(part for part in [*parts, _tools(result)] if part)


def _failures(result: Json) -> list[str]:
    return [f"{row['tool']} on {row['file']}: {row['problem']}" for row in result["failures"]]


def _size(row: Json) -> str:
    return f"{row['packed_bytes']:,}" + (" (varies)" if row["size_varies"] else "")


def _costs(row: Json) -> str:
    speeds = [f"{_number(row[way][clock]['best'])} ({_number(row[way][clock]['median'])})"
              for way in ("encode", "decode") for clock in ("cpu", "wall")]
    peaks = [f"{row[way]['peak_bytes'] / 1e6:.1f}" for way in ("encode", "decode")]
    return " | ".join(speeds + peaks)


def _number(value: float) -> str:
    """Three digits that mean something; more would be noise."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _matrix(result: Json, title: str, key: str, form: str) -> str:
    """One number, files by tools: the table for spreadsheets and papers."""
    tools = [row["tool"] for row in result["totals"]]
    cells = {(row["file"], row["tool"]): f"{row[key]:{form}}" for row in result["per_file"]}
    lines = [f"## {title}", "", "| file | original | " + " | ".join(tools) + " |",
             "|---|--:|" + "--:|" * len(tools)]
    for file in result["files"]:
        row = [cells.get((file["name"], tool), "FAILED") for tool in tools]
        lines.append(f"| {file['name']} | {file['bytes']} | {' | '.join(row)} |")
    return "\n".join(lines + [""]) if tools else ""


def _tools(result: Json) -> str:
    lines = ["## Tools", "", "| tool | version | compress | decompress |", "|---|---|---|---|"]
    for tool in result["tools"]:
        single = "" if tool["multithreaded"] or result["options"]["threads"] == 1 \
            else " (one thread)"
        lines.append(f"| {tool['name']}{single} | {tool['version']} | `{tool['compress']}` | "
                     f"`{tool['decompress']}` |")
    return "\n".join(lines + [""])
