#!/usr/bin/env bash
# On file systems without O_TMPFILE the pending output has a hidden name: the same promises hold,
# but after SIGKILL, when the next run for that output takes the hidden file away.
. "${0%/*}/../lib.sh"

find_python
without=("$python_program" -S -E -B "$CLI_TESTS/no_tmpfile.py" "$PITH")
run "${without[@]}" --version
[ "$rc" -eq 0 ] || skip_all "seccomp filters are not to be had"

make_random "$SCRATCH/noise" 4700000
"$PITH" -1 -c "$SCRATCH/noise" >"$SCRATCH/noise.pith"
echo old >"$SCRATCH/old"
interrupt() { run_python "$CLI_TESTS/interrupt.py" "$@"; }
hidden_files() { local files=(.*); echo "${#files[@]}"; }

check "a file is compressed and restored"
make_text a 100000
cp a want
run "${without[@]}" --rm a
expect_rc 0
expect_silent
expect_files a.pith want
run "${without[@]}" -d --rm a.pith
expect_rc 0
expect_same a want
expect_files a want

check "the pending output has a hidden name and mode 0600"
mkfifo pipe
"${without[@]}" -1 -o x.pith <pipe &
job=$!
exec 9>pipe
cat "$SCRATCH/noise" >&9
[ "$(hidden_files)" -eq 1 ] || fail "the files are: $(echo **)"
expect_equal mode "$(stat -c %a .[!.]*)" 600
expect_no_file x.pith
exec 9>&-
wait "$job"
expect_same x.pith "$SCRATCH/noise.pith"
expect_files pipe x.pith

check "mode and time are restored"
make_text a 100
chmod 640 a
touch -d '2019-03-04 05:06:07.123456789' a
want=$(stat -c '%a %y' a)
run "${without[@]}" --rm a
run "${without[@]}" -d a.pith
expect_equal a "$(stat -c '%a %y' a)" "$want"

check "an existing output is refused, -f overwrites it"
make_text a 100
echo old >a.pith
run "${without[@]}" a
expect_rc 1
expect_equal a.pith "$(cat a.pith)" old
run "${without[@]}" -f a
expect_rc 0
pith -t a.pith
expect_rc 0
expect_files a a.pith

check "an output that appears meanwhile is not overwritten, and nothing is left beside it"
mkfifo pipe
"${without[@]}" -o x.pith <pipe 2>"$ERR" &
job=$!
exec 9>pipe
cat "$SCRATCH/noise" >&9
echo precious >x.pith
exec 9>&-
wait "$job"
expect_equal status $? 1
expect_equal x.pith "$(cat x.pith)" precious
expect_files pipe x.pith

check "a damaged input leaves nothing"
make_text a 1000
pith a
poke a.pith 70 XXXX
run "${without[@]}" -d -o x a.pith
expect_rc 3
expect_files a a.pith

for signal in INT TERM HUP XCPU PIPE; do
  case $signal in HUP) number=1 ;; INT) number=2 ;; PIPE) number=13 ;; TERM) number=15 ;; XCPU) number=24 ;; esac

  check "$signal leaves nothing"
  interrupt "$signal" "$SCRATCH/noise" 4600000 -- "${without[@]}" -1 -o x.pith
  expect_rc $((128 + number))
  expect_silent
  expect_files

  check "$signal with -f keeps the old output"
  echo old >x.pith
  interrupt "$signal" "$SCRATCH/noise" 4600000 -- "${without[@]}" -1 -f -o x.pith
  expect_rc $((128 + number))
  expect_equal x.pith "$(cat x.pith)" old
  expect_files x.pith
done

check "30 kills: never a partial file under the final name; the next run cleans up"
cp "$SCRATCH/noise" a
run_python "$CLI_TESTS/kills.py" rounds=30 debris=ok input=a a.pith "$SCRATCH/noise.pith" -- \
  "${without[@]}" -1 a
[ "$rc" -eq 0 ] || fail "$(shown "$ERR")"
echo "# $(<"$OUT")"
run "${without[@]}" -1 a
expect_rc 0
expect_files a a.pith

check "a run that finds O_TMPFILE again takes the hidden file away, too"
interrupt KILL "$SCRATCH/noise" 4600000 -- "${without[@]}" -1 -o x.pith
expect_rc 137
[ "$(hidden_files)" -eq 1 ] || fail "the files are: $(echo **)"
pith -1 -f -o x.pith "$SCRATCH/noise"
expect_rc 0
expect_files x.pith

finish
