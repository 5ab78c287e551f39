#!/usr/bin/env python3
"""Checks that includes point one way: {cli, bindings} -> container -> {formats, codecs} -> base.

Also checks that includes are written as full paths from the root, that no source file has more than
600 lines, and that every header has a #pragma once and a comment in front of it. Headers that are
included once for every SIMD target (-inl.h) have a guard of Highway's kind instead.
"""

import re
import sys
from pathlib import Path

ALLOWED = {
    "base": {"base"},
    "formats": {"formats", "base"},
    "codecs": {"codecs", "base"},
    "container": {"container", "formats", "codecs", "base"},
    "cli": {"cli", "container", "formats", "codecs", "base"},
    "bindings": {"bindings", "container", "formats", "codecs", "base"},
}
MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def check_file(path: Path, folder: str, root: Path) -> list[str]:
    problems = []
    lines = path.read_text(encoding="utf-8").splitlines()
    name = path.relative_to(root)
    if len(lines) > MAX_LINES:
        problems.append(f"{name}: {len(lines)} lines; at most {MAX_LINES} (one idea per file)")
    if path.suffix == ".h":
        guard = "HWY_TARGET_TOGGLE" if path.stem.endswith("-inl") else "#pragma once"
        if not any(guard in line for line in lines):
            problems.append(f"{name}: no {guard}")
        if not lines or not lines[0].startswith("//"):
            problems.append(f"{name}: a header begins with a comment that says what it is for")
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1)
        if target.startswith("hwy/"):
            continue
        if not (root / target).is_file():
            problems.append(f"{name}:{number}: \"{target}\" is no path from the root")
        elif target.split("/")[0] not in ALLOWED[folder]:
            problems.append(f"{name}:{number}: {folder} must not include {target}")
    return problems


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    problems = []
    count = 0
    for folder in ALLOWED:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                count += 1
                problems += check_file(path, folder, root)
    print("\n".join(problems))
    print(f"check_layers: {count} files, {len(problems)} problems")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
