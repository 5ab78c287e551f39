"""Lengths of packs, and what they share with the files that figures are claimed on."""

from pathlib import Path

PIECE = 40  # every string of 2 * PIECE - 1 bytes that both have is found, and some shorter ones


def pieces(data: bytes) -> set[bytes]:
    return {data[i : i + PIECE] for i in range(0, len(data) - PIECE + 1, PIECE)}


def shared(pack: bytes, found: set[bytes], data: bytes) -> list[bytes]:
    """The longest strings around the pieces that occur in both, each once."""
    strings, at = set(), 0
    while at + PIECE <= len(pack):
        if pack[at : at + PIECE] not in found:
            at += 1
            continue
        start, end = at, at + PIECE
        while start > 0 and pack[start - 1 : end] in data:
            start -= 1
        while end < len(pack) and pack[start : end + 1] in data:
            end += 1
        if len(set(pack[start:end])) > 6:  # no rulers, no runs of spaces
            strings.add(pack[start:end])
        at = end
    return sorted(strings, key=len, reverse=True)


def check(packs: Path, corpus: Path | None) -> int:
    contents = {p.name: p.read_bytes() for p in sorted(packs.iterdir()) if p.suffix in (".txt", ".bin")}
    for name, data in contents.items():
        print(f"{name}: {len(data)} bytes")
    if corpus is None:
        return 0
    for path in sorted(p for p in corpus.iterdir() if p.is_file()):
        data = path.read_bytes()
        found = pieces(data)
        for name, pack in contents.items():
            common = shared(pack, found, data)
            if common:
                total = sum(map(len, common))
                print(f"{name} and {path.name}: {len(common)} strings, {total} bytes; the longest:")
                for string in common[:3]:
                    print(f"    {len(string)}: {string[:100]!r}")
    return 0
