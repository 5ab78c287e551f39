#!/usr/bin/env bash
# Bytes behind the last stream.
. "${0%/*}/../lib.sh"

check "bytes that are no stream: exit 3, nothing remains"
make_text a 1000
"$PITH" -c a >x.pith
echo garbage >>x.pith
pith -d x.pith
expect_rc 3
expect_messages 1
expect_stderr_has -- --ignore-trailing
expect_no_file x

check "... with -c the data are written before"
make_text a 1000
"$PITH" -c a >x.pith
echo garbage >>x.pith
pith -dc x.pith
expect_rc 3
expect_messages 1
expect_same "$OUT" a

check "... also from a pipe"
make_text a 1000
{ "$PITH" -c a; echo garbage; } | "$PITH" -d >b 2>"$ERR"
rc=${PIPESTATUS[1]}
expect_rc 3
expect_messages 1
expect_same a b

check "-t reports them"
make_text a 1000
"$PITH" -c a >x.pith
printf x >>x.pith
pith -t x.pith
expect_rc 3
expect_messages 1

check "--ignore-trailing accepts them"
make_text a 1000
"$PITH" -c a >x.pith
echo garbage >>x.pith
pith -d --ignore-trailing x.pith
expect_rc 0
expect_silent
expect_same x a
pith -t --ignore-trailing x.pith
expect_rc 0

check "--ignore-trailing accepts many of them"
make_text a 1000
"$PITH" -c a >x.pith
make_random noise 300000
cat noise >>x.pith
pith -dc --ignore-trailing x.pith
expect_rc 0
expect_same "$OUT" a

check "--ignore-trailing does not accept a damaged stream"
make_text a 1000
"$PITH" -c a >x.pith
poke x.pith 70 XXXX
pith -d --ignore-trailing x.pith
expect_rc 3

for size in 1 512 65535 65536; do
  check "$size NUL bytes: a warning, the data are complete"
  make_text a 1000
  "$PITH" -c a >x.pith
  head -c "$size" /dev/zero >>x.pith
  pith -d x.pith
  expect_rc 2
  expect_stderr "pith: x.pith: $size NUL bytes follow the last stream"
  expect_same x a
done

check "65,537 NUL bytes are damage"
make_text a 1000
"$PITH" -c a >x.pith
head -c 65537 /dev/zero >>x.pith
pith -d x.pith
expect_rc 3
expect_no_file x

check "NUL bytes behind a pipe's data"
make_text a 1000
{ "$PITH" -c a; head -c 512 /dev/zero; } | "$PITH" -d >b 2>"$ERR"
rc=${PIPESTATUS[1]}
expect_rc 2
expect_messages 1
expect_same a b

check "NUL bytes: -t warns, -q does not"
make_text a 1000
"$PITH" -c a >x.pith
head -c 512 /dev/zero >>x.pith
pith -t x.pith
expect_rc 2
expect_messages 1
pith -tq x.pith
expect_rc 2
expect_silent

check "--ignore-trailing accepts NUL bytes without a word"
make_text a 1000
"$PITH" -c a >x.pith
head -c 512 /dev/zero >>x.pith
pith -dc --ignore-trailing x.pith
expect_rc 0
expect_stderr
expect_same "$OUT" a

check "NUL bytes between streams are damage"
make_text a 1000
"$PITH" -c a >part
{ cat part; head -c 512 /dev/zero; cat part; } >x.pith
pith -d x.pith
expect_rc 3
expect_no_file x

check "NUL bytes and then something else are damage"
make_text a 1000
{ "$PITH" -c a; head -c 100 /dev/zero; printf x; } >x.pith
pith -t x.pith
expect_rc 3

check "--rm keeps an input with trailing bytes"
make_text a 1000
{ "$PITH" -c a; echo garbage; } >x.pith
pith -d --rm x.pith
expect_rc 3
expect_files a x.pith

check "-l reads through NUL padding"
make_text a 1000
{ "$PITH" -c a; head -c 512 /dev/zero; } >x.pith
pith -l x.pith
expect_stdout_has ' 1000 '

check "-l reports bytes that are no stream"
make_text a 1000
{ "$PITH" -c a; echo garbage; } >x.pith
pith -l x.pith
expect_rc 3
expect_messages 1

check "-l --ignore-trailing lists what is in front of them"
make_text a 1000
{ "$PITH" -c a; echo garbage; } >x.pith
pith -l --ignore-trailing x.pith
expect_rc 0
expect_stdout_has ' 1000 '

finish
