# shellcheck shell=bash
# Helpers of the command-line tests. A script in cases/ begins with
#     . "${0%/*}/../lib.sh"
# and is a row of checks: `check NAME` opens one in a new empty folder, the expect_* functions judge
# it, `finish` ends the script. The program under test is $PITH. Every check prints one line,
# `ok NAME` or `not ok NAME: why`; the script fails if any check failed, and exits with 77 if the
# machine lets none of them run. With PITH_TEST_TIMES set, the time of every check is printed too.
#
#     check "a file is restored"
#     make_text a 1000
#     pith a                      # runs the program; keeps its status, output and messages
#     expect_rc 0
#     expect_files a a.pith
set -u
shopt -s dotglob globstar nullglob
export LC_ALL=C
unset PITH_LEVEL PITH_THREADS PITH_MEMLIMIT NO_COLOR CDPATH GZIP XZ_OPT ZSTD_CLEVEL
umask 022
exec </dev/null
ulimit -c 0

# Signals that whoever started this ignores would be ignored by everything below: begin again.
while read -r name value; do
  [ "$name" = SigIgn: ] || continue
  # HUP, INT, PIPE, TERM, XCPU
  if ((16#$value & 0x805003)) &&
    [ -z "${PITH_TEST_SIGNALS:-}" ]; then
    PITH_TEST_SIGNALS=reset exec "${PYTHON:-python3}" -c 'import os, signal, sys
for name in "HUP", "INT", "PIPE", "TERM", "XCPU":
    signal.signal(getattr(signal, "SIG" + name), signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$0" "$@"
  fi
done </proc/$$/status

CLI_TESTS=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${PITH:?is the program to test}"
case $PITH in
  /*) ;;
  */*) PITH=$(cd "${PITH%/*}" && pwd)/${PITH##*/} ;;
  *) PITH=$(command -v "$PITH") ;;
esac
[ -x "$PITH" ] || { echo "not ok: $PITH is no program"; exit 1; }

SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/pith-cli.XXXXXX")
OUT=$SCRATCH/stdout  # what the last command wrote to standard output
ERR=$SCRATCH/stderr  # ... and to standard error
rc=0                 # ... and its exit status

check_name=
check_why=
check_skipped=
checks=0
checks_failed=0
finished=

clean_up() {
  local status=$?
  cd /
  chmod -R u+rwx "$SCRATCH" 2>/dev/null
  rm -rf "$SCRATCH"
  if [ -z "$finished" ]; then
    echo "not ok ${check_name:-start}: the script ended early"
    status=1
  fi
  exit "$status"
}
trap clean_up EXIT

close_check() {
  [ -n "$check_name" ] || return 0
  checks=$((checks + 1))
  if [ -n "$check_why" ]; then
    checks_failed=$((checks_failed + 1))
    echo "not ok $check_name: $check_why"
  elif [ -n "$check_skipped" ]; then
    echo "ok $check_name # SKIPPED: $check_skipped"
  else
    echo "ok $check_name"
  fi
  [ -z "${PITH_TEST_TIMES:-}" ] || echo "# $(((${EPOCHREALTIME/./} - check_began) / 1000)) ms"
  check_name=
}

# Opens a check in an empty folder of its own.
check() {
  close_check
  check_name=$1
  check_why=
  check_skipped=
  check_began=${EPOCHREALTIME/./}
  WORK=$SCRATCH/work$checks
  mkdir "$WORK" && cd "$WORK"
}

finish() {
  close_check
  finished=yes
  echo "# ${0##*/}: $checks checks, $checks_failed failed"
  [ "$checks_failed" -eq 0 ]
  exit
}

# The machine lacks what this check needs.
skip_check() { check_skipped=$1; }

# The machine lacks what every check of the script needs.
skip_all() {
  finished=yes
  echo "SKIPPED ${0##*/}: $1"
  exit 77
}

# Notes a failure; the first one is what the check's line tells.
fail() { [ -n "$check_why" ] || check_why=${1//$'\n'/|}; }

# One line for a message, whatever is in it.
shown() {
  local text
  text=$(head -c 300 "$1" | tr '\n' '|' | tr -c '[:print:]' '?')
  printf '%s' "${text:-(nothing)}"
}

# Runs a command; its status is in $rc, its output in $OUT and $ERR.
run() {
  timeout -k 5 60 "$@" >"$OUT" 2>"$ERR"
  rc=$?
}

pith() { run "$PITH" "$@"; }

expect_rc() { [ "$rc" -eq "$1" ] || fail "exit status $rc, not $1; stderr: $(shown "$ERR")"; }

expect_lines() {  # FILE WHAT LINE...
  local file=$1 what=$2 want got
  shift 2
  want=$(printf '%s\n' "$@")
  got=$(<"$file")
  [ "$got" = "$want" ] || fail "$what is '$(shown "$file")', not '${want//$'\n'/|}'"
}
# The whole of standard output or standard error: the lines; without any, it must be empty.
expect_stdout() { if [ $# -eq 0 ]; then expect_empty "$OUT" stdout; else expect_lines "$OUT" stdout "$@"; fi; }
expect_stderr() { if [ $# -eq 0 ]; then expect_empty "$ERR" stderr; else expect_lines "$ERR" stderr "$@"; fi; }
expect_empty() { [ ! -s "$1" ] || fail "$2 is '$(shown "$1")', not empty"; }
expect_silent() { expect_stdout; expect_stderr; }

# A text with the expected lines, kept beside the scripts.
expect_stdout_file() {
  local difference
  difference=$(diff "$CLI_TESTS/expected/$1" "$OUT") ||
    fail "stdout differs from expected/$1: ${difference//$'\n'/|}"
}

expect_stdout_has() { grep -qF -e "$1" "$OUT" || fail "stdout is '$(shown "$OUT")', without '$1'"; }
expect_stderr_has() { grep -qF -e "$1" "$ERR" || fail "stderr is '$(shown "$ERR")', without '$1'"; }
expect_stderr_lines() {
  local lines
  lines=$(grep -c '' "$ERR")
  [ "$lines" -eq "$1" ] || fail "$lines lines on stderr, not $1: $(shown "$ERR")"
}
# Every message is one line that begins with the program's name.
expect_messages() {
  expect_stderr_lines "$1"
  ! grep -qv '^pith: ' "$ERR" || fail "a message without 'pith: ' in front: $(shown "$ERR")"
}

# Two files have the same bytes, and there are some.
expect_same() {
  cmp -s "$1" "$2" || fail "$1 and $2 differ: $(cmp "$1" "$2" 2>&1)"
  [ -s "$1" ] || fail "$1 is empty"
}
expect_differ() { ! cmp -s "$1" "$2" || fail "$1 and $2 are the same"; }
expect_equal() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }
expect_at_most() { [ "$2" -le "$3" ] || fail "$1 is $2, more than $3"; }
expect_no_file() { local f; for f; do [ ! -e "$f" ] && [ ! -L "$f" ] || fail "$f is there"; done; }
expect_size() { expect_equal "size of $1" "$(stat -c %s -- "$1" 2>&1)" "$2"; }
# Everything in the check's folder, hidden files and folders too, in C order.
expect_files() {
  local got=(**)
  [ "${got[*]@Q}" = "${*@Q}" ] || fail "files: ${got[*]@Q}; expected: ${*@Q}"
}

# Numbers, one a line: text that compresses well.
make_text() { seq 1 $(($2 / 2 + 2)) | head -c "$2" >"$1"; }  # FILE SIZE
# Bytes that no codec makes smaller; the same for the same SEED.
make_random() {  # FILE SIZE [SEED]
  python -c 'import random, sys
open(sys.argv[1], "wb").write(random.Random(int(sys.argv[3])).randbytes(int(sys.argv[2])))' \
    "$1" "$2" "${3:-1}"
}
# Overwrites bytes of a file: FILE OFFSET BYTES (as printf writes them).
poke() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# Python without its start-up cost.
find_python() {
  [ -n "${python_program:-}" ] ||
    python_program=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)')
}
python() { find_python && "$python_program" -S -E -B "$@"; }
run_python() { find_python && run "$python_program" -S -E -B "$@"; }
patch() { python "$CLI_TESTS/patch.py" "$@" || fail "patch.py $*: failed"; }
# `terminal DESCRIPTOR... TRANSCRIPT -- COMMAND...`: see terminal.py.
terminal() { run_python "$CLI_TESTS/terminal.py" "$@"; }

is_root() { [ "$(id -u)" -eq 0 ]; }
# Address or thread sanitizers take memory and time of their own.
is_sanitized() { grep -q -e __asan_init -e __tsan_init "$PITH"; }
