#!/usr/bin/env python3
"""Sends a signal to a command that reads a slow pipe.

interrupt.py SIGNAL SOURCE BYTES [ignored] -- COMMAND...
COMMAND gets the first BYTES bytes of SOURCE on its standard input, then the signal while it waits
for more. With `ignored` the signal is set to be ignored from the start (as nohup does), so that
COMMAND gets the rest of SOURCE and should end well. Exits with its status, 128 + n after signal n.
"""
import signal
import subprocess
import sys
import time


def main():
    split = sys.argv.index("--")
    name, source, size, *ignored = sys.argv[1:split]
    number = getattr(signal, "SIG" + name)

    def prepare():
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)

    with open(source, "rb") as file:
        data = file.read()
    process = subprocess.Popen(sys.argv[split + 1:], stdin=subprocess.PIPE, preexec_fn=prepare)
    try:
        process.stdin.write(data[:int(size)])
        process.stdin.flush()  # returns when all but the pipe's buffer was read
        time.sleep(0.03)
        process.send_signal(number)
        if ignored:
            time.sleep(0.03)
            process.stdin.write(data[int(size):])
            process.stdin.close()
        status = process.wait(timeout=30)
    except BrokenPipeError:
        status = process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        status = 124
    sys.exit(status if status >= 0 else 128 - status)


main()
