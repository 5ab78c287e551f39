"""The markup pack: XML of several vocabularies, then HTML of documents and of a page."""

import passages
from sources import Sources

PASSAGE = 1_500
SQLITE = "usr/share/doc/sqlite3"
XML = {
    "wayland": (16_000, "libwayland-dev", ["usr/share/wayland/wayland.xml"]),
    "gl": (14_000, "khronos-api", ["usr/share/khronos-api/gl.xml"]),
    "xkb": (16_000, "xkb-data", ["usr/share/X11/xkb/rules/evdev.xml"]),
    "cldr": (20_000, "unicode-cldr-core", ["usr/share/unicode/cldr/common/main/fr.xml",
                                           "usr/share/unicode/cldr/common/main/en_GB.xml"]),
    "xsl": (18_000, "docbook-xsl", [f"usr/share/xml/docbook/stylesheet/docbook-xsl/html/{n}.xsl"
                                    for n in ("inline", "lists", "table")]),
    "docbook": (16_000, "bzip2-source", ["manual.xml"]),
}
HTML = {
    "lua": (34_000, "lua5.4-source", ["doc/manual.html"]),
    "sqlite": (70_000, "sqlite3-doc", [f"{SQLITE}/{n}.html" for n in ("lang_select", "about", "fileformat2",
                                                                      "c3ref/open", "pragma", "faq")]),
}
BEGIN = {"lua5.4-source": "<h1>2"}  # behind a description of Lua that many other texts quote


def take(sources: Sources, share: int, package: str, names: list[str]) -> str:
    text = "\n".join(sources.text(package, name) for name in names)
    text = text[max(text.find(BEGIN.get(package, "")), 0) :]
    text = "\n".join(line for line in text.split("\n") if len(line) < 600)
    if len(text) <= share:
        return text
    # The beginning, and passages from all of the rest.
    head, rest = text[: share // 4], text[share // 4 :]
    pieces = passages.split(rest, PASSAGE, "\n")
    step = len(pieces) / (share * 3 // 4 / PASSAGE)
    return head + "".join(pieces[int(i * step)] for i in range(int(len(pieces) / step)))


def make(sources: Sources) -> bytes:
    return "".join(take(sources, *w) for w in [*XML.values(), *HTML.values()]).encode("utf-8")
