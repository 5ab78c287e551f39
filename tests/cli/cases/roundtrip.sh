#!/usr/bin/env bash
# Files go through compression and come back, by every way that data can take.
. "${0%/*}/../lib.sh"

restores() {  # FILE
  cp "$1" original
  pith -1 "$1"
  expect_rc 0
  expect_silent
  expect_same "$1" original
  rm "$1"
  pith -d "$1.pith"
  expect_rc 0
  expect_silent
  expect_same "$1" original
}

check "a text file is restored, the input stays"
make_text a.txt 100000
restores a.txt
expect_files a.txt a.txt.pith original

check "an empty file takes 68 bytes and is restored"
: >empty
pith empty
expect_rc 0
expect_size empty.pith 68
rm empty
pith -d empty.pith
expect_rc 0
expect_silent
expect_size empty 0

check "a file of one byte is restored"
printf x >one
restores one
expect_size one.pith 113

check "bytes that do not compress cost 112 more"
make_random noise 10000
restores noise
expect_size noise.pith 10112

check "zeros are restored"
head -c 9000000 /dev/zero >zeros
restores zeros

check "several blocks are restored"
make_text many 13000000
restores many

check "a file of exactly one block is restored"
make_text block 4194304
restores block

check "one byte more than a block is restored"
make_text block 4194305
restores block

check "every level restores"
make_text a 20000
for level in 1 2 3 4 5 6 7 8 9; do
  pith -"$level" -c a
  expect_rc 0
  "$PITH" -dc <"$OUT" >b
  expect_same a b
done

check "higher levels are not larger"
make_text a 300000
"$PITH" -1c a >small.1
"$PITH" -9c a >small.9
[ -s small.9 ] || fail "it is empty"
expect_at_most "size at level 9" "$(stat -c %s small.9)" "$(stat -c %s small.1)"

check "every codec restores"
make_text a 20000
for codec in stored zstd; do
  pith --codec "$codec" -c a
  expect_rc 0
  "$PITH" -dc <"$OUT" >b
  expect_same a b
done

check "standard input to standard output, without a name"
make_text a 50000
"$PITH" <a >a.pith
"$PITH" -d <a.pith >b
expect_same a b

check "'-' is standard input, and the output then standard output"
make_text a 50000
"$PITH" - <a >a.pith
"$PITH" -d - <a.pith >b
expect_same a b

check "through pipes both ways"
make_text a 6000000
cat a | "$PITH" -1 | cat | "$PITH" -d | cat >b
expect_same a b

check "-c writes to standard output and makes no file"
make_text a 50000
pith -c a
expect_rc 0
expect_stderr
expect_files a
"$PITH" -dc <"$OUT" >b
expect_same a b

check "-dc FILE writes to standard output and makes no file"
make_text a 50000
pith a
rm a
pith -dc a.pith
expect_rc 0
expect_stderr
make_text b 50000
expect_same "$OUT" b
expect_files a.pith b

check "the file and the pipe give the same bytes"
make_text a 50000
pith a
"$PITH" <a >b.pith
expect_same a.pith b.pith

check "compressing twice gives the same bytes, whatever the file's time"
make_text a 50000
pith a
cp a.pith first
touch -d 2001-01-01 a
pith -f a
expect_same a.pith first

check "reads from a FIFO with -c"
mkfifo pipe
make_text a 200000
cat a >pipe &
pith -c pipe
expect_rc 0
"$PITH" -dc <"$OUT" >b
expect_same a b
wait

check "reads from a file descriptor's path"
make_text a 1000
"$PITH" -c a >a.pith
"$PITH" -dc /dev/stdin <a.pith >b
expect_same a b

check "-t is silent and makes no file"
make_text a 50000
pith a
pith -t a.pith
expect_rc 0
expect_silent
expect_files a a.pith

check "-t reads standard input"
make_text a 50000
pith -t < <("$PITH" -c a)
expect_rc 0
expect_silent

check "long option names mean the same"
make_text a 5000
"$PITH" --stdout --level 3 a >b.pith
"$PITH" -3c a >c.pith
expect_same b.pith c.pith
pith --decompress --stdout b.pith
expect_rc 0
expect_same "$OUT" a
pith --uncompress --to-stdout --keep b.pith
expect_same "$OUT" a
pith --test b.pith
expect_rc 0

check "short options bundle"
make_text a 5000
pith -1kf a
expect_rc 0
pith -dkcf a.pith
expect_rc 0
expect_same "$OUT" a

check "standard input at an offset is read from there"
make_text a 5000
pith a
{ dd bs=1000 count=1 status=none of=/dev/null; "$PITH" -c; } <a >rest.pith
"$PITH" -dc rest.pith >rest
tail -c +1001 a >want
expect_same rest want

finish
