#!/usr/bin/env bash
# The progress line: on a terminal, for runs of more than half a second, and nowhere else.
. "${0%/*}/../lib.sh"

# Input that takes a while: of which something is there at once, and the rest later.
printf 'some text\n' >"$SCRATCH/a"
slow() { cat "$SCRATCH/a"; sleep 0.8; cat "$SCRATCH/a"; }
slow_on_terminal() {  # TRANSCRIPT OPTION...
  local transcript=$1
  shift
  terminal err "$transcript" -- sh -c '{ cat "$0"; sleep 0.8; cat "$0"; } | "$@"' \
    "$SCRATCH/a" "$PITH" "$@"
}

check "silent where standard error is no terminal, however long it takes"
slow | "$PITH" -o x.pith >"$OUT" 2>"$ERR"
expect_silent
[ -s x.pith ] || fail "no output"

check "a line on a terminal for a run of more than half a second, and it is wiped out at the end"
slow_on_terminal screen -o x.pith
expect_rc 0
grep -q 'MB/s' screen || fail "the screen shows $(shown screen)"
expect_equal "its end" "$(tail -c 4 screen | od -An -c | tr -d ' ')" '\r033[K'

check "nothing on a terminal for a short run"
terminal err screen -- "$PITH" -o x.pith <"$SCRATCH/a"
expect_rc 0
[ -s x.pith ] || fail "no output"
expect_empty screen "the screen"

check "--progress=never and -q are silent on a terminal"
slow_on_terminal screen --progress=never -o x.pith &
slow_on_terminal screen2 -q -o y.pith
wait
[ -s x.pith ] && [ -s y.pith ] || fail "no output"
expect_empty screen "the screen with --progress=never"
expect_empty screen2 "the screen with -q"

check "--progress=always shows it without a terminal"
slow | "$PITH" --progress=always -o x.pith >"$OUT" 2>"$ERR"
expect_stdout
grep -q 'MB/s' "$ERR" || fail "stderr is $(shown "$ERR")"

check "--progress=json prints lines that are JSON"
slow | "$PITH" --progress=json -o x.pith >"$OUT" 2>"$ERR"
expect_stdout
python -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines and all(line["file"] == "(stdin)" for line in lines), lines' "$ERR" 2>why ||
  fail "$(tail -n 1 why)"

check "it never goes to standard output"
make_text b 100
"$PITH" -c b >b.pith
{ head -c 100 b.pith; sleep 0.7; tail -c +101 b.pith; } | "$PITH" -d --progress=always >got 2>"$ERR"
expect_same got b

check "a word that is none: exit 1"
pith --progress=sometimes "$SCRATCH/a"
expect_rc 1
expect_no_file "$SCRATCH/a.pith"

finish
