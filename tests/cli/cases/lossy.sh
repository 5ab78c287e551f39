#!/usr/bin/env bash
# --max-error, --rel-error, --psnr and --var.
. "${0%/*}/../lib.sh"

# An .npy file of 5,000 floats between 0 and 50, one of them NaN.
make_floats() {
  "${PYTHON:-python3}" -c '
import struct, sys
values = [(i * i % 5003) * 0.00999 for i in range(5000)]
values[7] = float("nan")
head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (5000,), }"
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(118).encode())
sys.stdout.buffer.write(struct.pack("<5000f", *values))' >"$1"
}
# Prints the largest difference of the floats of two files; fails if anything else differs.
largest_error() {
  "${PYTHON:-python3}" -c '
import struct, sys
a, b = (open(name, "rb").read() for name in sys.argv[1:])
assert len(a) == len(b) and a[:128] == b[:128]
x, y = (struct.unpack("<5000f", data[128:]) for data in (a, b))
assert a[128 + 28:128 + 32] == b[128 + 28:128 + 32]
print(max(abs(p - q) for p, q in zip(x, y) if p == p))' "$1" "$2"
}
expect_error_within() {
  local error
  error=$(largest_error "$1" "$2") || fail "other bytes differ"
  awk -v e="$error" -v lo="$3" -v hi="$4" 'BEGIN { exit !(e > lo && e <= hi) }' ||
    fail "the largest error is $error, not in ($3, $4]"
}

check "--max-error: no value is off by more, and the list says LOSSY"
make_floats a.npy
pith --max-error 0.01 a.npy
expect_rc 0
expect_stderr
pith -l a.npy.pith
expect_rc 0
grep -q 'LOSSY$' "$OUT" || fail "the list does not say LOSSY"
pith -l --json a.npy.pith
grep -q '"lossy": true' "$OUT" || fail "the JSON list does not say lossy"
pith -dc a.npy.pith
expect_rc 0
cp "$OUT" b.npy
expect_error_within a.npy b.npy 0.005 0.01

check "units: 10mm is 0.01"
make_floats a.npy
pith --max-error 10mm a.npy -o a.pith
pith --max-error 0.01 a.npy -o b.pith
expect_same a.pith b.pith

check "--rel-error is of the range; from a pipe it is refused"
make_floats a.npy
pith --rel-error 1e-3 a.npy
expect_rc 0
pith -dc a.npy.pith
cp "$OUT" b.npy
expect_error_within a.npy b.npy 0.025 0.05
cat a.npy | "$PITH" --rel-error 1e-3 >out.pith 2>"$ERR"
rc=${PIPESTATUS[1]}
expect_rc 1
grep -q 'need a file' "$ERR" || fail "the message does not say what is needed"

check "--psnr is reached, -v says by how much"
make_floats a.npy
pith -v --psnr 60 a.npy
expect_rc 0
grep -Eq 'array: 4999 values, largest error 0\.0[0-9]+, PSNR 60\.[0-9]+ dB' "$ERR" ||
  fail "the report is wrong: $(cat "$ERR")"

check "--var: by name, the last that matches; a name that is not there"
make_floats a.npy
pith --max-error 0.01 --var 'arr*:exact' a.npy -o a.pith
expect_rc 2
pith -dc a.pith
expect_same "$OUT" a.npy
pith --var nothing:abs=1 --var array:rel=1e-2 a.npy -o b.pith
expect_rc 2
grep -q "has no variable 'nothing'" "$ERR" || fail "no warning of the name"
pith -dc b.pith
cp "$OUT" b.npy
expect_error_within a.npy b.npy 0.25 0.5

check "a file without numbers is kept exact, with a warning"
make_text a 1000
pith --max-error 1 a
expect_rc 2
grep -q 'kept exact' "$ERR" || fail "no warning"
pith -dc a.pith
expect_same "$OUT" a

check "nonsense is refused"
make_floats a.npy
for bad in "--max-error 0" "--max-error -1" "--max-error nan" "--max-error 1km" "--rel-error 5mm" \
  "--max-error 1 --psnr 60" "--var x" "--var x:abs" "--var :abs=1" "--var x:abs=0" \
  "-d --max-error 1" "--rm --max-error 1" "--append -o x --max-error 1"; do
  # shellcheck disable=SC2086
  pith $bad a.npy
  expect_rc 1
done
expect_files a.npy


# An .npy file of waves, 80 rows of 100 floats.
make_waves() {
  "${PYTHON:-python3}" -c '
import math, struct, sys
values = [math.sin(x / 9) * math.cos(y / 7) for y in range(80) for x in range(100)]
head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (80, 100), }"
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(118).encode())
sys.stdout.buffer.write(struct.pack("<8000f", *values))' >"$1"
}

check "smooth arrays are approximated, and compare proves the bound"
make_waves w.npy
pith --rel-error 1e-3 w.npy
expect_rc 0
pith -l w.npy.pith
grep -q 'wavelet.*LOSSY$' "$OUT" || fail "the list does not say wavelet: $(cat "$OUT")"
pith -dc w.npy.pith
expect_rc 0
cp "$OUT" v.npy
pith compare --rel-error 1e-3 w.npy v.npy
expect_rc 0
pith compare --rel-error 1e-5 w.npy v.npy
expect_rc 1
pith --codec array --rel-error 1e-3 w.npy -o r.pith
expect_rc 0
[ "$(stat -c %s w.npy.pith)" -lt "$(stat -c %s r.pith)" ] || fail "rounding alone takes less"

finish
