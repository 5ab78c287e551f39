#!/usr/bin/env bash
# pith convert
. "${0%/*}/../lib.sh"

# make_array FILE TYPE SHAPE: an .npy file of numbers that differ; TYPE as NumPy and struct have it.
make_array() {
  "${PYTHON:-python3}" -c '
import struct, sys
descr, code, shape = sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3].split("x")]
count = 1
for n in shape: count *= n
values = [i * 37 % 127 for i in range(count)]
head = "{\x27descr\x27: \x27%s\x27, \x27fortran_order\x27: False, \x27shape\x27: (%s,), }" % (
    descr, ", ".join(map(str, shape)))
if len(shape) > 1: head = head.replace(",), }", "), }")
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00\x76\x00" + (head.ljust(117) + "\n").encode())
sys.stdout.buffer.write(struct.pack("<%d%s" % (count, code), *values))' "$2" "$3" "$4" >"$1"
}
can_hdf5() {
  make_array probe.npy '<f4' f 3
  "$PITH" convert probe.npy -o probe.h5 2>"$ERR"
  local status=$?
  rm -f probe.npy probe.h5
  [ $status -ne 4 ]
}

check "frames of a folder become one file and come back"
make_array a.npy '|u1' B 12x9x7
mkdir out
pith convert a.npy -o out/%d.png
expect_rc 0
[ "$(ls out | wc -l)" = 12 ] || fail "there are $(ls out | wc -l) frames"
pith convert out -o frames.pith
expect_rc 0
pith convert frames.pith -o b.npy
expect_rc 0
expect_same a.npy b.npy
pith convert frames.pith --time 10:12 -o some/%02d.png
expect_rc 1
mkdir some
pith convert frames.pith --time 10:12 -o some/%02d.png
expect_rc 0
expect_same some/10.png out/10.png
expect_same some/11.png out/11.png
[ "$(ls some | wc -l)" = 2 ] || fail "there are $(ls some | wc -l) frames"

check "images of 16 bits and of colours"
make_array a.npy '<u2' H 5x8
pith convert a.npy -o a.png
expect_rc 0
pith convert a.png -o b.npy
expect_same a.npy b.npy
make_array c.npy '|u1' B 2x9x7x3
pith convert c.npy -o c%d.png
expect_rc 0
pith convert c0.png c1.png -o d.npy
expect_rc 0
expect_same c.npy d.npy

check "NetCDF and back, for all types"
for type in '|i1 b' '|u1 B' '<i2 h' '<u2 H' '<i4 i' '<u4 I' '<i8 q' '<u8 Q' '<f4 f' '<f8 d'; do
  make_array a.npy "${type% *}" "${type#* }" 3x4x5
  pith convert a.npy -f -o a.nc
  expect_rc 0
  pith convert a.nc -f -o b.npy
  expect_rc 0
  expect_same a.npy b.npy
done

check "HDF5 and back, and single steps of it"
if can_hdf5; then
  for type in '|u1 B' '<i2 h' '<i4 i' '<f2 e' '<f4 f' '<f8 d'; do
    make_array a.npy "${type% *}" "${type#* }" 6x4x5
    pith convert a.npy -f -o a.h5
    expect_rc 0
    pith convert a.h5 -f -o b.npy
    expect_rc 0
    expect_same a.npy b.npy
  done
  pith convert a.h5 --time 2:4 -o c.npy
  expect_rc 0
  tail -c 320 c.npy >got
  tail -c $((4 * 20 * 8)) a.npy | head -c 320 >wanted
  expect_same got wanted
fi

check "variables are listed, and one must be named where there are several"
make_array a.npy '<f4' f 4x5
pith convert -l a.npy
expect_stdout 'float32  4x5                  array'
pith convert a.npy --var nothing -o b.npy
expect_rc 1
expect_stderr_has "has no variable 'nothing'"
expect_files a.npy

check "what cannot be is refused, and leaves nothing"
make_array a.npy '<f4' f 4x5
make_text t 100
for bad in "a.npy" "a.npy -o b" "a.npy -o a.npy" "t -o b.npy" "a.npy -o a.png" \
  "a.npy --time 7:9 -o b.npy" "a.npy --time 3:2 -o b.npy" "nothing -o b.npy" \
  "a.npy --level 0 -o b.pith"; do
  # shellcheck disable=SC2086
  pith convert $bad
  expect_rc 1
done
echo no >c.png
pith convert c.png -o b.npy
expect_rc 3
expect_files a.npy c.png t

finish
