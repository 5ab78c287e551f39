#!/usr/bin/env bash
# Where outputs go and what they are called.
. "${0%/*}/../lib.sh"

check "compressing a .pith file leaves it alone with a warning"
make_text a 100
pith a
cp a.pith before
pith a.pith
expect_rc 2
expect_stdout
expect_stderr 'pith: a.pith: already has the .pith suffix; left alone'
expect_same a.pith before
expect_files a a.pith before

check "-f compresses a .pith file"
make_text a 100
pith a
pith -f a.pith
expect_rc 0
expect_files a a.pith a.pith.pith

check "-c compresses a .pith file"
make_text a 100
pith a
pith -c a.pith
expect_rc 0
"$PITH" -dc <"$OUT" >b
expect_same b a.pith

check "-o compresses a .pith file"
make_text a 100
pith a
pith -o twice a.pith
expect_rc 0
"$PITH" -dc twice | "$PITH" -d >b
expect_same a b

check "-d leaves an unknown suffix alone with a warning"
make_text a 100
"$PITH" -c a >b.bin
pith -d b.bin
expect_rc 2
expect_stdout
expect_stderr 'pith: b.bin: unknown suffix; left alone'
expect_files a b.bin

check "-dc takes any suffix"
make_text a 100
"$PITH" -c a >b.bin
pith -dc b.bin
expect_rc 0
expect_same "$OUT" a

check "-d -o takes any suffix"
make_text a 100
"$PITH" -c a >b.bin
pith -d -o c b.bin
expect_rc 0
expect_same c a

check "-t takes any suffix"
make_text a 100
"$PITH" -c a >b.bin
pith -t b.bin
expect_rc 0

check "a file named only .pith is not restored to an empty name"
make_text a 100
"$PITH" -c a >.pith
pith -d .pith
expect_rc 2
expect_messages 1
expect_files .pith a

check "-o names the output, both ways"
make_text a 100
pith -o x a
expect_rc 0
expect_silent
pith -d x -o y
expect_rc 0
expect_same a y
expect_files a x y

check "-o - is standard output"
make_text a 100
pith a -o -
expect_rc 0
"$PITH" -dc <"$OUT" >b
expect_same a b
expect_files a b

check "-o with standard input"
make_text a 100
"$PITH" -o x.pith <a
"$PITH" -d -o b <x.pith
expect_same a b

check "-o takes one input"
make_text a 100
make_text b 100
pith -o x a b
expect_rc 1
expect_stderr_has 'pith: '
expect_no_file x

check "-o into a folder that is not there fails"
make_text a 100
pith -o none/x a
expect_rc 1
expect_messages 1
expect_stderr_has 'No such file or directory'
expect_files a

check "-o naming a folder fails"
make_text a 100
mkdir d
pith -o d a
expect_rc 1
expect_messages 1
expect_files a d

check "-o names the input: refused, also with -f"
make_text a 100
cp a before
pith -o a a
expect_rc 1
pith -f -o a a
expect_rc 1
expect_messages 1
expect_same a before

check "-f -o through a hard link of the input is refused"
make_text a 100
cp a before
ln a b
pith -f -o b a
expect_rc 1
expect_same a before
expect_same b before

check "-f -o through a symbolic link to the input keeps the data"
make_text a 100
cp a before
ln -s a b
pith -f -o b a
expect_same a before

check "--output-dir takes the last name"
make_text a 100
mkdir in out
cp a in/b
pith --output-dir out a in/b
expect_rc 0
expect_silent
expect_files a in in/b out out/a.pith out/b.pith
pith -d --output-dir back out/a.pith out/b.pith
expect_rc 0
expect_same back/a a
expect_same back/b in/b

check "--output-dir: two inputs of one name do not overwrite each other"
mkdir x y
make_text x/a 100
make_text y/a 200
pith --output-dir out x/a y/a
expect_rc 1
expect_messages 1
"$PITH" -dc out/a.pith >b
expect_same b x/a

check "--output-dir-mirror keeps the path"
mkdir -p in/deep
make_text in/deep/a 100
make_text in/b 200
pith --output-dir-mirror out in/deep/a in/b
expect_rc 0
expect_files in in/b in/deep in/deep/a out out/in out/in/b.pith out/in/deep out/in/deep/a.pith
(cd out && "$PITH" -d --output-dir-mirror ../back in/deep/a.pith)
expect_same back/in/deep/a in/deep/a

check "--output-dir-mirror does not lead out of the folder"
mkdir -p in sub
make_text in/a 100
cd sub
pith --output-dir-mirror out ../in/a
expect_rc 0
cd ..
expect_files in in/a sub sub/out sub/out/in sub/out/in/a.pith

check "--output-dir-mirror takes absolute paths below the folder"
make_text a 100
pith --output-dir-mirror out "$PWD/a"
expect_rc 0
[ -f "out$PWD/a.pith" ] || fail "no out$PWD/a.pith"
rm -r out
expect_files a

check "-c with -o is refused"
make_text a 100
pith -c -o x a
expect_rc 1
expect_stderr_has 'pith: '
expect_no_file x
expect_stdout

check "--rm removes the input after success"
make_text a 100
cp a before
pith --rm a
expect_rc 0
expect_silent
expect_files a.pith before
pith -d --rm a.pith
expect_rc 0
expect_same a before
expect_files a before

check "--rm at any position"
make_text a 100
make_text b 100
pith a --rm b
expect_rc 0
expect_files a.pith b.pith

check "-k after --rm keeps the input"
make_text a 100
pith --rm -k a
expect_rc 0
expect_files a a.pith

check "--rm keeps the input when the output fails"
make_text a 100
: >a.pith
pith --rm a
expect_rc 1
expect_files a a.pith

check "--rm keeps a damaged input"
make_text a 1000
pith --rm a
poke a.pith 70 XXXX
pith -d --rm a.pith
expect_rc 3
expect_files a.pith

check "--rm with -c is refused and keeps the input"
make_text a 100
pith --rm -c a
expect_rc 1
expect_stderr_has 'pith: '
expect_files a

check "--rm with -o removes the input"
make_text a 100
pith --rm -o x a
expect_rc 0
expect_files x

check "--rm with a device or a FIFO as output is refused and keeps the input"
make_text a 100
pith --rm -o /dev/null a
expect_rc 1
expect_messages 1
expect_files a
mkfifo pipe
cat pipe >"$SCRATCH/piped" &
pith --rm -o pipe a
expect_rc 1
[ -f a ] || fail "the input is gone"
: >pipe  # for the reader, if it still waits
wait

check "--rm: no input is lost where -r finds several for one -o"
mkdir top
make_text top/a 100
make_text top/b 200
pith -rf --rm -o x top
expect_rc 1
[ -f top/a ] && [ -f top/b ] || [ "$("$PITH" -dc x | wc -c)" -eq 300 ] ||
  fail "an input is gone, and not in the output"

check "--rm -f: no input is lost where two have one output"
mkdir x y
make_text x/a 100
make_text y/a 200
pith -f --rm --output-dir out x/a y/a
expect_rc 1
[ -f y/a ] && [ ! -f x/a ] || fail "inputs: $(echo ?/a)"
"$PITH" -dc out/a.pith >b
make_text want 100
expect_same b want

check "--rm -t keeps the input"
make_text a 100
pith a
pith -t --rm a.pith
expect_files a a.pith

check "-v prints one line a file"
make_text a 100
make_text b 100
pith -v a b
expect_rc 0
expect_stdout
expect_messages 2
expect_stderr_has 'pith: a: 100 -> '
expect_stderr_has 'a.pith'
pith -dfv a.pith b.pith
expect_rc 0
expect_messages 2

check "-q silences warnings, the status stays"
make_text a 100
pith -dq a
expect_rc 2
expect_silent

check "-q leaves errors"
pith -q missing
expect_rc 1
expect_messages 1

check "-qq silences errors, the status stays"
pith -qq missing
expect_rc 1
expect_silent

check "a missing input names the file and the reason"
pith missing
expect_rc 1
expect_stdout
expect_stderr 'pith: missing: No such file or directory'

check "a folder is left alone without -r"
mkdir d
pith d
expect_rc 2
expect_stderr 'pith: d: is a directory; left alone (-r goes into directories)'

check "a folder is no input of -dc"
mkdir d.pith
pith -dc d.pith
expect_rc 2
expect_messages 1

check "a folder that may not be written to fails and leaves the input"
if is_root; then
  skip_check "root may write everywhere"
else
  mkdir d
  make_text d/a 100
  chmod 555 d
  pith d/a
  expect_rc 1
  expect_messages 1
  expect_stderr_has 'Permission denied'
  expect_files d d/a
fi

finish
