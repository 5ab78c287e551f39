#!/usr/bin/env bash
# pith compare
. "${0%/*}/../lib.sh"

# An .npy file of 24 doubles as 4 x 6: i / 8, and what the arguments say (INDEX=VALUE).
make_doubles() {
  "${PYTHON:-python3}" -c '
import struct, sys
values = [i / 8 for i in range(24)]
for change in sys.argv[1:]:
    index, value = change.split("=")
    values[int(index)] = float(value)
head = "{\x27descr\x27: \x27<f8\x27, \x27fortran_order\x27: False, \x27shape\x27: (4, 6), }"
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(118).encode())
sys.stdout.buffer.write(struct.pack("<24d", *values))' "${@:2}" >"$1"
}

check "equal files, also where one is compressed or a pipe"
make_doubles a
pith a -o a.pith
pith compare a a.pith
expect_rc 0
expect_stdout \
  '      values    different  largest error    of range   PSNR/dB  variable' \
  '          24            0              0           0     equal  array' \
  '128 other bytes, 0 different'
"$PITH" compare a - <a >"$OUT" 2>"$ERR"
rc=$?
expect_rc 0

check "the largest error, its place and the PSNR"
make_doubles a
make_doubles b 9=1.375 20=2.0
pith compare a b
expect_rc 1
grep -Eq '^ +24 +2 +0.5 +0.1739 +28\.03 +array at \[3,2\]$' "$OUT" || fail "got $(cat "$OUT")"
pith compare --json a b
expect_rc 1
"${PYTHON:-python3}" -c '
import json, sys
result = json.load(open(sys.argv[1]))
assert result["different_bytes"] == 0 and result["other_bytes"] == 128
(array,) = result["variables"]
assert array["largest_error"] == 0.5 and array["largest_at"] == [3, 2] and array["different"] == 2' \
  "$OUT" || fail "the JSON is wrong"

# A PNG image of 5 x 4 RGB pixels, (y * 60 + x * 7 + c) % 256 each, whose rows are differences to those above;
# LEVEL of deflate, and what else the arguments change (Y,X,C=VALUE).
make_png() {
  "${PYTHON:-python3}" -c '
import struct, sys, zlib
width, height = 5, 4
rows = [[(y * 60 + x * 7 + c) % 256 for x in range(width) for c in range(3)] for y in range(height)]
for change in sys.argv[2:]:
    place, value = change.split("=")
    y, x, c = map(int, place.split(","))
    rows[y][x * 3 + c] = int(value)
above = [0] * (width * 3)
data = b""
for row in rows:
    data += b"\2" + bytes((a - b) % 256 for a, b in zip(row, above))
    above = row
def chunk(kind, content):
    return (struct.pack(">I", len(content)) + kind + content
            + struct.pack(">I", zlib.crc32(kind + content)))
stream = zlib.compress(data, int(sys.argv[1]))
image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
for at in range(0, len(stream), 20):
    image += chunk(b"IDAT", stream[at:at + 20])
sys.stdout.buffer.write(image + chunk(b"IEND", b""))' "${@:2}" >"$1"
}

check "the pixels of images, however they are compressed"
make_png a.png 9
make_png b.png 0
make_png c.png 6 3,4,2=250 0,1,0=9
[ "$(wc -c <a.png)" != "$(wc -c <b.png)" ] || fail "the images are of one size"
pith compare a.png b.png
expect_rc 0
grep -Eq '^ +60 +0 +0 +0 +equal +pixels$' "$OUT" || fail "got $(cat "$OUT")"
pith a.png
pith compare b.png a.png.pith
expect_rc 0
pith compare --json a.png c.png
expect_rc 1
"${PYTHON:-python3}" -c '
import json, sys
(pixels,) = json.load(open(sys.argv[1]))["variables"]
assert pixels["largest_error"] == 40 and pixels["largest_at"] == [3, 4, 2], pixels
assert pixels["values"] == 60 and pixels["different"] == 2, pixels' "$OUT" || fail "the JSON is wrong"
make_doubles d
pith compare a.png d
expect_rc 1
expect_stderr 'pith: a.png: one file is an image, the other is not'

check "bounds decide the exit status"
make_doubles a
make_doubles b 20=2.0
pith compare --max-error 0.5 a b
expect_rc 0
pith compare --max-error 0.4999 a b
expect_rc 1
pith compare --rel-error 0.18 a b
expect_rc 0
pith compare --rel-error 0.17 a b
expect_rc 1
pith compare --psnr 28 a b
expect_rc 0
pith compare --psnr 40 a b
expect_rc 1

check "missing values must be the same ones"
make_doubles a 3=nan
make_doubles b 3=nan
pith compare a b
expect_rc 0
make_doubles c 3=7
pith compare --max-error 100 a c
expect_rc 1
grep -q '1 missing values differ' "$OUT" || fail "it is not said"

check "other sizes, one file, no file"
make_doubles a
head -c 200 a >b
pith compare a b
expect_rc 1
expect_stderr_has 'no common layout'
pith compare a
expect_rc 1
pith compare a nothing
expect_rc 1

finish
