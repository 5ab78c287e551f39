#!/usr/bin/env bash
# The program under its other names.
. "${0%/*}/../lib.sh"

mkdir "$SCRATCH/bin"
for name in pithcat unpith; do ln -s "$PITH" "$SCRATCH/bin/$name"; done
pithcat() { run "$SCRATCH/bin/pithcat" "$@"; }
unpith() { run "$SCRATCH/bin/unpith" "$@"; }

check "pithcat writes the content"
make_text a 1000
pith a
pithcat a.pith
expect_rc 0
expect_stderr
expect_same "$OUT" a
expect_files a a.pith

check "pithcat joins files"
make_text a 1000
make_text b 1000
pith a b
pithcat a.pith b.pith
cat a b >want
expect_same "$OUT" want

check "pithcat reads standard input"
make_text a 1000
pith a
pithcat <a.pith
expect_rc 0
expect_same "$OUT" a

check "pithcat refuses a plain file"
make_text a 1000
pithcat a
expect_rc 3
expect_stdout
expect_messages 1

check "pithcat -f passes a plain file through"
make_text a 1000
pith a
pithcat -f a a.pith
expect_rc 0
cat a a >want
expect_same "$OUT" want
: >empty
pithcat -f empty
expect_rc 0
expect_stdout

check "pithcat with a damaged file: exit 3"
make_text a 1000
pith a
poke a.pith 70 XXXX
pithcat a.pith
expect_rc 3
expect_messages 1

check "pithcat of a strange name"
make_text ./'-a $(touch owned)' 1000
"$PITH" -- '-a $(touch owned)'
pithcat -- '-a $(touch owned).pith'
expect_rc 0
expect_same "$OUT" './-a $(touch owned)'
expect_no_file owned

check "unpith restores and keeps the .pith file"
make_text a 1000
pith a
cp a want
rm a
unpith a.pith
expect_rc 0
expect_silent
expect_same a want
expect_files a a.pith want

check "unpith --rm"
make_text a 1000
pith --rm a
unpith --rm a.pith
expect_rc 0
expect_files a

check "unpith from standard input"
make_text a 1000
pith a
unpith <a.pith
expect_rc 0
expect_same "$OUT" a

check "the name's folder does not matter"
make_text a 1000
pith a
mkdir unpith.d pithcat
ln -s "$PITH" pithcat/pith
run pithcat/pith -t a.pith
expect_rc 0
expect_silent
rm a.pith
run pithcat/pith a
expect_rc 0
[ -f a.pith ] || fail "it did not compress"

check "an unknown name is pith"
make_text a 1000
ln -s "$PITH" other
run ./other -c a
expect_rc 0
"$PITH" -dc <"$OUT" >b
expect_same a b

check "messages are those of pith"
pithcat missing
expect_rc 1
expect_stderr 'pith: missing: No such file or directory'

check "no name at all"
make_text a 1000
(exec -a '' "$PITH" -c a) >x 2>"$ERR"
rc=$?
expect_rc 0
"$PITH" -dc x >b
expect_same a b

finish
