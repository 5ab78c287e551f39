#!/usr/bin/env bash
# Outputs that cannot take what is written to them: a full device, a closed descriptor.
. "${0%/*}/../lib.sh"

[ -c /dev/full ] || skip_all "there is no /dev/full"

check "compressing into /dev/full"
make_text a 1000
"$PITH" -c a >/dev/full 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1
expect_stderr_has 'No space left on device'

check "restoring into /dev/full"
make_text a 1000
pith a
"$PITH" -dc a.pith >/dev/full 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1
expect_stderr_has 'No space left on device'

check "-o /dev/full, both ways"
make_text a 1000
pith a -o /dev/full
expect_rc 1
expect_messages 1
expect_stderr_has 'No space left on device'
pith a
pith -d a.pith -o /dev/full
expect_rc 1
expect_messages 1
[ -c /dev/full ] || fail "/dev/full is no device any more"

check "a large output into /dev/full"
make_text a 9000000
pith -1 a
"$PITH" -dc a.pith >/dev/full 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1

check "an empty file into /dev/full"
: >a
"$PITH" -c a >/dev/full 2>"$ERR"
rc=$?
expect_rc 1

check "-l into /dev/full"
make_text a 1000
pith a
"$PITH" -l a.pith >/dev/full 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1

check "-l --json into /dev/full"
make_text a 1000
pith a
"$PITH" -l --json a.pith >/dev/full 2>"$ERR"
rc=$?
expect_rc 1

check "--explain into /dev/full"
make_text a 1000
pith a
"$PITH" --explain a.pith >/dev/full 2>"$ERR"
rc=$?
expect_rc 1

check "--help and --version into /dev/full"
"$PITH" --help >/dev/full 2>"$ERR"
rc=$?
expect_rc 1
"$PITH" --version >/dev/full 2>"$ERR"
rc=$?
expect_rc 1

check "messages into /dev/full change nothing of the work"
make_text a 1000
"$PITH" -v a missing 2>/dev/full
rc=$?
expect_rc 1
pith -t a.pith
expect_rc 0

check "standard output closed: compressing to it fails"
make_text a 1000
"$PITH" -c a >&- 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1

check "standard output closed: restoring to it fails"
make_text a 1000
pith a
"$PITH" -dc a.pith >&- 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1

check "standard output closed: -l fails"
make_text a 1000
pith a
"$PITH" -l a.pith >&- 2>"$ERR"
rc=$?
expect_rc 1

check "standard output closed: a file as output is fine, and only data are in it"
make_text a 1000
"$PITH" -v a >&- 2>"$ERR"
rc=$?
expect_rc 0
pith -d a.pith -o b
expect_same a b

check "standard input closed: a file as input is fine"
make_text a 1000
"$PITH" a <&- 2>"$ERR"
rc=$?
expect_rc 0
pith -d a.pith -o b
expect_same a b

check "standard input closed: reading it fails"
"$PITH" -c <&- >"$OUT" 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1
"$PITH" -d <&- >"$OUT" 2>"$ERR"
rc=$?
expect_rc 1

check "standard error closed: no message goes into the output"
make_text a 1000
"$PITH" -v a 2>&-
rc=$?
expect_rc 0
pith -d a.pith -o b
expect_same a b

check "all three closed"
make_text a 1000
"$PITH" -v a <&- >&- 2>&-
rc=$?
expect_rc 0
pith -d a.pith -o b
expect_same a b

check "a folder as standard input fails"
"$PITH" -c <. >"$OUT" 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1
expect_stderr_has '(stdin)'

finish
