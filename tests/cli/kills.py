#!/usr/bin/env python3
"""Kills a command at random moments, many times, and looks at what it leaves behind.

kills.py [signal=KILL] [rounds=100] [seed=1] [input=FILE] [old=FILE] [debris=ok] FINAL REFERENCE
         -- COMMAND...
COMMAND makes FINAL in the current folder. After every kill FINAL must be missing or have exactly
REFERENCE's bytes. With `old`, FINAL holds old's bytes before each run, and has those or REFERENCE's
afterwards. With `input`, that file is there before each run; afterwards it is there unchanged, or
FINAL is complete. Nothing else may appear in the folder (unless debris=ok).
REFERENCE and old's file lie outside the current folder.
Prints what happened; a line on standard error and status 1 for what must not happen.
"""
import os
import random
import select
import signal
import subprocess
import sys
import time


def content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def put(path, data):
    if data is None:
        if os.path.lexists(path):
            os.unlink(path)
    elif content(path) != data:
        with open(path, "wb") as file:
            file.write(data)


def run(command, seconds, number):
    """Its duration; killed after `seconds` unless it has ended by then."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.signal(number, signal.SIG_DFL)
                               if number != signal.SIGKILL else None)
    descriptor = os.pidfd_open(process.pid)  # wait(timeout) would sleep in steps
    ended, _, _ = select.select([descriptor], [], [], seconds)
    if not ended:
        process.send_signal(number)
        select.select([descriptor], [], [], 30)
    duration = time.monotonic() - start
    os.close(descriptor)
    if process.poll() is None:
        process.wait(timeout=30)
    return duration


def main():
    split = sys.argv.index("--")
    words = [word.partition("=") for word in sys.argv[1:split]]
    settings = {name: value for name, equals, value in words if equals}
    final, reference = (name for name, equals, _ in words if not equals)
    command = sys.argv[split + 1:]
    number = getattr(signal, "SIG" + settings.get("signal", "KILL"))
    wanted = content(reference)
    old = content(settings["old"]) if "old" in settings else None
    source = settings.get("input")
    source_data = content(source) if source else None
    before = set(os.listdir("."))
    chance = random.Random(int(settings.get("seed", "1")))

    def reset():
        put(final, old)
        if source:
            put(source, source_data)

    reset()
    duration = run(command, 60, number)
    problems = []
    if content(final) != wanted:
        problems.append("left alone, the command does not make the reference")
    counts = {"complete": 0, "untouched": 0, "partial": 0}
    debris = 0
    for number_of_round in range(int(settings.get("rounds", "100"))):
        reset()
        run(command, chance.uniform(0, 1.2 * duration), number)
        now = content(final)
        state = "complete" if now == wanted else "untouched" if now == old else "partial"
        counts[state] += 1
        if state == "partial":
            problems.append(f"round {number_of_round}: a partial {final}")
        if source and state != "complete" and content(source) != source_data:
            problems.append(f"round {number_of_round}: {source} is gone or changed")
        for name in set(os.listdir(".")) - before - {final}:
            debris += 1
            if settings.get("debris") != "ok":
                problems.append(f"round {number_of_round}: {name} was left")
                os.unlink(name)
    reset()
    print(", ".join(f"{count} {state}" for state, count in counts.items()) + f", {debris} debris")
    for problem in problems[:5]:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
