"""Copyright notices and licences of what is in the packs, from the packages themselves."""

import re

from sources import Sources

DOC = "usr/share/doc"
# Title, package, file, first words of the notice, last words of it ("" = the end of the file).
NOTICES = (
    ("zlib (source, x86)", "zlib-source", "LICENSE", "", ""),
    ("libpng (source)", "libpng1.6-source", "LICENSE", "PNG Reference Library License version 2",
     "source or altered source distribution."),
    ("Lua (source, markup)", "lua5.4-source", "src/lua.h", "* Copyright (C) 1994", "DEALINGS IN THE"),
    ("jansson (source)", "jansson-source", "LICENSE", "", "THE SOFTWARE.\n"),
    ("dash (source, x86)", "dash-source", "COPYING", "", "SUCH DAMAGE."),
    ("bzip2 (source, markup)", "bzip2-source", "LICENSE", "This program", "SUCH DAMAGE."),
    ("LZ4's library (source)", "lz4-source", "lib/LICENSE", "", ""),
    ("{fmt} (source)", "libfmt-dev", "usr/include/fmt/format.h", "Copyright (c) 2012", "*/"),
    ("CLI11 (source)", "libcli11-dev", f"{DOC}/libcli11-dev/copyright", "Copyright: 2017", "SUCH DAMAGE."),
    ("Go (source)", "golang-1.19-src", f"{DOC}/golang-1.19-src/copyright", "License: Go\n Copyright", "SUCH DAMAGE."),
    ("Bootstrap (source, json)", "libjs-bootstrap4", f"{DOC}/libjs-bootstrap4/copyright", "Files: *", "DEALINGS IN"),
    ("Python (source)", "libpython3.11-stdlib", "usr/lib/python3.11/LICENSE.txt",
     "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2", "terms and conditions of this License\nAgreement."),
    ("WordNet (wiki, json, csv)", "wordnet-base", f"{DOC}/wordnet-base/copyright", "License: WordNet3.0",
     "agrees to preserve same."),
    ("CLDR (wiki, markup)", "unicode-cldr-core", f"{DOC}/unicode-cldr-core/copyright",
     "COPYRIGHT AND PERMISSION NOTICE", "authorization of the copyright holder."),
    ("The BSD calendar (wiki)", "calendar", f"{DOC}/calendar/copyright", "Copyright (C) 1980", "SUCH DAMAGE."),
    ("Wayland (markup)", "libwayland-dev", f"{DOC}/libwayland-dev/copyright", "Files: *", "DEALINGS IN THE SOFTWARE."),
    ("XKB (markup)", "xkb-data", f"{DOC}/xkb-data/copyright", "Copyright 1996", "PERFORMANCE OF THIS SOFTWARE."),
    ("DocBook XSL (markup)", "docbook-xsl", f"{DOC}/docbook-xsl/copyright", "Copyright (C) 1999", "IN THE SOFTWARE."),
    ("jsonschema (json)", "python3-jsonschema", f"{DOC}/python3-jsonschema/copyright", "Copyright:", "SOFTWARE.\n"),
    ("vega_datasets (json, csv)", "python3-vega-datasets", f"{DOC}/python3-vega-datasets/copyright", "Copyright: 2018",
     "SOFTWARE.\n"),
)
HEAD = """Notices that belong to the priming packs (codecs/text/packs), which are built into pith.
testdata/SOURCES.md of the source tree says what each pack is made of. What is not named here is in the
public domain, or under CC0 (expected), or under the licence of pith itself, Apache-2.0 (OpenGL's registry:
Copyright 2013-2020 The Khronos Group Inc.).
"""


def make(sources: Sources) -> str:
    parts = [HEAD]
    for title, package, name, first, last in NOTICES:
        text = sources.path(package, name).read_text(encoding="utf-8", errors="replace")
        start = text.index(first)
        end = text.index(last, start) + len(last) if last else len(text)
        end = text.find("\n", end) if 0 <= text.find("\n", end) - end < 80 else end
        notice = re.sub(r"^ ?\.$", "", text[start:end], flags=re.M)
        notice = re.sub(r"^(\*|/\*| )(?= |$)", "", notice, flags=re.M).replace("/*", "").replace("*/", "")
        parts.append(f"{title}\n{'-' * len(title)}\n" + "\n".join(
            line.rstrip() for line in notice.strip("\n").split("\n")) + "\n")
    return "\n\n".join(parts)
