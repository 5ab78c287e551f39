#!/usr/bin/env bash
# --unordered: the same points in any order.
. "${0%/*}/../lib.sh"

# A PLY file of 6,000 points on a plane in no order; $2: further lines of the header.
make_ply() {
  "${PYTHON:-python3}" -c '
import random, struct, sys
dice = random.Random(1)
head = b"ply\nformat binary_little_endian 1.0\nelement vertex 6000\n"
head += b"property float x\nproperty float y\nproperty float z\n" + sys.argv[1].encode()
sys.stdout.buffer.write(head + b"end_header\n")
for i in range(6000):
    sys.stdout.buffer.write(struct.pack("<3f", dice.random() * 60, dice.random() * 60, 2))' "${2:-}" >"$1"
}
# Fails unless the points of two files are the same ones.
expect_same_points() {
  "${PYTHON:-python3}" -c '
import sys
a, b = (open(name, "rb").read() for name in sys.argv[1:])
assert len(a) == len(b)
n = len(a) - 72000
assert a[:n] == b[:n]
points = [sorted(d[i:i + 12] for i in range(n, len(d), 12)) for d in (a, b)]
assert points[0] == points[1]' "$1" "$2" || fail "the points are not the same"
}

check "the points are the same, the file is smaller, and the list says UNORDERED"
make_ply a.ply
pith a.ply -o ordered.pith
pith -v --unordered a.ply
expect_rc 0
grep -q '6000 of 6000 points are in another order' "$ERR" || fail "the report is wrong: $(cat "$ERR")"
[ "$(stat -c %s a.ply.pith)" -lt "$(stat -c %s ordered.pith)" ] || fail "it is not smaller"
pith -l a.ply.pith
expect_rc 0
grep -q 'UNORDERED$' "$OUT" || fail "the list does not say UNORDERED"
pith -l --json a.ply.pith
grep -q '"lossy": false, "unordered": true' "$OUT" || fail "the JSON list does not say unordered"
pith -l ordered.pith
grep -q UNORDERED "$OUT" && fail "the list says UNORDERED of what is ordered"
pith -dc a.ply.pith
expect_rc 0
cp "$OUT" b.ply
cmp -s a.ply b.ply && fail "the order is still there"
expect_same_points a.ply b.ply

check "compare --unordered"
make_ply a.ply
pith --unordered a.ply
pith compare --unordered a.ply a.ply.pith
expect_rc 0
grep -q '^6000 points, the same in any order: vertex$' "$OUT" || fail "compare says $(cat "$OUT")"
pith compare a.ply a.ply.pith
expect_rc 1
pith -dc a.ply.pith
cp "$OUT" b.ply
poke b.ply 5000 xxxx
pith compare --unordered a.ply b.ply
expect_rc 1
grep -q '^6000 points, not the same in any order' "$OUT" || fail "compare says $(cat "$OUT")"

check "with a bound: the points that the bound alone gives"
make_ply a.ply
pith --max-error 1mm a.ply -o a.pith
pith --max-error 1mm --unordered a.ply -o b.pith
expect_rc 0
pith -l b.pith
grep -q 'LOSSY  UNORDERED$' "$OUT" || fail "the list says $(cat "$OUT")"
pith -dc a.pith
cp "$OUT" a.out
pith -dc b.pith
cp "$OUT" b.out
expect_same_points a.out b.out

check "without free points it is kept, with a warning"
make_ply a.ply "element face 1
property list uchar int vertex_indices
"
printf '\3\0\0\0\0\1\0\0\0\2\0\0\0' >>a.ply
echo text >b
for file in a.ply b; do
  pith --unordered "$file"
  expect_rc 2
  expect_stderr_has 'has no points whose order is free'
  pith -dc "$file.pith"
  expect_same "$OUT" "$file"
done

check "what it excludes"
make_ply a.ply
pith a.ply
for option in --rm '--append -o x.pith' '--flush-interval 1 -c' -t -l; do
  # shellcheck disable=SC2086
  pith --unordered $option a.ply
  expect_rc 1
  expect_stderr_has 'unordered'
done

finish
