#!/usr/bin/env bash
# A full file system. The small one that this needs is mounted in a mount namespace of its own and
# is gone with it.
if [ "${PITH_TEST_MOUNTED:-}" != yes ]; then
  if [ "$(id -u)" -ne 0 ] || ! unshare -m sh -c 'mount -t tmpfs -o size=64k pith-test /mnt' 2>/dev/null; then
    echo "SKIPPED ${0##*/}: mounting a small file system needs root"
    exit 77
  fi
  PITH_TEST_MOUNTED=yes exec unshare -m "$0" "$@"
fi
. "${0%/*}/../lib.sh"

small=$SCRATCH/small
mkdir "$small"
mount -t tmpfs -o size=256k pith-test "$small"
trap 'status=$?; cd /; umount "$small"; (exit $status); clean_up' EXIT

make_random "$SCRATCH/noise" 1000000
"$PITH" -c "$SCRATCH/noise" >"$SCRATCH/noise.pith"
expect_empty_disk() { local left=("$small"/*); [ "${#left[@]}" -eq "$1" ] || fail "left: ${left[*]}"; }

check "compressing: exit 1, nothing left, input untouched, file and reason named"
cp "$SCRATCH/noise" a
pith --rm -o "$small/x.pith" a
expect_rc 1
expect_messages 1
expect_stderr_has "$small/x.pith"
expect_stderr_has 'No space left on device'
expect_empty_disk 0
expect_same a "$SCRATCH/noise"

check "restoring: exit 1, nothing left, input untouched"
cp "$SCRATCH/noise.pith" a.pith
pith -d --rm -o "$small/x" a.pith
expect_rc 1
expect_messages 1
expect_stderr_has 'No space left on device'
expect_empty_disk 0
expect_same a.pith "$SCRATCH/noise.pith"

check "-f keeps the old output"
echo old >"$small/x.pith"
pith -f -o "$small/x.pith" "$SCRATCH/noise"
expect_rc 1
expect_equal "old output" "$(cat "$small/x.pith")" old
expect_empty_disk 1
rm "$small/x.pith"

check "several files: those that fit are made"
make_text fits 1000
pith --output-dir "$small" "$SCRATCH/noise" fits
expect_rc 1
expect_messages 1
pith -t "$small/fits.pith"
expect_rc 0
expect_empty_disk 1
rm "$small/fits.pith"

check "appending: the old streams stay as they were"
make_text first 1000
"$PITH" -c first >"$small/x.pith"
cp "$small/x.pith" before
pith --append -o "$small/x.pith" "$SCRATCH/noise"
expect_rc 1
expect_messages 1
expect_same "$small/x.pith" before
rm "$small/x.pith"

check "redirected standard output"
"$PITH" -c "$SCRATCH/noise" >"$small/x" 2>"$ERR"
rc=$?
expect_rc 1
expect_messages 1
expect_stderr_has 'No space left on device'
rm "$small/x"

check "a hole larger than the file system is restored as a hole"
truncate -s 50M hole
"$PITH" -1 -c hole >hole.pith
pith -d -o "$small/hole" hole.pith
expect_rc 0
expect_same hole "$small/hole"
rm "$small/hole"

check "--recover: exit 1, nothing left"
pith --recover -o "$small/x" "$SCRATCH/noise.pith"
expect_rc 1
expect_messages 1
expect_empty_disk 0

check "a limit on the size of files: exit 1, nothing left"
(
  trap '' XFSZ
  ulimit -f 100
  "$PITH" -o x.pith "$SCRATCH/noise" 2>"$SCRATCH/stderr"
)
rc=$?
expect_rc 1
expect_messages 1
expect_stderr_has 'File too large'
expect_files

check "--one-file-system stays out of a mounted folder"
mkdir top top/mounted
make_text top/a 100
mount --bind "$small" top/mounted
make_text top/mounted/b 100
pith -r --one-file-system top
expect_rc 0
expect_files top top/a top/a.pith top/mounted top/mounted/b
pith -rf top
expect_rc 0
[ -f top/mounted/b.pith ] || fail "without the option the mounted folder was left out"
umount top/mounted
rm -f "$small"/*

finish
