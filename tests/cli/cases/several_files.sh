#!/usr/bin/env bash
# Several inputs in one run: errors do not stop the others, and the gravest one gives the status.
. "${0%/*}/../lib.sh"

three_files() { make_text a 1000; make_text b 2000; make_text c 3000; }

check "several files, each to its own output"
three_files
pith a b c
expect_rc 0
expect_silent
expect_files a a.pith b b.pith c c.pith
mkdir back
pith -d --output-dir back a.pith b.pith c.pith
expect_rc 0
for file in a b c; do expect_same "$file" "back/$file"; done

check "one of several is missing: the others are done, exit 1, one line"
three_files
rm b
pith a b c
expect_rc 1
expect_stderr 'pith: b: No such file or directory'
expect_files a a.pith c c.pith

check "restoring: one of several is missing"
three_files
pith a c
rm a c
pith -d a.pith b.pith c.pith
expect_rc 1
expect_stderr 'pith: b.pith: No such file or directory'
expect_files a a.pith b c c.pith

check "one of several is damaged: exit 3"
three_files
pith a b c
poke b.pith 70 XXXX
pith -t a.pith b.pith c.pith
expect_rc 3
expect_messages 1
expect_stderr_has 'pith: b.pith: '

check "damage outranks a missing file and a warning"
three_files
pith a b
poke b.pith 70 XXXX
pith -df missing.pith b.pith a
expect_rc 3
expect_messages 3

check "an unsupported version outranks damage"
three_files
pith a b
poke b.pith 70 XXXX
patch edit a.pith later.pith header.version=9
pith -t later.pith b.pith missing
expect_rc 4
expect_messages 3
pith -t missing b.pith later.pith
expect_rc 4

check "a limit outranks all"
three_files
pith a b
patch edit a.pith later.pith header.version=9
poke b.pith 70 XXXX
pith -t --max-output 10 later.pith b.pith a.pith missing
expect_rc 5

check "an error outranks a warning"
three_files
pith a.pith missing a
expect_rc 1
pith a
pith -d b a.pith
expect_rc 1

check "a warning alone is 2"
three_files
pith -d a b
expect_rc 2
expect_messages 2

check "-c joins several outputs; they restore as one"
three_files
"$PITH" -c a b c >x.pith
pith -dc x.pith
expect_rc 0
cat a b c >want
expect_same "$OUT" want

check "-dc joins several inputs"
three_files
pith a b c
"$PITH" -dc a.pith b.pith c.pith >got
cat a b c >want
expect_same got want

check "-dc writes nothing of a file that is no .pith file, and goes on"
three_files
pith a c
"$PITH" -dc a.pith b c.pith >got 2>"$ERR"
rc=$?
expect_rc 3
expect_messages 1
cat a c >want
expect_same got want

check "one file twice: the second finds the first's output"
three_files
pith a a
expect_rc 1
expect_messages 1
pith -t a.pith
expect_rc 0

check "standard input among files"
three_files
"$PITH" -c a - c <b >x.pith
"$PITH" -dc x.pith >got
cat a b c >want
expect_same got want

check "--rm removes only what was done"
three_files
: >b.pith
pith --rm a b c
expect_rc 1
expect_files a.pith b b.pith c.pith

check "-t goes on after damage"
three_files
pith a b c
: >a.pith
: >c.pith
pith -t a.pith b.pith c.pith
expect_rc 3
expect_messages 2

check "-qq prints nothing of it"
three_files
pith -qq missing a.pith b
expect_rc 1
expect_silent

check "two hundred files"
for ((i = 0; i < 200; i++)); do echo "$i" >"f$i"; done
pith --no-sync f*
expect_rc 0
expect_silent
"$PITH" -dc f7.pith f199.pith >got
printf '7\n199\n' >want
expect_same got want

check "descriptors are closed: 200 files with 32 of them"
for ((i = 0; i < 200; i++)); do echo "$i" >"f$i"; done
(ulimit -n 32; "$PITH" --no-sync f* 2>"$ERR")
rc=$?
expect_rc 0
expect_stderr

finish
