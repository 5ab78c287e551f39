#!/usr/bin/env bash
# Mode, owner and times go from the input to the output.
. "${0%/*}/../lib.sh"

attributes() { stat -c '%a %y' -- "$1"; }

check "mode and time to the nanosecond go to the .pith file"
make_text a 100
chmod 640 a
touch -d '2019-03-04 05:06:07.123456789' a
want=$(attributes a)
pith a
expect_equal a.pith "$(attributes a.pith)" "$want"

check "... and back"
make_text a 100
chmod 705 a
touch -d '2019-03-04 05:06:07.987654321' a
want=$(attributes a)
pith --rm a
expect_files a.pith
pith -d a.pith
expect_equal a "$(attributes a)" "$want"

check "a time before 1970"
make_text a 100
touch -d '1960-01-01 00:00:00.5' a
want=$(attributes a)
pith --rm a
expect_files a.pith
pith -d --rm a.pith
expect_equal a "$(attributes a)" "$want"

check "a time after 2038"
make_text a 100
touch -d '2100-01-01 00:00:00.25' a
want=$(attributes a)
pith --rm a
expect_files a.pith
pith -d --rm a.pith
expect_equal a "$(attributes a)" "$want"

check "read-only files"
make_text a 100
chmod 444 a
pith --rm a
expect_rc 0
expect_equal mode "$(stat -c %a a.pith)" 444
pith -d --rm a.pith
expect_rc 0
expect_equal mode "$(stat -c %a a)" 444

check "the umask does not change a mode that is taken over"
make_text a 100
chmod 666 a
(umask 077 && "$PITH" a)
expect_equal mode "$(stat -c %a a.pith)" 666

check "set-user-id and sticky bits are not taken over"
make_text a 100
chmod 6755 a
pith a
expect_equal mode "$(stat -c %a a.pith)" 755

check "an output from standard input gets 0666 less the umask"
make_text a 100
chmod 600 a
(umask 027 && "$PITH" -o x.pith <a)
expect_equal mode "$(stat -c %a x.pith)" 640

check "the input's mode and content do not change"
make_text a 100
chmod 604 a
touch -d '2019-03-04 05:06:07.123456789' a
want=$(attributes a)
pith a
pith -t a.pith
expect_rc 0
expect_equal a "$(attributes a)" "$want"

check "the mode is 0600 while the output is written"
make_text a 5000000
chmod 644 a
mkfifo pipe
"$PITH" -1 -o x.pith <pipe &
job=$!
exec 9>pipe
cat a >&9
sleep 0.05
modes=
for fd in /proc/$job/fd/*; do
  case $(readlink "$fd") in
    "$PWD"/*) [ -f "$fd" ] && modes+=$(stat -L -c %a "$fd") ;;
  esac
done
expect_equal "mode of the open output" "$modes" 600
exec 9>&-
wait "$job"
expect_equal "mode afterwards" "$(stat -c %a x.pith)" 644

check "owner and group, as root"
if is_root; then
  make_text a 100
  chown 1234:4321 a
  pith --rm a
  expect_equal owner "$(stat -c %u:%g a.pith)" 1234:4321
  pith -d --rm a.pith
  expect_equal owner "$(stat -c %u:%g a)" 1234:4321
else
  skip_check "needs root"
fi

check "a foreign group gives no rights to one's own, without root"
if is_root && setpriv --reuid=65534 --regid=65534 --clear-groups "$PITH" --version >"$OUT" 2>&1; then
  make_text a 100
  chown 65534:4321 a
  chmod 664 a
  chmod 777 .
  chmod 755 "$SCRATCH"
  setpriv --reuid=65534 --regid=65534 --clear-groups "$PITH" a
  expect_equal "owner and mode" "$(stat -c %u:%g:%a a.pith)" 65534:65534:644
else
  skip_check "needs root, and a program that others may run"
fi

check "output and metadata do not depend on the file's time"
make_text a 1000
touch -d 2001-01-01 a
"$PITH" -c a >x
touch -d 2011-01-01 a
chmod 600 a
"$PITH" -c a >y
expect_same x y

check "output and folder are synced before the input is removed"
if command -v strace >"$OUT" && strace -o trace true 2>"$ERR"; then
  make_text a 1000
  strace -f -o trace "$PITH" --rm --no-sync a 2>"$ERR"
  order=$(grep -oE '(fsync|linkat|unlink(at)?)\(' trace | tr -d '(\n' | sed 's/unlinkat/unlink/g')
  case $order in
    *fsynclinkatfsyncunlink*) ;;
    *) fail "the calls are $order" ;;
  esac
else
  skip_check "needs strace"
fi

check "--no-sync does not sync, the default does"
if command -v strace >"$OUT" && strace -o trace true 2>"$ERR"; then
  make_text a 1000
  strace -f -o trace "$PITH" a 2>"$ERR"
  expect_equal "fsync calls" "$(grep -c 'fsync(' trace)" 2
  strace -f -o trace "$PITH" -f --no-sync a 2>"$ERR"
  expect_equal "fsync calls with --no-sync" "$(grep -c 'fsync(' trace)" 0
else
  skip_check "needs strace"
fi

finish
