#!/usr/bin/env bash
# What a compressor must get right, written without the options of any: the verbs are defined in
# peers/NAME.sh, and PEER says which. So the same rows can be asked of gzip, xz, zstd and 7z;
# compare_peers.sh prints the table.
if [ "${PITH_TEST_MOUNTED:-}" != yes ] && [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
  PITH_TEST_MOUNTED=yes exec unshare -m "$0" "$@"  # the full disk is mounted in here
fi
. "${0%/*}/../lib.sh"
# shellcheck source=../peers/pith.sh
. "$CLI_TESTS/peers/${PEER:-pith}.sh"

# `verb NAME ARGUMENTS...` runs what the peer calls that; the check fails if it has no such thing.
argv=()
find_verb() {
  argv=()
  has_verb "$1" || { fail "it has no '$1'"; return 1; }
  verb_"$1" "${@:2}"
}
verb() { rc=127; find_verb "$@" && run "${argv[@]}"; }
# The same, writing to this shell's standard output.
raw_verb() { find_verb "$@" && "${argv[@]}"; }
has_verb() { declare -F "verb_$1" >/dev/null; }

expect_ok() { [ "$rc" -eq 0 ] || fail "status $rc: $(shown "$ERR")"; }
# An error that is one: not success, and not a crash.
expect_failure() { [ "$rc" -gt 0 ] && { [ "$rc" -lt 124 ] || [ "$rc" -eq 255 ]; } || fail "status $rc"; }
has_strace() { command -v strace >/dev/null && strace -o "$SCRATCH/trace" true 2>"$ERR"; }

make_input() { make_text "$1" 1500000; make_random noise 500000; cat noise >>"$1"; rm noise; }

for signal in KILL TERM INT HUP; do
  check "$signal leaves no partial file"
  make_input a
  verb compress a
  if [ "$rc" -eq 0 ] && mv "a.$suffix" "$SCRATCH/reference" 2>"$ERR"; then
    find_verb compress a
    run_python "$CLI_TESTS/kills.py" signal="$signal" rounds=12 input=a "a.$suffix" \
      "$SCRATCH/reference" -- "${argv[@]}"
    [ "$rc" -eq 0 ] || fail "$(shown "$OUT")"
  else
    fail "it does not compress"
  fi
done

check "a full disk leaves nothing behind and the input untouched"
if [ "${PITH_TEST_MOUNTED:-}" = yes ] && mkdir small && mount -t tmpfs -o size=600k test small 2>"$ERR"; then
  make_random small/a 500000
  cp small/a want
  verb compress small/a
  expect_failure
  expect_same small/a want
  [ "$(echo small/*)" = small/a ] || fail "left: $(echo small/*)"
  umount -l small
else
  skip_check "needs root"
fi

check "the output is never readable by more than the input is"
if has_strace; then
  make_text a 1000
  chmod 600 a
  if find_verb compress a; then
    strace -f -e trace=open,openat,creat -o trace "${argv[@]}" >"$OUT" 2>"$ERR"
    modes=$(sed -nE '/dev\/|\/tmp"/d; s/.*O_(CREAT|TMPFILE).*, (0[0-7]+)\) = [0-9].*/\2/p' trace | sort -u)
    [ "$modes" = 0600 ] || fail "made with mode $modes"
  fi
else
  skip_check "needs strace"
fi

check "the output is synced before the input is removed"
if has_strace; then
  make_text a 1000
  if find_verb compress_remove a; then
    strace -f -e trace=fsync,fdatasync,unlink,unlinkat -o trace "${argv[@]}" >"$OUT" 2>"$ERR"
    calls=$(grep -oE '(fsync|fdatasync|unlink)' trace | tr '\n' ' ')
    case $calls in
      *sync*unlink*) ;;
      *) fail "the calls are: $calls" ;;
    esac
  fi
else
  skip_check "needs strace"
fi

check "an existing output is refused"
make_text a 1000
echo old >"a.$suffix"
verb compress a </dev/null
expect_failure
expect_equal "the old output" "$(cat "a.$suffix")" old

check "an existing output is refused when restoring"
make_text a 1000
verb compress a
expect_ok
echo old >a
verb decompress "a.$suffix" </dev/null
expect_failure
expect_equal "the old output" "$(cat a)" old

check "force overwrites"
make_text a 1000
echo old >"a.$suffix"
verb compress_force a
expect_ok
verb decompress_force "a.$suffix"
expect_ok
make_text b 1000
expect_same a b

check "compressed data are not written to a terminal"
make_text a 1000
if find_verb compress_out a; then
  terminal out screen -- "${argv[@]}"
  expect_failure
fi

check "a full device is an error, both ways"
make_text a 1000
verb compress a
find_verb decompress_out "a.$suffix" && "${argv[@]}" >/dev/full 2>"$ERR"
rc=$?
expect_failure
find_verb compress_out a && "${argv[@]}" >/dev/full 2>"$ERR"
rc=$?
expect_failure

check "a closed standard output is an error"
make_text a 1000
verb compress a
find_verb decompress_out "a.$suffix" && "${argv[@]}" >&- 2>"$ERR"
rc=$?
expect_failure
find_verb compress_out a && "${argv[@]}" >&- 2>"$ERR"
rc=$?
expect_failure

check "restoring into head ends quietly by SIGPIPE"
make_text a 3000000
verb compress a
if find_verb decompress_out "a.$suffix"; then
  ("${argv[@]}"; echo "$?" >status) 2>"$ERR" | head -c 10 >part
  expect_equal status "$(cat status)" 141
  expect_stderr
fi

check "through pipes both ways"
make_text a 100000
if find_verb compress_pipe && find_verb decompress_pipe; then
  raw_verb compress_pipe <a | cat | raw_verb decompress_pipe >b 2>"$ERR"
  expect_same a b
fi

check "two files joined by cat restore to both"
make_text a 1000
make_text b 2000
verb compress a
verb compress b
cat "a.$suffix" "b.$suffix" >"x.$suffix"
cat a b >want
verb decompress_out "x.$suffix"
expect_ok
expect_same "$OUT" want

check "other bytes behind the data are an error"
make_text a 1000
verb compress a
expect_ok
echo garbage >>"a.$suffix"
verb decompress_out "a.$suffix"
expect_failure

check "an empty compressed file is an error"
: >"a.$suffix"
verb decompress_out "a.$suffix"
expect_failure

check "an empty file is restored"
: >a
verb compress a
expect_ok
rm a
verb decompress "a.$suffix"
expect_ok
expect_size a 0

check "a missing file among others is an error, the others are done"
make_text a 1000
make_text c 1000
verb compress_several a b c
expect_failure
[ -s "a.$suffix" ] && [ -s "c.$suffix" ] || fail "the others were not done"

check "folders are entered"
mkdir -p top/sub
make_text top/a 1000
make_text top/sub/b 1000
verb recursive top
expect_ok
[ -s "top/a.$suffix" ] && [ -s "top/sub/b.$suffix" ] || fail "files are missing: $(echo top/**)"

check "a file with other hard links is not replaced"
make_text a 1000
ln a b
verb compress_remove a
expect_failure
expect_files a b

check "a symbolic link is not replaced, but read when writing to standard output"
make_text a 1000
ln -s a b
verb compress_remove b
expect_failure
expect_files a b
verb compress_out b
expect_ok
[ -s "$OUT" ] || fail "nothing was written"

check "mode and time to the nanosecond are restored"
make_text a 1000
chmod 640 a
touch -d '2019-03-04 05:06:07.123456789' a
want=$(stat -c '%a %y' a)
verb compress a
rm a
verb decompress "a.$suffix"
expect_equal a "$(stat -c '%a %y' a 2>&1)" "$want"

check "a sparse file is restored with its holes"
truncate -s 20M a
make_text piece 20000
dd if=piece of=a bs=4096 seek=1000 conv=notrunc status=none
verb compress a
mv a want
verb decompress "a.$suffix"
expect_same a want
expect_at_most "space on disk" "$(($(stat -c %b a) * 512))" 65536

check "the same bytes for file and pipe, for one thread and two"
make_text a 9000000
if find_verb compress_out a && find_verb compress_pipe; then
  raw_verb compress_out a >x 2>"$ERR"
  raw_verb compress_pipe <a >y 2>"$ERR"
  expect_same x y
  if has_verb threads; then
    raw_verb threads 1 a >x 2>"$ERR"
    raw_verb threads 2 a >y 2>"$ERR"
    expect_same x y
  fi
fi

check "the same bytes whatever the file's time"
make_text a 1000
touch -d 2001-01-01 a
verb compress a
mv "a.$suffix" x
touch -d 2011-01-01 a
verb compress a
expect_same x "a.$suffix"

check "the size is listed, also if the input was a pipe"
make_text a 123457
if find_verb compress_pipe; then
  raw_verb compress_pipe <a >"x.$suffix" 2>"$ERR"
  verb list "x.$suffix"
  expect_ok
  expect_stdout_has 123457
fi

check "every cut file is refused"
make_text a 3000
verb compress a
expect_ok
size=$(stat -c %s "a.$suffix") || fail "it does not compress"
for ((length = 1; length < size; length += size / 30 + 1)); do
  head -c "$length" "a.$suffix" >"x.$suffix"
  verb decompress_out "x.$suffix"
  expect_failure
done

check "no flipped bit passes unnoticed"
make_text a 30000
verb compress a
expect_ok
size=$(stat -c %s "a.$suffix") || fail "it does not compress"
for ((i = 0; i < 40; i++)); do
  cp "a.$suffix" "x.$suffix"
  offset=$((size * i / 40))
  byte=$(od -An -tu1 -j "$offset" -N 1 "x.$suffix")
  poke "x.$suffix" "$offset" "\\$(printf %o $((byte ^ 1 << i % 8)))"
  verb decompress_out "x.$suffix"
  [ "$rc" -lt 128 ] || fail "status $rc"
  [ "$rc" -ne 0 ] || expect_same "$OUT" a
done

check "strange names are only names"
for name in '-dash' 'a b' $'new\nline' '$(touch owned)' '`touch owned`' "qu'ote\""; do
  make_text want 1000
  cat want >"./$name"
  verb compress "$name"
  expect_ok
  rm -f "./$name"
  verb decompress "$name.$suffix"
  expect_ok
  expect_same "./$name" want
done
expect_no_file owned

check "an unknown option is an error below 125"
run "$PITH" --no-such-option x
[ "$rc" -gt 0 ] && [ "$rc" -lt 125 ] || fail "status $rc"

finish
