#!/usr/bin/env bash
# Environment variables give defaults; they never give -f or --rm.
. "${0%/*}/../lib.sh"

check "PITH_LEVEL gives the level"
make_text a 100000
PITH_LEVEL=1 "$PITH" -c a >x
"$PITH" -1c a >y
expect_same x y
"$PITH" -9c a >z
expect_differ x z

check "an option outranks PITH_LEVEL"
make_text a 100000
PITH_LEVEL=9 "$PITH" -1c a >x
"$PITH" -1c a >y
expect_same x y
PITH_LEVEL=9 "$PITH" --level=1 -c a >x
expect_same x y

check "PITH_LEVEL that is none: exit 1, naming it"
make_text a 100
for level in 0 10 99 -1 x 5x 1.5 ' 3' 18446744073709551617; do
  PITH_LEVEL=$level pith -c a
  expect_rc 1
  expect_stdout
  expect_stderr_has PITH_LEVEL
done

check "an empty variable is none"
make_text a 100
PITH_LEVEL='' PITH_THREADS='' PITH_MEMLIMIT='' pith -c a
expect_rc 0
expect_stderr

check "PITH_THREADS changes nothing of the output"
make_text a 9000000
PITH_THREADS=1 "$PITH" -1c a >x
PITH_THREADS=3 "$PITH" -1c a >y
expect_same x y

check "PITH_THREADS that is none: exit 1, naming it"
make_text a 100
PITH_THREADS=many pith -c a
expect_rc 1
expect_stdout
expect_stderr_has PITH_THREADS

check "PITH_MEMLIMIT limits"
make_text a 3000000
PITH_MEMLIMIT=1M pith -9 -c a
expect_rc 5
expect_stdout

check "an option outranks PITH_MEMLIMIT"
make_text a 3000000
PITH_MEMLIMIT=1M pith -1 --memlimit 1G -c a
expect_rc 0

check "PITH_MEMLIMIT that is none: exit 1, naming it"
make_text a 100
PITH_MEMLIMIT=lots pith -c a
expect_rc 1
expect_stderr_has PITH_MEMLIMIT

check "a variable with options is not read"
make_text a 100
run env PITH='--rm -f' PITH_OPTIONS='--rm -f' PITH_OPT=--rm PITH_FLAGS=-f "$PITH" a
expect_rc 0
expect_files a a.pith

check "--version and --help work whatever the environment says"
PITH_THREADS=1 pith --version
expect_rc 0

check "an empty environment"
make_text a 100
run env -i "$PITH" -c a
expect_rc 0
env -i "$PITH" -dc <"$OUT" >b
expect_same a b

finish
