#!/usr/bin/env bash
# pith grep gives what pithcat FILE | grep gives.
. "${0%/*}/../lib.sh"

export LC_ALL=C.UTF-8
mkdir "$SCRATCH/bin"
ln -s "$PITH" "$SCRATCH/bin/pithgrep"
log="$SCRATCH/log"
for i in $(seq 1 400); do
  case $((i % 7)) in
    0) echo "2026-11-21 10:00:$((i % 60)) sshd[$i]: Failed password for root from 10.0.0.$((i % 9))" ;;
    1) echo "2026-11-21 10:00:$((i % 60)) kernel: eth0: link up" ;;
    2) echo "2026-11-21 10:00:$((i % 60)) ERROR café: não $i" ;;
    3) echo "    at org.example.Main(Main.java:$i)" ;;
    4) echo "" ;;
    5) echo "key=value; a+b (x*y) [z]" ;;
    6) echo "error error foo_bar foo-bar foobar" ;;
  esac
done >"$log"
"$PITH" -q -c "$log" >"$log.pith"

# Runs both with the same options and compares what they print and how they end.
same() {
  grep "$@" <"$log" >want 2>wanterr
  local status=$?
  pith grep "$@" "$log.pith"
  expect_rc "$status"
  cmp -s "$OUT" want || fail "grep $*: $(diff "$OUT" want | head -n 4)"
  expect_equal "stderr" "$(sed 's/^pith //; s/[^ ]*log.pith/(standard input)/' "$ERR")" "$(cat wanterr)"
}

check "patterns of all kinds"
for pattern in error '^2026' 'up$' '^$' '' 'o*' 'sshd\[[0-9]*\]' 'a.b' 'x\*y' '\(foo\)_' 'link\|root' \
  '\(e\)rror \1rror' '\<foo\>' '\bfoo' '\w\+_bar' '[[:upper:]]' '[^ -~]' 'café' 'caf.' '*y' nothing; do
  same "$pattern"
  same -i "$pattern"
  same -v "$pattern"
  same -c "$pattern"
  same -o "$pattern"
  same -w "$pattern"
  same -x "$pattern"
done

check "extended expressions"
for pattern in 'link|root' '(foo|bar)+' 'r{2}' 'a\+b' 'o?' '(e)rror \1' 'Main:[0-9]+' '^(2026|key)' 'x|' '()'; do
  same -E "$pattern"
  same -E -c -v "$pattern"
done

check "fixed strings"
for pattern in 'a+b' 'x*y' '[z]' '10.0.0.1' $'link\nroot' ''; do
  same -F "$pattern"
  same -F -i -n "$pattern"
  same -F -w "$pattern"
done

check "numbers and context"
same -n ERROR
same -A2 -B1 sshd
same -n -C3 'link up'
same -2 Failed
same -A0 kernel
same -c -m 3 error
same -m 2 -A4 error
same -v -n -C1 '[0-9]'

check "colours"
same --color=always error
same --color=always -n -A1 'foo[_-]bar'
same --color=always -v 2026
same --color=always -i -o ERROR
GREP_COLORS='ms=01;32:fn=34:sl=1:cx=2' same --color=always -C1 kernel

check "patterns that begin with a dash"
same -F -e -22
same -ne -2
same -c --regexp -b -F
same -c -e -e -e x
same -2 -e Failed
same -c -- -2

check "several patterns"
same -e error -e root
same -F -e '[z]' -e up
printf 'kernel\nsshd\n' >patterns
same -f patterns
: >none
same -f none

check "a wrong pattern: status 2"
pith grep '[a' "$log.pith"
expect_rc 2
expect_stdout
expect_stderr 'pith grep: Unmatched [, [^, [:, [., or [='
pith grep -E '(a' "$log.pith"
expect_rc 2
expect_stderr_has 'Unmatched ('

echo 'one error' | "$PITH" -c >"$SCRATCH/x.pith"
echo 'nothing' | "$PITH" -c >"$SCRATCH/y.pith"
make_text "$SCRATCH/big" 9000000
"$PITH" -1 -q "$SCRATCH/big"

check "names of several files"
cp "$SCRATCH"/[xy].pith .
pith grep error x.pith y.pith
expect_rc 0
expect_stdout 'x.pith:one error'
pith grep -c error x.pith y.pith
expect_stdout 'x.pith:1' 'y.pith:0'
pith grep -l error x.pith y.pith
expect_stdout 'x.pith'
pith grep -L error x.pith y.pith
expect_stdout 'y.pith'
pith grep -h error x.pith y.pith
expect_stdout 'one error'
pith grep -H error x.pith
expect_stdout 'x.pith:one error'
pith grep -q error y.pith x.pith
expect_rc 0
expect_silent

check "standard input"
cp "$SCRATCH/x.pith" .
pith grep -H error <x.pith
expect_stdout '(standard input):one error'
pith grep -H --label=app error - <x.pith
expect_stdout 'app:one error'

check "a plain file is searched as it is"
cp "$SCRATCH/x.pith" .
echo 'plain error' >plain
pith grep error plain x.pith
expect_stdout 'plain:plain error' 'x.pith:one error'

check "pithgrep is the same"
run "$SCRATCH/bin/pithgrep" -c error "$log.pith"
expect_stdout "$(grep -c error "$log")"

check "binary data"
printf 'text error\nbin\0ary error\nmore error\n' >bin
"$PITH" -q bin
pith grep error bin.pith
expect_rc 0
expect_stdout
expect_stderr 'pith grep: bin.pith: binary file matches'
pith grep -c error bin.pith
expect_stdout 3
pith grep -a error bin.pith
expect_same "$OUT" bin
printf 'good error\nbad \xe9 error\nlast error\n' >latin
"$PITH" -q latin
pith grep error latin.pith
expect_stdout 'good error' 'last error'
expect_stderr 'pith grep: latin.pith: binary file matches'
LC_ALL=C run "$PITH" grep error latin.pith
expect_same "$OUT" latin

check "a last line without an end, and no lines"
printf 'a\nerror' >x
: >empty
"$PITH" -q x -f
"$PITH" -q empty
pith grep error x.pith
expect_stdout error
pith grep -c '' empty.pith
expect_rc 1
expect_stdout 0

check "lines across the blocks"
pith grep -c 7 "$SCRATCH/big.pith"
expect_stdout "$(grep -c 7 "$SCRATCH/big")"
pith grep -n -C2 '^12345[67]*$' "$SCRATCH/big.pith"
grep -n -C2 '^12345[67]*$' "$SCRATCH/big" >want
expect_same "$OUT" want

check "log blocks that hold no match are passed over"
: >all
: >all.pith
for part in 1 2 3 4 5 6; do
  for i in $(seq 1 300); do
    echo "2026-11-21 10:00:$((i % 60)) host sshd[$((i * part))]: Accepted password for user$((i % 7)) port $i"
    [ $((i % 50)) -ne "$part" ] || echo "2026-11-21 10:00:$((i % 60)) host part$part: Special $i"
  done >part
  [ "$part" -ne 4 ] || printf 'no end of line' >>part
  cat part >>all
  "$PITH" -c part >>all.pith
done
pith --explain all.pith
expect_stdout_has ' log '
for options in '' '-c' '-n' '-v -c' '-n -A1' '-n -B2' '-C3' '-m 3' '-o' '-i -c' '-l' '-L' '-q' '-w' '-c -x'; do
  for pattern in Special Accepted part3 'part[25]:' 'sshd\[1200\]' nowhere 'no end' 'user6 port 9' special; do
    # shellcheck disable=SC2086  # the options are words
    {
      grep $options -e "$pattern" --label=all.pith <all >want
      status=$?
      run "$PITH" grep $options -e "$pattern" all.pith
    }
    expect_rc "$status"
    cmp -s "$OUT" want || fail "grep $options $pattern: $(diff "$OUT" want | head -n 4)"
  done
done

check "what cannot be read"
cp "$SCRATCH/x.pith" .
pith grep error missing x.pith
expect_rc 2
expect_stdout 'x.pith:one error'
expect_stderr 'pith grep: missing: No such file or directory'
pith grep -s error missing
expect_rc 2
expect_silent

check "a damaged file: what stands in front of the damage, status 3"
cp "$SCRATCH/big.pith" broken.pith
poke broken.pith $(($(stat -c %s broken.pith) * 9 / 10)) XXXX
pith grep '^1000$' broken.pith
expect_rc 3
expect_stdout 1000
expect_stderr_has 'pith grep: broken.pith: block 1 at byte'

check "no pattern"
pith grep
expect_rc 2
expect_stdout
expect_stderr_has 'a pattern is needed'

finish
