"""The x86 pack: x86-32 code of a Windows library, then x86-64 code of Linux libraries and a program."""

from sources import Sources

LIB = "usr/lib/x86_64-linux-gnu"
PIECES = (  # package, file, from, to (bytes)
    ("libz-mingw-w64", "usr/i686-w64-mingw32/lib/zlib1.dll", 0, 60_000),
    ("libsqlite3-0", f"{LIB}/libsqlite3.so.0.8.6", 400_000, 420_000),
    ("dash", "bin/dash", 0, 0),  # all of it: a whole program with its tables
)


def make(sources: Sources) -> bytes:
    pack = b""
    for package, name, start, end in PIECES:
        data = sources.bytes(package, name)
        pack += data[start : end or len(data)]
    return pack
