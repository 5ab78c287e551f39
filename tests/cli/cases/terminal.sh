#!/usr/bin/env bash
# Compressed data and terminals.
. "${0%/*}/../lib.sh"

check "compressed data are not written to a terminal"
make_text a 1000
terminal out screen -- "$PITH" -c a
expect_rc 1
expect_messages 1
expect_stderr_has terminal
expect_empty screen "the screen"

check "... nor from standard input"
make_text a 1000
terminal out screen -- "$PITH" <a
expect_rc 1
expect_messages 1
expect_empty screen "the screen"

check "... nor with -o -"
make_text a 1000
terminal out screen -- "$PITH" a -o -
expect_rc 1
expect_empty screen "the screen"

check "-f writes compressed data to a terminal"
make_text a 1000
terminal out screen -- "$PITH" -cf a
expect_rc 0
expect_stderr
grep -q PTH screen || fail "nothing on the screen: $(shown screen)"

check "compressed data are not read from a terminal"
terminal in screen -- "$PITH" -d
expect_rc 1
expect_messages 1
expect_stderr_has '(stdin)'
expect_stderr_has terminal

check "... nor tested from one"
terminal in screen -- "$PITH" -t
expect_rc 1
expect_messages 1

check "-f reads compressed data from a terminal"
terminal in type=hello screen -- "$PITH" -df
expect_rc 3
expect_messages 1

check "restored text is written to a terminal"
printf 'some text\n' >a
pith a
terminal out screen -- "$PITH" -dc a.pith
expect_rc 0
expect_equal screen "$(tr -d '\r' <screen)" 'some text'

check "typed text is compressed into a file"
terminal in type=hello screen -- "$PITH" -o x.pith
expect_rc 0
"$PITH" -dc x.pith >b
expect_equal text "$(cat b)" hello

check "a terminal for messages changes nothing of a short run"
make_text a 1000
terminal err screen -- "$PITH" a
expect_rc 0
expect_empty screen "the screen"

check "messages go to the terminal"
terminal err screen -- "$PITH" missing
expect_rc 1
expect_equal screen "$(tr -d '\r' <screen)" 'pith: missing: No such file or directory'

check "-l writes its table to a terminal"
make_text a 1000
pith a
terminal out screen -- "$PITH" -l a.pith
expect_rc 0
grep -q a.pith screen || fail "no table: $(shown screen)"

check "--version is written to a terminal"
terminal out screen -- "$PITH" --version
expect_rc 0
grep -q '^pith ' screen || fail "no version: $(shown screen)"

finish
