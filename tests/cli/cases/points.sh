#!/usr/bin/env bash
# --points BEGIN:COUNT restores the records of some points.
. "${0%/*}/../lib.sh"

# A PLY file of 5,000 points of 12 bytes.
"${PYTHON:-python3}" -c '
import random, struct, sys
dice = random.Random(2)
sys.stdout.buffer.write(b"ply\nformat binary_little_endian 1.0\nelement vertex 5000\n"
    b"property float x\nproperty float y\nproperty float z\nend_header\n")
for i in range(5000): sys.stdout.buffer.write(struct.pack("<3f", *(dice.random() for _ in "xyz")))
' >"$SCRATCH/a.ply"
a=$SCRATCH/a.ply
"$PITH" -c "$a" >"$SCRATCH/a.pith"
head=$(($(stat -c %s "$a") - 60000))

points() {  # BEGIN COUNT, and how it is written if not so
  tail -c +$((head + 12 * $1 + 1)) "$a" | head -c $((12 * $2)) >want
  pith --points "${3:-$1:$2}" "$SCRATCH/a.pith"
  expect_rc 0
  expect_stderr
  expect_same "$OUT" want
}

check "points at the beginning, inside and at the end"
points 0 1
points 17 1000
points 4999 1
points 0 5000

check "past the end there is nothing; without a count, all that follow"
points 4990 10 4990:100
points 4000 1000 4000:
for points in 5000:1 18446744073709551615:18446744073709551615 7:0; do
  pith --points "$points" "$SCRATCH/a.pith"
  expect_rc 0
  expect_silent
done

check "-o, and through a pipe"
tail -c +$((head + 1)) "$a" | head -c 24 >want
pith --points 0:2 "$SCRATCH/a.pith" -o x
expect_rc 0
expect_silent
expect_same x want
cat "$SCRATCH/a.pith" | "$PITH" --points 0:2 >y
expect_same y want

check "a file without points"
echo text >b
pith b
pith --points 0:1 b.pith -o c
expect_rc 1
expect_stderr_has 'has no points'
expect_files b b.pith

check "points that are none"
for points in '' 5 :5: a:b 5:-1 1:2:3 1K:2; do
  pith --points "$points" "$SCRATCH/a.pith"
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
done

finish
