#!/usr/bin/env bash
# pith preview
. "${0%/*}/../lib.sh"

# A ramp of 40 x 60 floats, or with an argument one that is off by as much everywhere.
make_ramp() {
  "${PYTHON:-python3}" -c '
import struct, sys
head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (40, 60), }"
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00\x76\x00" + (head.ljust(117) + "\n").encode())
off = float(sys.argv[1]) if len(sys.argv) > 1 else 0
sys.stdout.buffer.write(struct.pack("<2400f", *(x + off for y in range(40) for x in range(60))))' \
    "${@:2}" >"$1"
}
# A LAS file, version 1.2, of 1,000 points of format 0 on a slope.
make_las() {
  "${PYTHON:-python3}" -c '
import struct, sys
head = b"LASF" + bytes(20) + bytes([1, 2]) + bytes(64) + bytes(4)
head += struct.pack("<HIIBHI5I", 227, 227, 0, 0, 20, 1000, 1000, 0, 0, 0, 0)
head += struct.pack("<12d", 0.01, 0.01, 0.01, 0, 0, 0, 10, 0, 10, 0, 10, 0)
points = b"".join(struct.pack("<iiiHBBbBH", i % 40 * 25, i // 40 * 40, i, 7, 9, 2, 0, 0, 1)
                  for i in range(1000))
sys.stdout.buffer.write(head.ljust(227, b"\0") + points)' >"$1"
}
# The colour of a pixel, through the program itself: pixel PICTURE X Y
pixel() {
  "$PITH" convert -f "$1" -o pixels.npy 2>"$ERR" || fail "$1 is no picture"
  "${PYTHON:-python3}" -c '
import re, sys
data = open("pixels.npy", "rb").read()
height, width, channels = map(int, re.search(rb"\((\d+), (\d+), (\d+)\)", data[:128]).groups())
at = len(data) - height * width * channels + (int(sys.argv[2]) * width + int(sys.argv[1])) * channels
print(*data[at:at + 3])' "$2" "$3"
}

check "an array: low values dark, high ones bright"
make_ramp a.npy
pith preview a.npy -o a.png
expect_rc 0
expect_silent
[ "$(pixel a.png 10 10)" = "68 1 84" ] || fail "the left is $(pixel a.png 10 10)"
[ "$(pixel a.png 246 10)" = "253 231 37" ] || fail "the right is $(pixel a.png 246 10)"

check "two arrays: how far they are apart, also of a compressed one"
make_ramp a.npy
make_ramp b.npy 0.5
pith b.npy
pith preview a.npy b.npy.pith -o e.png
expect_rc 0
grep -Eq '^array: largest error 0.5, PSNR 41\.[0-9]+ dB, [0-9.]+ bits per value' "$OUT" ||
  fail "got $(cat "$OUT")"

check "a cloud, and the error of a lossy copy"
make_las a.las
pith preview a.las -o a.png
expect_rc 0
pith --max-error 0.1 a.las -o a.pith
expect_rc 0
pith preview a.las a.pith -o e.png
expect_rc 0
[ "$(pixel a.png 20 20)" != "" ] || fail "no pixel"
cmp -s a.png e.png && fail "the pictures are the same"

check "no output, no variable, other shapes"
make_ramp a.npy
make_las a.las
make_text t 1000
for bad in "a.npy" "t -o x.png" "a.npy a.las -o x.png" "a.npy --var b -o x.png" "-o x.png" \
  "nothing -o x.png"; do
  # shellcheck disable=SC2086
  pith preview $bad
  expect_rc 1
done
expect_files a.las a.npy t

finish
