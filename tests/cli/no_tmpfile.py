#!/usr/bin/env python3
"""Runs a command as if no file system had O_TMPFILE: no_tmpfile.py COMMAND...

A seccomp filter answers every openat() with that flag with EOPNOTSUPP. Exits with 77 where the
kernel has no such filters or this does not know its numbers.
"""
import ctypes
import errno
import os
import signal
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
OPENAT = {"x86_64": 257, "aarch64": 56, "riscv64": 56}
TMPFILE_FLAG = 0o20000000  # the bit that O_TMPFILE has beside O_DIRECTORY
LOAD, IF_EQUAL, IF_BITS, RETURN = 0x20, 0x15, 0x45, 0x06  # of the packet filter language
ALLOW, FAIL_WITH = 0x7FFF0000, 0x00050000
NUMBER_AT, FLAGS_AT = 0, 16 + 2 * 8  # in struct seccomp_data


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


def main():
    machine = os.uname().machine
    if machine not in OPENAT:
        sys.exit(77)
    steps = [(LOAD, 0, 0, NUMBER_AT),
             (IF_EQUAL, 0, 3, OPENAT[machine]),
             (LOAD, 0, 0, FLAGS_AT),
             (IF_BITS, 0, 1, TMPFILE_FLAG),
             (RETURN, 0, 0, FAIL_WITH | errno.EOPNOTSUPP),
             (RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    program = Program(len(steps), code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
    if prctl(PR_SET_NO_NEW_PRIVS, 1, None, 0, 0) != 0:
        sys.exit(77)
    if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        sys.exit(77)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
    os.execv(sys.argv[1], sys.argv[1:])


main()
