#!/usr/bin/env bash
# Holes in files.
. "${0%/*}/../lib.sh"

check "does this file system have holes"
truncate -s 1M hole
if [ "$(stat -c %b hole)" -gt 64 ]; then
  skip_all "the file system of $SCRATCH has no holes"
fi

make_sparse() {  # 64 MB with 40 kB of data in it
  truncate -s 64M "$1"
  make_text piece 20000
  dd if=piece of="$1" bs=4096 seek=2000 conv=notrunc status=none
  dd if=piece of="$1" bs=4096 seek=12000 conv=notrunc status=none
}
on_disk() { echo $(($(stat -c %b "$1") * 512)); }

check "a sparse file is restored with its holes"
make_sparse a
pith -1 -o a.pith a
expect_rc 0
pith -d a.pith -o b
expect_rc 0
expect_same a b
expect_at_most "space on disk" "$(on_disk b)" 65536

check "a file that is all hole is restored as one"
truncate -s 50M a
pith -1 a
rm a
pith -d a.pith
expect_rc 0
expect_size a 52428800
expect_at_most "space on disk" "$(on_disk a)" 16384

check "a hole at the end keeps the size"
make_text a 1000
truncate -s 5M a
pith -1 -o a.pith a
pith -d a.pith -o b
expect_same a b
expect_at_most "space on disk" "$(on_disk b)" 65536

check "holes and zeros give the same .pith file"
make_sparse a
cat a >dense
pith -1 -c a
cp "$OUT" x
pith -1 -c dense
expect_same "$OUT" x

check "zeros of a dense file become holes"
head -c 5000000 /dev/zero >a
echo end >>a
pith -1 a
pith -d a.pith -o b
expect_same a b
expect_at_most "space on disk" "$(on_disk b)" 65536

check "short runs of zeros are written"
for i in 1 2 3 4; do head -c 8192 /dev/zero; echo "part $i"; done >a
pith a
pith -d a.pith -o b
expect_same a b

check "no holes where standard output is appended to"
truncate -s 1M a
pith a
echo head >b
"$PITH" -dc a.pith >>b
{ echo head; cat a; } >want
expect_same b want

check "no holes in a pipe"
truncate -s 1M a
pith a
"$PITH" -dc a.pith | cat >b
expect_same a b

check "standard output behind other data"
truncate -s 300K a
pith a
{ echo head; "$PITH" -dc a.pith; echo tail; } >b
{ echo head; cat a; echo tail; } >want
expect_same b want

check "holes are not read"
truncate -s 256M a
if command -v strace >"$OUT" && strace -o trace true 2>"$ERR"; then
  strace -f -e trace=read,pread64 -o trace "$PITH" -1 -o x.pith a 2>"$ERR"
  bytes=$(sed -n 's/.*read.*) = \([0-9]*\)$/\1/p' trace | awk '{ s += $1 } END { print s + 0 }')
  expect_at_most "bytes read" "$bytes" 1000000
  pith -l x.pith
  expect_stdout_has 268435456
else
  skip_check "needs strace"
fi

finish
