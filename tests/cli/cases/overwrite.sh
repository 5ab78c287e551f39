#!/usr/bin/env bash
# An output that is there already.
. "${0%/*}/../lib.sh"

check "compressing refuses an existing output"
make_text a 100
echo old >a.pith
cp a.pith before
pith a
expect_rc 1
expect_messages 1
expect_stderr_has 'a.pith: exists already; not overwritten (-f overwrites)'
expect_same a.pith before
expect_files a a.pith before

check "restoring refuses an existing output"
make_text a 100
pith a
cp a before
pith -d a.pith
expect_rc 1
expect_messages 1
expect_stderr_has 'a: exists already; not overwritten (-f overwrites)'
expect_same a before

check "-o refuses an existing output"
make_text a 100
echo old >x
pith -o x a
expect_rc 1
expect_messages 1
expect_equal x "$(cat x)" old

check "-f overwrites, both ways, and leaves nothing beside"
make_text a 100
echo old >a.pith
pith -f a
expect_rc 0
expect_silent
echo changed >a
pith -df a.pith
expect_rc 0
make_text b 100
expect_same a b
expect_files a a.pith b

check "-f on an output that is not there"
make_text a 100
pith -f a
expect_rc 0
expect_files a a.pith

check "an existing output that may not be written is replaced by -f"
make_text a 100
echo old >a.pith
chmod 400 a.pith
pith -f a
expect_rc 0
pith -t a.pith
expect_rc 0

check "an existing folder as output fails, also with -f"
make_text a 100
mkdir a.pith
pith a
expect_rc 1
pith -f a
expect_rc 1
expect_messages 1
expect_files a a.pith

check "a dangling symbolic link counts as an existing output"
make_text a 100
ln -s nowhere a.pith
pith a
expect_rc 1
expect_no_file nowhere

check "-f replaces a symbolic link, not what it points to"
make_text a 100
echo precious >target
ln -s target a.pith
pith -f a
expect_rc 0
expect_equal target "$(cat target)" precious
pith -t a.pith
expect_rc 0

check "-f with a damaged input keeps the old output"
make_text a 1000
pith a
poke a.pith 70 XXXX
echo old >a
pith -df a.pith
expect_rc 3
expect_equal a "$(cat a)" old
expect_files a a.pith

check "a hard link of the old output keeps the old data"
make_text a 100
echo old >a.pith
ln a.pith other
pith -f a
expect_equal other "$(cat other)" old

check "the output does not appear before it is complete"
make_text a 5000000
mkfifo pipe
"$PITH" -1 -o x.pith <pipe &
job=$!
exec 9>pipe
cat a >&9
sleep 0.05
expect_files a pipe
exec 9>&-
wait "$job"
expect_equal status $? 0
expect_files a pipe x.pith

check "an output that appears meanwhile is not overwritten"
mkfifo pipe
"$PITH" -o x.pith <pipe 2>"$ERR" &
job=$!
exec 9>pipe
echo some >&9
sleep 0.05
echo precious >x.pith
exec 9>&-
wait "$job"
expect_equal status $? 1
expect_equal x.pith "$(cat x.pith)" precious
expect_messages 1

check "standard output into the input itself is refused, as cat does"
make_random a 4500000
cp a before
(trap '' XFSZ; ulimit -f 20000; "$PITH" -1 -c a >>a 2>"$ERR")
rc=$?
expect_rc 1
expect_messages 1
expect_same a before
make_text b 1000
"$PITH" -c b >b.pith
cp b.pith before
"$PITH" -dc b.pith >>b.pith 2>"$ERR"
rc=$?
expect_rc 1
expect_same b.pith before

check "an input that changes while it is read is kept, with a warning"
make_text a 30000000
"$PITH" -1 --rm -o x.pith a 2>"$ERR" &
job=$!
for ((i = 0; i < 200; i++)); do  # until it has opened its input
  [[ $(readlink /proc/$job/fd/* 2>/dev/null) == *"$PWD/a"* ]] && break
done
touch -d 2001-01-01 a
wait "$job"
rc=$?
[ "$rc" -eq 0 ] && skip_check "it had ended before the change"
if [ "$rc" -ne 0 ]; then
  expect_rc 2
  expect_stderr_has changed
  [ -f a ] || fail "the input is gone"
fi

finish
