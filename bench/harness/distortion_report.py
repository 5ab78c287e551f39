"""The Markdown report of rate and distortion, from the JSON result alone."""
from __future__ import annotations

import math
from typing import Any

Json = dict[str, Any]


def header(result: Json) -> str:
    """What was run on what, and everything that is not as it should be."""
    machine = result["machine"]
    lines = [f"# {result['title']}", "",
             f"{machine['date']}, {machine['cpu']}, one core, load {machine['load_at_start'][0]} at "
             f"the start, source {machine['source']}, {result['options']['repeat']} repetition(s). "
             "Speeds are 1,000,000 bytes of floats per second of processor time. Errors are those of "
             "the restored values, as parts of the range; the peak of the PSNR is the range; gaps "
             "(fill values, NaN) have no error and count as values in bits per value.", ""]
    if not result["complete"]:
        lines += ["**INTERRUPTED or nothing to do: what follows is a part of the run.**", ""]
    for title, notes in (("FAILED", result["failures"]), ("not installed", result["missing"]),
                         ("SKIPPED", result["skipped"])):
        if notes:
            lines += [f"**{title}:**", "", *(f"- {note}" for note in notes), ""]
    return "\n".join(lines)


def same_bound(result: Json) -> str:
    """Bytes of all that promise a largest error; figures from elsewhere are marked."""
    names = [s["name"] for s in result["series"] if s["keeps"] == "error" and _points(result, s)]
    own = [s["name"] for s in result["series"] if s["tool"] == "pith" and s["name"] in names]
    others = list(dict.fromkeys(row["series"] for row in result["taken"]))
    if not names:
        return ""
    sizes = {(row["array"], row["value"], row["series"]): row["bytes"] for row in result["points"]
             if row["series"] in names and not row["problem"]}
    sizes |= {(row["array"], row["bound"], row["series"]): row["bytes"] for row in result["taken"]}
    bounds = sorted({key[1] for key in sizes}, reverse=True)
    lines = ["## Bytes at the same largest error", "",
             "The last column is the smallest of pith against the smallest of the others, where "
             "all of these have a figure.", "",
             "| array | error / range | " + " | ".join(names + [f"{o} (taken)" for o in others])
             + " | pith |", "|---|--:|" + "--:|" * (len(names) + len(others) + 1)]
    for array in result["arrays"]:
        for bound in bounds:
            row = {name: sizes.get((array["name"], bound, name)) for name in names + others}
            mine = [size for name, size in row.items() if name in own and size]
            theirs = [size for name, size in row.items() if name not in own and size]
            complete = theirs and len(theirs) == len(row) - len(own)
            ratio = f"{100 * (min(mine) / min(theirs) - 1):+.1f} %" if mine and complete else ""
            cells = [f"{size:,}" if size else "" for size in row.values()]
            lines.append(f"| {array['name']} | {bound:g} | {' | '.join(cells)} | {ratio} |")
    return "\n".join(lines + ["", *_sources(result)])


def same_psnr(result: Json) -> str:
    """Bits per value where each series' line crosses a PSNR."""
    curves = psnr_curves(result)
    names = list(dict.fromkeys(name for _, name in curves))
    if not names or not result["options"]["psnr_targets"]:
        return ""
    taken = {row["series"] for row in result["taken"]}
    titles = [f"{name} (taken)" if name in taken else name for name in names]
    lines = ["## Bits per value at the same PSNR", "",
             "Between two measured points: logarithm of the bits along a straight line. Empty: the "
             "series does not reach that far.", "",
             "| array | dB | " + " | ".join(titles) + " |", "|---|--:|" + "--:|" * len(names)]
    for array in result["arrays"]:
        for target in result["options"]["psnr_targets"]:
            bits = [at_psnr(curves.get((array["name"], name), []), target) for name in names]
            cells = ["" if b is None else f"{b:.3f}" for b in bits]
            lines.append(f"| {array['name']} | {target:g} | {' | '.join(cells)} |")
    return "\n".join(lines + [""])


def psnr_curves(result: Json) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """(array, series): points of (PSNR, bits per value), rising."""
    values = {array["name"]: array["values"] for array in result["arrays"]}
    curves: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in result["points"] + result["taken"]:
        if row["psnr"] is not None and not row.get("problem"):
            bits = 8 * row["bytes"] / values[row["array"]]
            curves.setdefault((row["array"], row["series"]), []).append((row["psnr"], bits))
    return {key: sorted(points) for key, points in curves.items()}


def at_psnr(curve: list[tuple[float, float]], target: float) -> float | None:
    """The bits at this PSNR, or None outside of what was measured."""
    for (low, below), (high, above) in zip(curve, curve[1:]):
        if low <= target <= high and high > low:
            part = (target - low) / (high - low)
            return math.exp(math.log(below) * (1 - part) + math.log(above) * part)
    return None


def full(result: Json, picture: str) -> str:
    """The whole report."""
    parts = [header(result), same_bound(result), same_psnr(result),
             f"![bits per value against errors]({picture})\n"]
    for array in result["arrays"]:
        shape = " x ".join(str(size) for size in array["shape"])
        lines = [f"## {array['name']} ({shape}, {array['bytes']:,} bytes, {array['gaps']:,} gaps)",
                 "", "| series | value | bytes | bits per value | PSNR, dB | largest error / range | "
                 "encode MB/s | decode MB/s |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
        for row in result["points"]:
            if row["array"] == array["name"]:
                psnr = "exact" if row["psnr"] is None else f"{row['psnr']:.2f}"
                note = " **FAILED**" if row["problem"] else ""
                lines.append(f"| {row['series']}{note} | {row['value']:g} | {row['bytes']:,} | "
                             f"{row['bits_per_value']:.3f} | {psnr} | {row['largest_error']:.3g} | "
                             f"{row['encode']:.3g} | {row['decode']:.3g} |")
        for row in result["taken"]:
            if row["array"] == array["name"]:
                psnr = "" if row["psnr"] is None else f"{row['psnr']:.1f}"
                lines.append(f"| {row['series']} (taken) | {row['bound']:g} | {row['bytes']:,} | "
                             f"{8 * row['bytes'] / array['values']:.3f} | {psnr} | "
                             f"at most {row['bound']:g} | | |")
        parts.append("\n".join(lines + [""]))
    return "\n".join(part for part in [*parts, _tools(result)] if part)


def _points(result: Json, series: Json) -> bool:
    return any(row["series"] == series["name"] for row in result["points"])


def _sources(result: Json) -> list[str]:
    sources = dict.fromkeys(f"{row['series']} (taken, not measured here): {row['source']}."
                            for row in result["taken"])
    return [f"- {source}" for source in sources] + [""]


def _tools(result: Json) -> str:
    lines = ["## Tools", "", "| tool | version |", "|---|---|"]
    lines += [f"| {tool['name']} | {tool['version']} |" for tool in result["tools"]]
    lines += ["", "| series | how |", "|---|---|"]
    lines += [f"| {s['name']} | {s['tool']} {s['options']} |" for s in result["series"]]
    return "\n".join(lines + [""])
