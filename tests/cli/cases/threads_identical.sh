#!/usr/bin/env bash
# The same bytes for any number of threads, for file and pipe, however the data arrive.
. "${0%/*}/../lib.sh"

make_text "$SCRATCH/text" 13000000
make_random "$SCRATCH/noise" 5000000
cat "$SCRATCH/text" "$SCRATCH/noise" >"$SCRATCH/mixed"
"$PITH" -1 -T1 -c "$SCRATCH/mixed" >"$SCRATCH/mixed.pith"

for threads in 2 3 4 16 0; do
  check "-T$threads gives the bytes of -T1"
  pith -1 -T"$threads" -c "$SCRATCH/mixed"
  expect_rc 0
  expect_same "$OUT" "$SCRATCH/mixed.pith"
done

check "-T1 and -T4 at level 6"
head -c 9000000 /dev/zero >a
seq 100000 >>a
"$PITH" -6 -T1 -c a >x
"$PITH" -6 -T4 -c a >y
expect_same x y

check "a pipe gives the bytes of the file"
cat "$SCRATCH/mixed" | "$PITH" -1 -T2 >x
expect_same x "$SCRATCH/mixed.pith"

check "a pipe that delivers odd pieces gives the bytes of the file"
python -c 'import sys, time
data = open(sys.argv[1], "rb").read()
at, size = 0, 1
while at < len(data):
    sys.stdout.buffer.write(data[at:at + size])
    sys.stdout.buffer.flush()
    at, size = at + size, size * 3 % 200003 + 7
    if size % 5 == 0: time.sleep(0.0005)' "$SCRATCH/mixed" | "$PITH" -1 -T2 >x
expect_same x "$SCRATCH/mixed.pith"

check "a slow pipe of single bytes"
printf 'some slow text\n' >a
while IFS= read -rn1 letter; do printf '%s' "${letter:-$'\n'}"; sleep 0.005; done <a | "$PITH" >x
"$PITH" <a >y
expect_same x y

check "a FIFO, a file behind '-', and -o give the same bytes"
make_text a 300000
"$PITH" -c a >want
"$PITH" - <a >x
expect_same x want
"$PITH" -o y a
expect_same y want
mkfifo pipe
cat a >pipe &
"$PITH" -c pipe >z
wait
expect_same z want

check "restoring gives the same bytes for any -T, by file and by pipe"
for threads in 1 2 4 0; do
  pith -dc -T"$threads" "$SCRATCH/mixed.pith"
  expect_rc 0
  expect_same "$OUT" "$SCRATCH/mixed"
  pith -d -T"$threads" < <(cat "$SCRATCH/mixed.pith")
  expect_rc 0
  expect_same "$OUT" "$SCRATCH/mixed"
done

check "the error of a damaged file is the same for any -T, and so is what comes before"
cp "$SCRATCH/mixed.pith" x.pith
size=$(stat -c %s x.pith)
poke x.pith $((size * 2 / 3)) XX
poke x.pith $((size * 9 / 10)) XX
pith -dc -T1 x.pith
cp "$OUT" out.1
cp "$ERR" err.1
for threads in 2 4; do
  pith -dc -T"$threads" x.pith
  expect_rc 3
  expect_same "$OUT" out.1
  expect_same "$ERR" err.1
done

check "one processor gives the same bytes"
taskset -c 0 "$PITH" -1 -c "$SCRATCH/mixed" >x 2>"$ERR" || skip_check "needs taskset"
[ -n "$check_skipped" ] || expect_same x "$SCRATCH/mixed.pith"

check "a memory limit that allows fewer threads gives the same bytes"
pith -1 -T8 --memlimit 64M -c "$SCRATCH/mixed"
expect_rc 0
expect_same "$OUT" "$SCRATCH/mixed.pith"

finish
