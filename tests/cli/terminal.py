#!/usr/bin/env python3
"""Runs a command with a pseudo terminal as some of its descriptors.

terminal.py [in] [out] [err] [type=TEXT] TRANSCRIPT -- COMMAND...
What COMMAND writes to the terminal goes to the file TRANSCRIPT; TEXT is typed, then ^D. The other
descriptors are inherited. Exits with COMMAND's status, 128 + n after signal n.
"""
import os
import pty
import subprocess
import sys
import threading


def drain(master, transcript):
    with open(transcript, "wb") as file:
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the last descriptor of the terminal was closed
                return
            if not piece:
                return
            file.write(piece)


def main():
    split = sys.argv.index("--")
    *names, transcript = sys.argv[1:split]
    typed = next((name[5:] for name in names if name.startswith("type=")), None)
    master, slave = pty.openpty()
    reader = threading.Thread(target=drain, args=(master, transcript))
    reader.start()
    process = subprocess.Popen(sys.argv[split + 1:], start_new_session=True,
                               stdin=slave if "in" in names else None,
                               stdout=slave if "out" in names else None,
                               stderr=slave if "err" in names else None)
    os.close(slave)
    if typed is not None:
        os.write(master, typed.encode() + b"\n\x04")
    try:
        status = process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        status = 124
    reader.join()
    sys.exit(status if status >= 0 else 128 - status)


main()
