#!/usr/bin/env bash
# --codec video: arrays as videos.
. "${0%/*}/../lib.sh"

# An .npy file of 6 x 64 x 64 floats, some of them NaN.
make_images() {
  "${PYTHON:-python3}" -c '
import math, struct, sys
values = [10 + 3 * math.sin(x / 9 + t / 5) + 2 * math.cos(y / 7) + (x * y * 7919 + t) % 97 / 2000
          for t in range(6) for y in range(64) for x in range(64)]
values[7:300] = [float("nan")] * 293
head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (6, 64, 64), }"
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(118).encode())
sys.stdout.buffer.write(struct.pack("<%df" % len(values), *values))' >"$1"
}

make_images probe.npy
"$PITH" --codec video-ffv1 probe.npy -o probe.pith 2>"$ERR"
if grep -q 'libavcodec' "$ERR"; then
  check "without libavcodec, the message says so"
  make_images a.npy
  pith --codec video a.npy
  expect_rc 4
  expect_files a.npy
  finish
fi

check "video-ffv1 is exact, and used"
make_images a.npy
pith --codec video-ffv1 a.npy
expect_rc 0
pith -l --json a.npy.pith
grep -q '"video"' "$OUT" || fail "another codec was used"
pith -dc a.npy.pith
expect_same a.npy "$OUT"

for codec in video video-x265 video-av1; do
  check "$codec keeps a PSNR and says LOSSY"
  make_images a.npy
  pith --codec $codec --psnr 40 -2 a.npy
  expect_rc 0
  expect_stderr
  pith -l a.npy.pith
  grep -q 'LOSSY$' "$OUT" || fail "the list does not say LOSSY"
  pith -l --json a.npy.pith
  grep -q '"video"' "$OUT" || fail "another codec was used"
  pith compare --psnr 40 a.npy a.npy.pith
  expect_rc 0
  [ "$(wc -c <a.npy.pith)" -lt 20000 ] || fail "it is not small"

  check "$codec keeps a bound"
  make_images a.npy
  pith --codec $codec --max-error 0.05 -2 a.npy
  expect_rc 0
  pith compare --max-error 0.05 a.npy a.npy.pith
  expect_rc 0
done

check "the output does not depend on threads"
make_images a.npy
cat a.npy a.npy a.npy >all
pith --codec video-x265 --as f32:999x64x64 --psnr 35 -2 -T1 all -o one.pith
expect_rc 0
pith --codec video-x265 --as f32:999x64x64 --psnr 35 -2 -T3 all -o three.pith
expect_same one.pith three.pith

finish
