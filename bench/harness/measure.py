"""Runs one command and says what it cost: wall time, CPU time, peak memory.

Peak memory needs care. Linux counts into a process's ru_maxrss the memory image that
exec replaces, so a child forked or spawned by Python never shows less than Python's
own size (10-30 MB), more than gzip or lz4 need. The command is therefore exec'd by a
fork of a small shell, and this process only adopts it: the floor is about 1 MB.

The fork waits for a line before it execs. Until then it is pinned to its cores, so the
clock covers nothing but exec, the command and its exit.
"""
from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_COST = "cost: "
_STARTER = """
in=$1 out=$2 err=$3
shift 3
exec 3<&0
{ read -r go <&3 && exec 3<&- && exec "$@" <"$in" >"$out" 2>"$err"; } &
echo $!
"""


@dataclass(frozen=True)
class Cost:
    """What one command took, in seconds and bytes."""

    wall: float
    user: float
    system: float
    peak_bytes: int

    @property
    def cpu(self) -> float:
        return self.user + self.system


@dataclass(frozen=True)
class Outcome:
    """`problem` is empty if the command ended with 0 in time."""

    cost: Cost
    problem: str


def clean_environment(scratch: Path) -> dict[str, str]:
    """No option that a user set for a tool (XZ_OPT, PITH_LEVEL ...) may reach the runs."""
    kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
    return kept | {"LC_ALL": "C", "HOME": str(scratch), "TMPDIR": str(scratch),
                   "LRZIP": "NOCONFIG"}


def run(command: list[str], scratch: Path, cores: list[int], timeout: float,
        stdin: str = "/dev/null", stdout: str = "/dev/null", own_group: bool = True) -> Outcome:
    """Runs the command in `scratch`, where the names of its streams are looked up too.

    A measured command that measures its own children (peer_array.py) leaves them in its group,
    so that they end with it.
    """
    _adopt_orphans()
    errors = scratch / "stderr"
    shell = subprocess.Popen(
        ["/bin/sh", "-c", _STARTER, "sh", stdin, stdout, str(errors), *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=scratch,
        env=clean_environment(scratch), start_new_session=own_group)
    assert shell.stdin and shell.stdout
    pid = int(shell.stdout.readline())
    shell.wait()  # from here on the fork is a child of this process
    shell.stdout.close()
    os.sched_setaffinity(pid, cores)
    handle = os.pidfd_open(pid)
    try:
        start = time.perf_counter()
        shell.stdin.write(b"\n")
        shell.stdin.close()
        in_time = _ended(handle, timeout)
    except BaseException:  # an interrupt must not leave the command running
        _kill(shell.pid if own_group else 0, pid)
        os.wait4(pid, 0)
        raise
    finally:
        os.close(handle)
    if not in_time:
        _kill(shell.pid if own_group else 0, pid)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    cost = Cost(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)
    return Outcome(cost, _problem(status, in_time, timeout, errors))


def self_cost() -> Cost:
    """What this process has taken until now; for libraries that are called inside it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(time.perf_counter(), usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)


def tell(cost: Cost) -> None:
    """What a self-timed command ends its messages with."""
    print(_COST + json.dumps(asdict(cost)), file=sys.stderr, flush=True)


def told(scratch: Path) -> Cost:
    """The cost that the last command, a self-timed one, has told."""
    lines = (scratch / "stderr").read_text(errors="replace").splitlines()
    if not lines or not lines[-1].startswith(_COST):
        raise ValueError("a self-timed command told no cost")
    return Cost(**json.loads(lines[-1].removeprefix(_COST)))


def floor(scratch: Path, cores: list[int]) -> Cost:
    """The cost of a command that does nothing: part of every number, and not taken off."""
    return min((run(["/bin/true"], scratch, cores, 10).cost for _ in range(5)),
               key=lambda cost: cost.wall)


def _kill(group: int, pid: int) -> None:
    """Ends the command's whole group, if it has one of its own."""
    if group:
        os.killpg(group, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)


def _adopt_orphans() -> None:
    """Makes this process the parent of commands whose starting shell has ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _ended(handle: int, timeout: float) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def _problem(status: int, in_time: bool, timeout: float, errors: Path) -> str:
    if not in_time:
        return f"TIMEOUT after {timeout:g} s"
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ""
    said = errors.read_text(errors="replace").strip() if errors.exists() else ""
    lines = [line for line in said.splitlines() if not line.startswith("Try '")]
    last = lines[-1] if lines else "no message"
    return f"{signal.Signals(-code).name if code < 0 else f'exit {code}'}: {last[:200]}"
