#!/usr/bin/env bash
# --range OFFSET:LENGTH restores some bytes.
. "${0%/*}/../lib.sh"

make_text "$SCRATCH/a" 13000000  # four blocks
"$PITH" -1 -c "$SCRATCH/a" >"$SCRATCH/a.pith"
a=$SCRATCH/a

part() { tail -c +$(($1 + 1)) "$a" | head -c "$2" >want; }
range() {  # OFFSET LENGTH, in bytes; RANGE if it is written in another way
  part "$1" "$2"
  pith --range "${3:-$1:$2}" "$a.pith"
  expect_rc 0
  expect_stderr
  expect_same "$OUT" want
}

check "bytes at the beginning"
range 0 10

check "bytes inside a block"
range 5000000 4096

check "bytes across a boundary of blocks"
range 4194300 10
range 8388607 2

check "a whole block"
range 4194304 4194304

check "bytes across several blocks"
range 100 12999000

check "the last byte"
range 12999999 1

check "everything"
range 0 13000000

check "a range past the end gives what is there"
range 12999990 10 12999990:100
range 12999990 10 12999990:99999999999

check "a range behind the end is empty"
pith --range 13000000:10 "$a.pith"
expect_rc 0
expect_silent
pith --range 99999999999:10 "$a.pith"
expect_rc 0
expect_silent

check "an empty range"
pith --range 100:0 "$a.pith"
expect_rc 0
expect_silent

check "sizes with K, M and G"
range 4194304 2048 4M:2K
range 0 13000000 0:1G
range 1024 1024 1k:1KiB

check "the largest numbers do not wrap"
pith --range 18446744073709551615:18446744073709551615 "$a.pith"
expect_rc 0
expect_silent
part 5 12999995
pith --range 5:18446744073709551615 "$a.pith"
expect_rc 0
expect_same "$OUT" want

check "a range without an end reaches to the end"
range 12999000 1000 12999000:

check "-o writes them to a file"
part 5000000 100
pith --range 5000000:100 "$a.pith" -o x
expect_rc 0
expect_silent
expect_same x want
pith --range 0:100 "$a.pith" -o x
expect_rc 1
expect_same x want

check "across the boundary of streams"
make_text x 1000
make_text y 2000
pith x y
cat x.pith y.pith >z.pith
pith --range 990:20 z.pith
expect_rc 0
cat x y | tail -c +991 | head -c 20 >want
expect_same "$OUT" want

check "from standard input, a pipe too"
part 5000000 100
"$PITH" --range 5000000:100 <"$a.pith" >x
expect_same x want
cat "$a.pith" | "$PITH" --range 5000000:100 - >y
expect_same y want

check "damage in another block does not matter"
cp "$a.pith" x.pith
size=$(stat -c %s x.pith)
poke x.pith $((size * 9 / 10)) XX
part 100 4096
pith --range 100:4096 x.pith
expect_rc 0
expect_same "$OUT" want

check "damage in the block that is needed does"
cp "$a.pith" x.pith
poke x.pith 1000 XX
pith --range 100:4096 x.pith
expect_rc 3
expect_stdout
expect_messages 1

check "a damaged trailer is reported"
head -c -10 "$a.pith" >x.pith
pith --range 100:4096 x.pith
expect_rc 3
expect_stdout
expect_messages 1

check "an unknown codec in another block does not matter"
patch edit "$a.pith" x.pith frame.3.codec=17 index.make
part 100 10
pith --range 100:10 x.pith
expect_rc 0
expect_same "$OUT" want
pith --range 12999990:10 x.pith
expect_rc 4
expect_stdout

check "ranges that are none"
for range in '' 5 :5: a:b 5:-1 -5:5 1:2:3 5:x ':' 99999999999999999999:1 17179869184G:1; do
  pith --range "$range" "$a.pith"
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
done

check "only the blocks that are needed are read"
if command -v strace >"$OUT" && strace -o trace true 2>"$ERR"; then
  strace -f -e trace=pread64,read -o trace "$PITH" --range 5000000:4096 "$a.pith" >x 2>"$ERR"
  bytes=$(sed -n 's/.*pread64(.*) = \([0-9]*\)$/\1/p' trace | awk '{ s += $1 } END { print s + 0 }')
  expect_at_most "bytes read" "$bytes" $(($(stat -c %s "$a.pith") / 2))
else
  skip_check "needs strace"
fi

finish
