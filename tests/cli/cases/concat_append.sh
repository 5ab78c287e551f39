#!/usr/bin/env bash
# Several streams in one file: by cat and by --append.
. "${0%/*}/../lib.sh"

check "cat a b restores to both parts"
make_text a 1000
make_text b 2000
pith a b
cat a.pith b.pith >x.pith
cat a b >want
pith -d x.pith
expect_rc 0
expect_silent
expect_same x want

check "... from a pipe"
make_text a 1000
make_text b 2000
pith a b
cat a b >want
pith -d < <(cat a.pith b.pith)
expect_rc 0
expect_same "$OUT" want

check "an empty stream in front, between and behind"
make_text a 1000
: >empty
pith a empty
cat empty.pith a.pith empty.pith a.pith empty.pith >x.pith
pith -dc x.pith
expect_rc 0
cat a a >want
expect_same "$OUT" want

check "a hundred streams"
for ((i = 0; i < 100; i++)); do echo "part $i" >"f$i"; done
"$PITH" --no-sync f*
cat f*.pith >x
for ((i = 0; i < 100; i++)); do rm "f$i.pith"; done
cat f* >want
pith -dc x
expect_rc 0
expect_same "$OUT" want
pith -l --json x
expect_stdout_has '"streams": 100'

check "streams of several blocks each"
make_text a 9000000
pith -1 a
cat a.pith a.pith >x
cat a a >want
pith -dc -T2 x
expect_rc 0
expect_same "$OUT" want

check "the second stream damaged: exit 3, the first is written with -c, nothing to a file"
make_text a 1000
pith a
cat a.pith a.pith >x.pith
poke x.pith $(($(stat -c %s a.pith) + 70)) XXXX
pith -dc x.pith
expect_rc 3
expect_same "$OUT" a
pith -d x.pith
expect_rc 3
expect_no_file x

check "--append makes the file that is not there"
make_text a 1000
pith --append a -o x.pith
expect_rc 0
expect_silent
pith -dc x.pith
expect_same "$OUT" a

check "--append gives the bytes that cat gives"
make_text a 1000
make_text b 2000
pith a b
cat a.pith b.pith >want
cp a.pith x.pith
pith --append b -o x.pith
expect_rc 0
expect_silent
expect_same x.pith want
expect_files a a.pith b b.pith want x.pith

check "--append from standard input"
make_text a 1000
make_text b 2000
pith a
pith --append -o a.pith <b
expect_rc 0
cat a b >want
pith -dc a.pith
expect_same "$OUT" want

check "--append of several files, in their order"
make_text a 1000
make_text b 2000
make_text c 3000
pith --append a b c -o x.pith
expect_rc 0
cat a b c >want
pith -dc x.pith
expect_same "$OUT" want

check "--append cuts off an unfinished stream, and says so"
make_text a 1000
make_text b 2000
pith a b
cp a.pith x.pith
head -c 150 b.pith >>x.pith
pith --append b -o x.pith
expect_rc 2
expect_stderr 'pith: x.pith: ends in an unfinished stream; its 150 bytes are cut off'
cat a.pith b.pith >want
expect_same x.pith want

check "... whatever its length"
make_text a 300
pith a
cat a.pith a.pith >want
size=$(stat -c %s a.pith)
for length in 1 7 8 19 20 21 59 60 61 100 $((size - 49)) $((size - 48)) $((size - 1)); do
  cp a.pith x.pith
  head -c "$length" a.pith >>x.pith
  pith --append a -o x.pith
  expect_rc 2
  expect_same x.pith want
done

check "--append leaves a file that is no .pith file alone"
make_text a 1000
make_text x 1000
cp x before
pith --append a -o x
expect_rc 3
expect_messages 1
expect_same x before

check "--append leaves a damaged file alone"
make_text a 1000
pith a
cp a.pith x.pith
poke x.pith 70 XXXX
cp x.pith before
pith --append a -o x.pith
expect_rc 3
expect_messages 1
expect_same x.pith before

check "--append to a file with other bytes behind leaves it alone"
make_text a 1000
pith a
for bytes in x garbage 'twenty bytes of this' 'more than twenty bytes of garbage'; do
  { cat a.pith; printf '%s' "$bytes"; } >x.pith
  cp x.pith before
  pith --append a -o x.pith
  expect_rc 3
  expect_messages 1
  expect_same x.pith before
done

check "--append behind NUL padding takes its place"
make_text a 1000
pith a
{ cat a.pith; head -c 512 /dev/zero; } >x.pith
pith --append a -o x.pith
cat a.pith a.pith >want
expect_same x.pith want

check "--append with a missing input leaves the file alone"
make_text a 1000
pith a
cp a.pith before
pith --append missing -o a.pith
expect_rc 1
expect_messages 1
expect_same a.pith before

check "--append of the file to itself is refused"
make_text a 1000
pith a
cp a.pith before
pith --append a.pith -o a.pith
expect_rc 1
expect_messages 1
expect_same a.pith before

check "--append needs a file as output"
make_text a 1000
pith --append -c a
expect_rc 1
expect_stdout
pith -d --append a -o x
expect_rc 1
expect_files a

check "--append of standard input needs -o"
pith --append
expect_rc 1
expect_files

check "--append --rm removes the input"
make_text a 1000
make_text b 1000
pith a
pith --append --rm b -o a.pith
expect_rc 0
expect_files a a.pith

check "--append through a symbolic link keeps the link"
make_text a 1000
pith a
ln -s a.pith link
pith --append a -o link
expect_rc 0
[ -L link ] || fail "the link is gone"
cat a a >want
pith -dc a.pith
expect_same "$OUT" want

check "two appends at once: one is refused or both are there"
make_text a 3000000
echo old >old
"$PITH" -c old >x.pith
"$PITH" -1 --append a -o x.pith 2>first &
"$PITH" -1 --append a -o x.pith 2>second
wait
pith -t x.pith
expect_rc 0

finish
