"""The source pack: C above all, and C++, Python, Go, JavaScript and shell."""

import re

import passages
from sources import Sources

PASSAGE = 1_800
LIB = "usr/lib/python3.11"
GO = "usr/share/go-1.19/src"
# Language → (share of the pack, {work: [(package, files)]}). The last language is the freshest.
LANGUAGES = {
    "go": (14_000, {
        "go": [("golang-1.19-src", [f"{GO}/net/http/server.go", f"{GO}/bufio/scan.go"])],
        "gocmd": [("golang-1.19-src", [f"{GO}/encoding/json/decode.go", f"{GO}/sort/slice.go"])]}),
    "javascript": (16_000, {
        "bootstrap": [("libjs-bootstrap4", ["usr/share/nodejs/bootstrap/dist/js/bootstrap.js"])],
        "godoc": [("golang-1.19-src", ["usr/share/go-1.19/misc/wasm/wasm_exec.js"])]}),
    "shell": (14_000, {
        "zlib": [("zlib-source", ["configure"])],
        "libpng": [("libpng1.6-source", ["autogen.sh"])],
        "bzip2": [("bzip2-source", ["bzgrep", "bzdiff", "bzmore"])]}),
    "python": (42_000, {
        name: [("libpython3.11-stdlib", [f"{LIB}/{name}.py"])]
        for name in ("argparse", "shutil", "tarfile", "dataclasses", "http/client", "mailbox", "pdb",
                     "asyncio/base_events", "json/decoder", "unittest/case", "pathlib", "cmd")}),
    "c++": (26_000, {
        "fmt": [("libfmt-dev", ["usr/include/fmt/format.h", "usr/include/fmt/chrono.h"])],
        "expected": [("libexpected-dev", ["usr/include/tl/expected.hpp"])],
        "cli11": [("libcli11-dev", ["usr/include/CLI/App.hpp", "usr/include/CLI/Option.hpp"])]}),
    "c": (108_000, {
        "sqlite3": [("sqlite3-source", [f"src/{n}.c" for n in ("btree", "main", "os_unix", "select", "util",
                                                        "vdbeaux", "vacuum", "pager", "printf")])],
        "libpng": [("libpng1.6-source", ["pngread.c", "pngset.c", "pngrutil.c", "png.c", "pngstruct.h"])],
        "lua": [("lua5.4-source", [f"src/{n}.c" for n in ("lparser", "lstrlib", "liolib", "lgc", "ldebug",
                                                   "lapi", "loslib", "ltablib", "lua")])],
        "dash": [("dash-source", [f"src/{n}.c" for n in ("eval", "jobs", "expand", "cd", "redir", "parser")])],
        "jansson": [("jansson-source", ["src/load.c", "src/value.c", "src/jansson.h", "src/pack_unpack.c"])],
        "bzip2": [("bzip2-source", ["bzlib.c", "bzip2.c", "compress.c"])],
        "lz4": [("lz4-source", ["lib/lz4.c", "lib/lz4frame.c"])],
        "zlib": [("zlib-source", ["gzread.c", "gzwrite.c", "inflate.c", "zutil.h", "deflate.c", "zlib.h"])]}),
}


def read(sources: Sources, package: str, name: str) -> str:
    path = sources.path(package, name)
    if not path.exists():  # the minimal half of the standard library
        package = "libpython3.11-minimal"
    return sources.text(package, name)


def make(sources: Sources) -> bytes:
    pack = ""
    for share, works in LANGUAGES.values():
        pool = {}
        for work, files in works.items():
            text = "\n".join(read(sources, package, name) for package, names in files for name in names)
            kept = [p for p in text.split("\n\n") if p.isascii() and "opyright" not in p]
            pool[work] = passages.split(re.sub(r"[ \t]+\n", "\n", "\n\n".join(kept)), PASSAGE)
        limit = max(share // len(pool) * 4 // 3, PASSAGE)
        chosen = passages.choose(pool, share, longest=3, limits=dict.fromkeys(pool, limit))
        pack += "".join(pool[work][i] for work, numbers in chosen.items() for i in numbers)
    return pack.encode("ascii")
