"""The prose pack: English narrative of the nineteenth century, with lines of about 70 columns.

Five authors, so that no one's manner outweighs the language; from each the passages that share most
with the other authors.
"""

import passages
from sources import Sources, r_strings

SHARE = 60_000  # of each author
PASSAGE = 1_500
HARD = ("utenberg", "text", "opyright", "hapter")  # of notices, not of novels


def austen(sources: Sources) -> list[str]:
    data = sources.bytes("r-cran-janeaustenr",
                         "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb")
    return ["\n".join(lines) for lines in r_strings(data)]


def melville(sources: Sources) -> list[str]:
    data = sources.bytes("r-cran-tokenizers", "usr/lib/R/site-library/tokenizers/data/Rdata.rdb")
    text = r_strings(data, "named")[0][0].removeprefix("\ufeff").replace("\r\n", "\n")
    return [text[text.index("Call me Ishmael") :]]


def doyle(sources: Sources) -> list[str]:
    return [sources.text("golang-github-pierrec-lz4-dev",
                         "usr/share/gocode/src/github.com/pierrec/lz4/testdata/pg1661.txt")]


def twain(sources: Sources) -> list[str]:
    lz4 = "usr/share/gocode/src/github.com/pierrec/lz4/testdata/Mark.Twain-Tom.Sawyer.txt"
    return [sources.text("liblingua-stem-perl",
                         "usr/share/doc/liblingua-stem-perl/examples/huckfinn.txt"),
            sources.text("golang-github-pierrec-lz4-dev", lz4)]


def poe(sources: Sources) -> list[str]:
    return [sources.text("liblingua-stem-perl",
                         "usr/share/doc/liblingua-stem-perl/examples/collected_works_poe.txt",
                         "latin-1")]


def clean(book: str) -> str:
    """Without its first and last pages (titles, notices), and without what is not plain prose."""
    book = book[3_000:-20_000]
    kept = [p for p in book.split("\n\n") if p.isascii() and not any(word in p for word in HARD)]
    return "\n\n".join(kept)


def make(sources: Sources) -> bytes:
    # The last is what a model remembers best.
    authors = {"melville": melville, "poe": poe, "austen": austen, "doyle": doyle, "twain": twain}
    works = {name: [passage for book in read(sources)
                    for passage in passages.split(clean(book), PASSAGE)]
             for name, read in authors.items()}
    chosen = passages.choose(works, SHARE * len(works), longest=2,
                             limits=dict.fromkeys(works, SHARE))
    text = "".join(works[name][i] for name, numbers in chosen.items() for i in numbers)
    return text.encode("ascii")
