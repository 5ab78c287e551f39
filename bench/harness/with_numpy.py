"""Finds a Python with numpy: Debian's packages are seen by Debian's own Python alone."""
from __future__ import annotations

import importlib.util
import os
import sys

_DEBIAN = "/usr/bin/python3"


def ensure(*modules: str) -> None:
    """Starts the program anew in Debian's Python if this one lacks a module."""
    missing = [name for name in ("numpy", *modules) if importlib.util.find_spec(name) is None]
    if not missing:
        return
    if sys.prefix == "/usr" or not os.path.exists(_DEBIAN):
        packages = " ".join(f"python3-{name.lower()}" for name in missing)
        sys.exit(f"{os.path.basename(sys.argv[0])}: needs the Debian package(s) {packages}")
    os.execv(_DEBIAN, [_DEBIAN, *sys.argv])
