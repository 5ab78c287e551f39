#!/usr/bin/env bash
# Signals in the middle of a run: nothing is left, and the signal is what the shell sees.
. "${0%/*}/../lib.sh"

make_random "$SCRATCH/noise" 4700000
"$PITH" -1 -c "$SCRATCH/noise" >"$SCRATCH/noise.pith"

interrupt() { run_python "$CLI_TESTS/interrupt.py" "$@"; }

number_of() { case $1 in HUP) echo 1 ;; INT) echo 2 ;; PIPE) echo 13 ;; TERM) echo 15 ;; XCPU) echo 24 ;; esac; }

for signal in INT TERM HUP XCPU PIPE; do
  status=$((128 + $(number_of "$signal")))

  check "$signal while compressing a slow pipe"
  interrupt "$signal" "$SCRATCH/noise" 1000000 -- "$PITH" -1 -o x.pith
  expect_rc "$status"
  expect_silent
  expect_files

  check "$signal after blocks were written"
  interrupt "$signal" "$SCRATCH/noise" 4600000 -- "$PITH" -1 -T2 -o x.pith
  expect_rc "$status"
  expect_silent
  expect_files

  check "$signal while restoring from a slow pipe"
  interrupt "$signal" "$SCRATCH/noise.pith" 4600000 -- "$PITH" -d -o x
  expect_rc "$status"
  expect_silent
  expect_files

  check "$signal with -f keeps the old output"
  echo old >x.pith
  interrupt "$signal" "$SCRATCH/noise" 4600000 -- "$PITH" -1 -f -o x.pith
  expect_rc "$status"
  expect_equal x.pith "$(cat x.pith)" old
  expect_files x.pith
done

check "INT while writing to standard output"
interrupt INT "$SCRATCH/noise" 4600000 -- "$PITH" -1 -c
expect_rc 130
expect_stderr

check "INT before anything was read"
interrupt INT "$SCRATCH/noise" 0 -- "$PITH" -1 -o x.pith
expect_rc 130
expect_files

check "INT while testing"
interrupt INT "$SCRATCH/noise.pith" 4600000 -- "$PITH" -t
expect_rc 130
expect_silent

check "TERM ends the whole run, not just one file"
make_text a 100
make_text b 100
mkfifo pipe
interrupt TERM /dev/null 0 -- "$PITH" -c pipe a b
expect_rc 143
expect_stdout
expect_files a b pipe

check "a signal that was ignored at the start stays ignored (nohup)"
interrupt HUP "$SCRATCH/noise" 4400000 ignored -- "$PITH" -1 -o x.pith
expect_rc 0
expect_silent
expect_same x.pith "$SCRATCH/noise.pith"

check "SIGPIPE ends it silently: restoring into head"
make_text a 3000000
pith -1 a
("$PITH" -dc a.pith; echo "$?" >status) 2>"$ERR" | head -c 10 >part
expect_equal status "$(cat status)" 141
expect_stderr
expect_size part 10

check "SIGPIPE ends it silently: compressing into head"
("$PITH" -1 -c "$SCRATCH/noise"; echo "$?" >status) 2>"$ERR" | head -c 10 >part
expect_equal status "$(cat status)" 141
expect_stderr

check "where SIGPIPE is ignored a closed pipe is an error"
make_text a 3000000
pith -1 a
(trap '' PIPE; "$PITH" -dc a.pith; echo "$?" >status) 2>"$ERR" | head -c 10 >part
expect_equal status "$(cat status)" 1
expect_messages 1

check "stopping and continuing changes nothing"
"$PITH" -1 -o x.pith "$SCRATCH/noise" &
job=$!
kill -STOP "$job"
sleep 0.02
kill -CONT "$job"
wait "$job"
expect_equal status $? 0
expect_same x.pith "$SCRATCH/noise.pith"

check "INT while appending cuts the new stream off again"
echo old >old
"$PITH" -c old >x.pith
cp x.pith before
interrupt INT "$SCRATCH/noise" 4600000 -- "$PITH" -1 --append -o x.pith
expect_rc 130
expect_same x.pith before

finish
