#!/usr/bin/env bash
# --flush-interval and --follow: logs that grow.
. "${0%/*}/../lib.sh"

# Waits, up to 20 seconds, until a command succeeds.
eventually() {
  local i
  for i in $(seq 1 200); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  fail "it did not happen: $*"
}
restores_lines() { [ "$("$PITH" -dc "$1" 2>"$ERR" | wc -l)" -ge "$2" ]; }
has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

check "what came before the interval is complete in the output"
mkfifo pipe
"$PITH" -c --flush-interval 0.2 <pipe >log.pith &
compressor=$!
exec 9>pipe
echo "line 1" >&9
eventually restores_lines log.pith 1
echo "line 2" >&9
echo -n "line " >&9
eventually restores_lines log.pith 2
cp log.pith early.pith
echo "3" >&9
exec 9>&-
wait "$compressor"
rc=$?
expect_rc 0
pith -dc early.pith
expect_rc 0
expect_stdout 'line 1' 'line 2'
pith -dc log.pith
expect_rc 0
expect_stdout 'line 1' 'line 2' 'line 3'

check "a kill loses no more than the interval"
mkfifo pipe
"$PITH" -c --flush-interval 0.2 <pipe >log.pith &
compressor=$!
exec 9>pipe
seq 1 1000 >&9
eventually restores_lines log.pith 1000
kill -9 "$compressor"
wait "$compressor" 2>"$ERR"
exec 9>&-
pith -dc log.pith
expect_rc 0
expect_same "$OUT" <(seq 1 1000)

check "--append keeps complete streams"
mkfifo pipe
echo "line 0" | "$PITH" -c >log.pith
"$PITH" --append --flush-interval 0.2 -o log.pith - <pipe &
compressor=$!
exec 9>pipe
echo "line 1" >&9
eventually restores_lines log.pith 2
kill -TERM "$compressor"
wait "$compressor" 2>"$ERR"
exec 9>&-
pith -dc log.pith
expect_rc 0
expect_stdout 'line 0' 'line 1'

check "the restored bytes are those of the input, whatever the pieces"
make_text a 300000
(head -c 100001 a; sleep 0.3; tail -c +100002 a) | "$PITH" -1 -c --flush-interval 0.1 >a.pith
pith -dc a.pith
expect_rc 0
expect_same "$OUT" a
printf '' | "$PITH" -c --flush-interval 1 >empty.pith
pith -dc empty.pith
expect_rc 0
expect_stdout

check "--follow goes on with a file that grows"
echo "line 1" | "$PITH" -c >log.pith
"$PITH" -dc --follow log.pith >seen 2>"$ERR" &
follower=$!
eventually has_lines seen 1
echo "line 2" | "$PITH" --append -o log.pith -
eventually has_lines seen 2
echo "line 3" | "$PITH" -c >more
head -c 50 more >>log.pith
sleep 0.2
tail -c +51 more >>log.pith
eventually has_lines seen 3
kill "$follower"
wait "$follower" 2>"$ERR"
expect_lines seen seen 'line 1' 'line 2' 'line 3'

check "--follow tells when a file becomes shorter"
echo "line 1" | "$PITH" -c >log.pith
run timeout 20 "$PITH" -dc --follow log.pith &
waiting=$!
sleep 0.5
: >log.pith
wait "$waiting"
rc=$?
[ "$(cat "$ERR")" = 'pith: log.pith: became shorter while it was followed' ] || fail "stderr: $(cat "$ERR")"

check "they go with standard output only"
make_text a 10
pith --flush-interval 1 a
expect_rc 1
expect_stderr_has '--flush-interval goes with -c or --append'
pith a
pith -d --follow a.pith
expect_rc 1
expect_stderr_has '--follow goes with -dc'
for time in 0 x 1.2345 -1 1. '' 100000; do
  pith -c --flush-interval "$time" a
  expect_rc 1
  expect_stdout
done

finish
