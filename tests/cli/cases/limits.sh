#!/usr/bin/env bash
# --max-output, --max-ratio, --memlimit: what would be too much is refused with exit 5.
. "${0%/*}/../lib.sh"

check "--max-output refuses a larger output"
make_text a 10000
pith a
pith -d --max-output 9999 -o x a.pith
expect_rc 5
expect_messages 1
expect_stderr_has -- --max-output
expect_no_file x

check "--max-output allows an output of that size"
make_text a 10240
pith a
pith -d --max-output 10240 -o x a.pith
expect_rc 0
expect_same x a
pith -dc --max-output 10K a.pith
expect_rc 0
pith -dc --max-output 10K a.pith
expect_same "$OUT" a

check "--max-output 0 refuses all but nothing"
make_text a 1
: >empty
pith a empty
pith -t --max-output 0 a.pith
expect_rc 5
pith -t --max-output 0 empty.pith
expect_rc 0

check "--max-output from a pipe stops within a block"
head -c 50000000 /dev/zero | "$PITH" -1 >x.pith
cat x.pith | "$PITH" -d --max-output 9000000 >out 2>"$ERR"
rc=$?
expect_rc 5
expect_messages 1
expect_at_most "bytes written" "$(stat -c %s out)" 9000000

check "--max-output with -t"
make_text a 10000
pith a
pith -t --max-output 100 a.pith
expect_rc 5
expect_messages 1

check "--max-output counts all streams"
make_text a 10000
pith a
cat a.pith a.pith >x.pith
pith -t --max-output 15000 x.pith
expect_rc 5
cat x.pith | "$PITH" -t --max-output 15000 2>"$ERR"
rc=$?
expect_rc 5

check "--max-ratio refuses a bomb, by file and by pipe"
head -c 50000000 /dev/zero | "$PITH" -1 >x.pith
pith -t --max-ratio 1000 x.pith
expect_rc 5
expect_messages 1
expect_stderr_has -- --max-ratio
cat x.pith | "$PITH" -d --max-ratio 1000 2>"$ERR" | wc -c >size
expect_messages 1
expect_at_most "bytes written" "$(cat size)" 9000000

check "--max-ratio allows ordinary files"
make_text a 100000
pith a
pith -t --max-ratio 1000 a.pith
expect_rc 0

check "a file that restores to much in little memory"
truncate -s 300M a
pith -1 a
size=$(stat -c %s a.pith)
expect_at_most "compressed size" "$size" 100000
if is_sanitized; then
  skip_check "the address space of a sanitized program is not limited"
else
  (ulimit -v 300000; "$PITH" -t -T1 a.pith 2>"$ERR")
  rc=$?
  expect_rc 0
fi

check "--memlimit too small for compressing: exit 5, naming need and limit"
make_text a 3000000
pith -9 --memlimit 1M a
expect_rc 5
expect_messages 1
expect_stderr_has -- --memlimit
expect_stderr_has '1 MiB'
expect_files a

check "--memlimit too small for restoring: exit 5, before anything is written"
make_text a 5000000
pith -1 a
pith -dc --memlimit 1M a.pith
expect_rc 5
expect_stdout
expect_messages 1
expect_stderr_has -- --memlimit
pith -t --memlimit 1M < <(cat a.pith)
expect_rc 5

check "--memlimit too small for --range and --reindex"
make_text a 5000000
pith -1 a
pith --range 0:10 --memlimit 1M a.pith
expect_rc 5
expect_stdout
pith --reindex --memlimit 1M a.pith
expect_rc 5

check "a header that asks for much memory is refused, not obeyed"
head -c 8388609 /dev/zero | "$PITH" -1 >x.pith
patch edit x.pith y.pith header.memory_log=26 header.block_log=30
pith -t --memlimit 100M y.pith
expect_rc 5
expect_messages 1

check "a header that asks for much memory, in little address space"
head -c 8388609 /dev/zero | "$PITH" -1 >x.pith
patch edit x.pith y.pith header.memory_log=26 header.block_log=30
if is_sanitized; then
  skip_check "the address space of a sanitized program is not limited"
else
  (ulimit -v 500000; "$PITH" -t y.pith 2>"$ERR")
  rc=$?
  expect_rc 5
  expect_messages 1
fi

check "little address space lowers the threads, not the outcome"
make_text a 13000000
"$PITH" -1 -c a >want
if is_sanitized; then
  skip_check "the address space of a sanitized program is not limited"
else
  (ulimit -v 400000; "$PITH" -1 -T16 -c a >x 2>"$ERR")
  rc=$?
  expect_rc 0
  expect_same x want
fi

# Success, an error or a limit, told in at most one line; or the loader could not even begin.
expect_no_crash() {
  case $rc in
    0) expect_stderr ;;
    1 | 5) expect_messages 1 ;;
    127) ;;
    *) fail "status $rc with $1: $(shown "$ERR")" ;;
  esac
}

check "hardly any address space: no crash"
make_text a 3000000
"$PITH" -1 -c a >a.pith
if is_sanitized; then
  skip_check "the address space of a sanitized program is not limited"
else
  # The kernel kills a program that it has no room to map.
  program=$(($(stat -Lc %s "$PITH") / 1024))
  for more in 500 2000 4000 8000 12000 20000 30000 50000; do
    size=$((program + more))
    (ulimit -v "$size"; exec "$PITH" -1 -T2 -c a) >"$OUT" 2>"$ERR"
    rc=$?
    expect_no_crash "$size KiB, compressing"
    (ulimit -v "$size"; exec "$PITH" -t -T2 a.pith) >"$OUT" 2>"$ERR"
    rc=$?
    expect_no_crash "$size KiB, testing"
  done
fi

check "threads that cannot be made: no crash"
as_other=()
is_root && as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
make_text a 9000000
"$PITH" -1 -c a >a.pith
chmod 755 "$SCRATCH"
if run "${as_other[@]}" prlimit --nproc=1 "$PITH" --version && [ "$rc" -eq 0 ]; then
  for options in '-1 -T4 -c a' '-t -T4 a.pith' '-1 --progress=always -c a'; do
    run "${as_other[@]}" prlimit --nproc=1 "$PITH" $options
    expect_no_crash "pith $options"
  done
else
  skip_check "needs prlimit, and a program that others may run"
fi

check "a large --memlimit is fine"
make_text a 1000
pith --memlimit 100T a
expect_rc 0
pith -t --memlimit 100T a.pith
expect_rc 0

check "a limit reached by one file does not stop the next"
make_text a 10000
make_text b 10
pith a b
mkdir out
pith -d --output-dir out --max-output 100 a.pith b.pith
expect_rc 5
expect_messages 1
expect_files a a.pith b b.pith out out/b

finish
