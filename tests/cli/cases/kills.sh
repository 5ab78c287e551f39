#!/usr/bin/env bash
# SIGKILL at random moments: no partial file under the final name, nothing beside it.
. "${0%/*}/../lib.sh"

make_text "$SCRATCH/text" 1500000
make_random "$SCRATCH/noise" 500000
cat "$SCRATCH/text" "$SCRATCH/noise" >"$SCRATCH/input"
"$PITH" -1 -c "$SCRATCH/input" >"$SCRATCH/input.pith"
echo old >"$SCRATCH/old"

kills() {
  run_python "$CLI_TESTS/kills.py" "$@"
  echo "# $(<"$OUT")"
  [ "$rc" -eq 0 ] || fail "$(shown "$OUT") $(shown "$ERR")"
}

check "100 kills while compressing"
cp "$SCRATCH/input" a
kills rounds=100 input=a a.pith "$SCRATCH/input.pith" -- "$PITH" -1 a

check "100 kills while restoring"
cp "$SCRATCH/input.pith" a.pith
kills rounds=100 input=a.pith a "$SCRATCH/input" -- "$PITH" -d a.pith

check "50 kills with --rm: the input is there or the output is complete"
cp "$SCRATCH/input" a
kills rounds=50 input=a a.pith "$SCRATCH/input.pith" -- "$PITH" -1 --rm a

check "50 kills with -d --rm"
cp "$SCRATCH/input.pith" a.pith
kills rounds=50 input=a.pith a "$SCRATCH/input" -- "$PITH" -d --rm a.pith

check "50 kills with -f: the old output or the new one, and the next run cleans up"
cp "$SCRATCH/input" a
kills rounds=50 debris=ok input=a old="$SCRATCH/old" a.pith "$SCRATCH/input.pith" -- "$PITH" -1 -f a
pith -1 -f a
expect_rc 0
expect_files a a.pith

check "30 kills while appending: the old streams are intact, the next append goes on"
"$PITH" -c "$SCRATCH/old" >"$SCRATCH/first.pith"
size=$(stat -c %s "$SCRATCH/first.pith")
cat "$SCRATCH/input" "$SCRATCH/input" "$SCRATCH/noise" "$SCRATCH/noise" "$SCRATCH/input" "$SCRATCH/input" >large
unfinished=0
cat "$SCRATCH/old" "$SCRATCH/old" >want
for ((i = 0; i < 30; i++)); do
  cp "$SCRATCH/first.pith" x.pith
  "$PITH" -1 -T1 --append -o x.pith large &
  job=$!
  sleep "0.0$((RANDOM % 40 + 10))"
  kill -KILL "$job" 2>"$ERR"
  wait "$job" 2>"$ERR"
  cmp -s -n "$size" x.pith "$SCRATCH/first.pith" || fail "the old stream was changed"
  "$PITH" -t x.pith 2>"$ERR" && continue  # it had ended
  [ "$(stat -c %s x.pith)" -eq "$size" ] || unfinished=$((unfinished + 1))
  pith --append -o x.pith "$SCRATCH/old"
  "$PITH" -dc x.pith >got 2>"$ERR"
  expect_same got want
done
echo "# $unfinished unfinished streams"

finish
