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
