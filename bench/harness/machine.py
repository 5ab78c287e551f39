"""What a run was made on: numbers without it cannot be compared with others."""
from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def _field(path: str, key: str) -> str:
    """The value of the first `key: value` line of a /proc or os-release file."""
    try:
        for line in Path(path).read_text(errors="replace").splitlines():
            name, found, value = line.replace("=", ":", 1).partition(":")
            if found and name.strip() == key:
                return value.strip().strip('"')
    except OSError:
        pass
    return ""


def _kib(path: str, key: str) -> int:
    words = _field(path, key).split()
    return int(words[0]) * 1024 if words else 0


def available_memory() -> int:
    """Bytes that can be taken without swapping."""
    return _kib("/proc/meminfo", "MemAvailable")


def choose_cores(threads: int, wanted: list[int]) -> list[int]:
    """The cores that every child is pinned to; [] if there are not enough.

    The last ones by default: the first usually serve the interrupts.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if wanted:
        return wanted if len(wanted) == threads and set(wanted) <= set(allowed) else []
    return allowed[-threads:] if len(allowed) >= threads else []


def describe(cores: list[int], root: Path) -> dict[str, object]:
    """The machine, the moment, the load, and the state of the source tree."""
    governor = Path(f"/sys/devices/system/cpu/cpu{cores[0]}/cpufreq/scaling_governor")
    commit = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"],
                            capture_output=True, text=True, check=False)
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": os.cpu_count(),
        "cores_allowed": len(os.sched_getaffinity(0)),
        "cores_used": cores,
        "virtual": "hypervisor" in _field("/proc/cpuinfo", "flags").split(),
        "governor": governor.read_text().strip() if governor.exists() else "unknown",
        "memory_bytes": _kib("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "system": _field("/etc/os-release", "PRETTY_NAME"),
        "python": platform.python_version(),
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
        "source": commit.stdout.strip() if commit.returncode == 0 else "unknown",
    }
