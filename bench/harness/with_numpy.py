"""Finds a Python with numpy: Debian's packages are seen by Debian's own Python alone."""
from __future__ import annotations

import importlib.util
import os
import sys

_DEBIAN = "/usr/bin/python3"
_TRIED = "PITH_BENCH_PYTHON"  # set while Debian's Python runs the program


def ensure(*modules: str) -> None:
    """Starts the program anew in Debian's Python if this one lacks a module; ends without it."""
    if missing := prefer(*modules):
        packages = " ".join(f"python3-{name.lower()}" for name in missing)
        sys.exit(f"{os.path.basename(sys.argv[0])}: needs the Debian package(s) {packages}")


def prefer(*modules: str) -> list[str]:
    """The same, but returns what is missing even there."""
    missing = [name for name in ("numpy", *modules) if importlib.util.find_spec(name) is None]
    tried = os.environ.pop(_TRIED, "")  # not for the programs that this one starts
    if missing and not tried and os.path.exists(_DEBIAN):
        os.environ[_TRIED] = "1"
        os.execv(_DEBIAN, [_DEBIAN, *sys.argv])
    return missing
