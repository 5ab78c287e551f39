#!/usr/bin/env bash
# .pith files, and files of other programs, inside .pith files.
. "${0%/*}/../lib.sh"

check "a .pith file in a .pith file in a .pith file"
make_text a 5000
"$PITH" -c a | "$PITH" | "$PITH" >x
"$PITH" -d <x | "$PITH" -d | "$PITH" -d >b
expect_same a b

check "... is not unpacked further than asked"
make_text a 5000
"$PITH" -c a >a.pith
"$PITH" -c a.pith >x
pith -dc x
expect_same "$OUT" a.pith

check "--recover of the outer file when its beginning is lost"
make_random noise 6000000
make_text text 6000000
cat noise text | "$PITH" -1 --codec stored >inner.pith
"$PITH" -1 --codec stored -c inner.pith >outer.pith
cp outer.pith x.pith
poke x.pith 5 XX
poke x.pith 1000 XX
pith --recover x.pith -o x --recover-map map
expect_rc 3
tail -c +4194305 inner.pith >want
tail -c +4194305 x >got
expect_same got want
expect_size x "$(stat -c %s inner.pith)"

check "gzip, xz, zstd, bzip2 files are restored to the byte"
make_text a 300000
for tool in gzip xz zstd bzip2; do
  command -v "$tool" >"$OUT" || continue
  "$tool" -c a >"a.$tool"
  pith -c "a.$tool"
  expect_rc 0
  "$PITH" -dc <"$OUT" >b
  expect_same b "a.$tool"
done

check "gzip files of all levels, several members, cut short, damaged"
make_text a 100000
for level in 1 6 9; do gzip -"$level" -c a >"$level.gz"; done
cat 1.gz 6.gz 9.gz >several.gz
head -c 5000 9.gz >cut.gz
cp 9.gz bad.gz
poke bad.gz 3000 XXXX
{ cat 6.gz; echo more; } >more.gz
for file in *.gz; do
  pith -c "$file"
  expect_rc 0
  "$PITH" -dc <"$OUT" >b
  expect_same b "$file"
done

check "frames of .pith files in the data do not confuse it"
make_text a 3000
"$PITH" -c a >x
tail -c +21 x >frames
cat frames frames a frames >b
pith -c b
"$PITH" -dc <"$OUT" >c
expect_same b c

check "the magic bytes alone as data"
printf '\211PTH\r\n\032\n' >a
pith a
expect_rc 0
pith -dc a.pith
expect_same "$OUT" a
pith -d a -o x
expect_rc 3
expect_no_file x

finish
