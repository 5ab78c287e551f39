#!/usr/bin/env bash
# Hard links, symbolic links, and files that are no regular files.
. "${0%/*}/../lib.sh"

check "a file with other hard links is left alone in place"
make_text a 100
ln a b
pith a
expect_rc 2
expect_stdout
expect_stderr 'pith: a: has other hard links; left alone (-f takes it)'
expect_files a b

check "... also when restoring"
make_text a 100
"$PITH" -c a >x.pith
ln x.pith y.pith
pith -d x.pith
expect_rc 2
expect_messages 1
expect_files a x.pith y.pith

check "-f takes a file with other hard links"
make_text a 100
ln a b
pith -f a
expect_rc 0
expect_files a a.pith b

check "-c takes a file with other hard links"
make_text a 100
ln a b
pith -c a
expect_rc 0
"$PITH" -dc <"$OUT" >c
expect_same a c

check "a symbolic link is left alone in place"
make_text a 100
ln -s a b
pith b
expect_rc 2
expect_stderr 'pith: b: is a symbolic link; left alone (-f follows it)'
expect_files a b

check "-f follows a symbolic link and leaves it"
make_text a 100
ln -s a b
pith -f b
expect_rc 0
expect_files a b b.pith
[ -L b ] || fail "b is no link any more"
"$PITH" -dc b.pith >c
expect_same a c

check "-f --rm removes the link, not the file behind it"
make_text a 100
ln -s a b
pith -f --rm b
expect_rc 0
expect_files a b.pith

check "-c and standard input follow a symbolic link"
make_text a 100
ln -s a b
"$PITH" -c b >x
"$PITH" <b >y
expect_same x y
"$PITH" -d <x >c
expect_same a c

check "-t and -l follow a symbolic link"
make_text a 100
"$PITH" -c a >a.pith
ln -s a.pith b.pith
pith -t b.pith
expect_rc 0
pith -l b.pith
expect_rc 0

check "a dangling symbolic link is an error with -f, left alone without"
ln -s nowhere a
pith a
[ "$rc" -eq 1 ] || [ "$rc" -eq 2 ] || fail "status $rc"
expect_messages 1
pith -f a
expect_rc 1
expect_stderr 'pith: a: No such file or directory'

check "a loop of symbolic links ends"
ln -s a b
ln -s b a
pith -c a
expect_rc 1
expect_messages 1

check "a FIFO is left alone in place, without waiting for it"
mkfifo pipe
pith pipe
expect_rc 2
expect_stderr 'pith: pipe: is not a regular file; left alone (-c reads it)'
expect_files pipe

check "a device is left alone in place"
pith /dev/null
expect_rc 2
expect_messages 1
expect_no_file /dev/null.pith

check "-c reads a device"
pith -c /dev/null
expect_rc 0
expect_size "$OUT" 68

check "a socket is left alone"
python -c 'import socket
socket.socket(socket.AF_UNIX).bind("s")'
pith s
[ "$rc" -eq 1 ] || [ "$rc" -eq 2 ] || fail "status $rc"
expect_messages 1
expect_files s

check "-o /dev/null"
make_text a 1000
pith a -o /dev/null
expect_rc 0
pith -c a
cp "$OUT" a.pith
pith -d a.pith -o /dev/null
expect_rc 0
[ -c /dev/null ] || fail "/dev/null is no device any more"

check "-o into a FIFO"
make_text a 1000
mkfifo pipe
"$PITH" -dc pipe >b &
pith a -o pipe
expect_rc 0
wait
expect_same a b
[ -p pipe ] || fail "the FIFO is gone"

finish
