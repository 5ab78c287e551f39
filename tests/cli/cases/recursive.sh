#!/usr/bin/env bash
# -r goes into folders.
. "${0%/*}/../lib.sh"

make_tree() {
  mkdir -p top/sub/deep top/empty outside
  make_text top/a 100
  make_text top/sub/b 200
  make_text top/sub/deep/c 300
  make_text outside/d 400
}

check "every file below is compressed, beside its original"
make_tree
pith -r top
expect_rc 0
expect_silent
expect_files outside outside/d top top/a top/a.pith top/empty top/sub top/sub/b top/sub/b.pith \
  top/sub/deep top/sub/deep/c top/sub/deep/c.pith

check "... and restored"
make_tree
cp -r top want
pith -r --rm top
expect_rc 0
[ ! -e top/sub/deep/c ] || fail "the input is still there"
pith -dr --rm top
expect_rc 0
diff -r want top >"$OUT" || fail "the trees differ: $(shown "$OUT")"

check "a second run finds nothing to do with .pith files, and refuses what is there"
make_tree
pith -r top
pith -r top
expect_rc 1
expect_messages 3
expect_no_file top/a.pith.pith

check ".pith files are skipped without a word"
make_tree
pith -r --rm top
pith -r top
expect_rc 0
expect_silent
expect_no_file top/a.pith.pith

check "-dr skips files without the suffix without a word"
make_tree
pith -dr top
expect_rc 0
expect_silent

check "symbolic links to files are not followed"
make_tree
ln -s ../outside/d top/link
pith -r top
expect_rc 0
expect_silent
[ -f top/a.pith ] || fail "nothing was made"
expect_no_file top/link.pith outside/d.pith

check "symbolic links to folders are not followed"
make_tree
ln -s ../outside top/link
ln -s . top/loop
pith -r top
expect_rc 0
[ -f top/a.pith ] || fail "nothing was made"
expect_no_file outside/d.pith

check "a symbolic link given as argument is entered"
make_tree
ln -s top link
pith -r link
expect_rc 0
[ -f top/a.pith ] || fail "nothing was made"

check "FIFOs and devices below are skipped, without waiting"
make_tree
mkfifo top/pipe
pith -r top
expect_rc 0
expect_silent
[ -f top/a.pith ] || fail "nothing was made"
expect_no_file top/pipe.pith

check "hidden files and folders are taken"
make_tree
make_text top/.hidden 100
mkdir top/.folder
make_text top/.folder/e 100
pith -r top
expect_rc 0
[ -f top/.hidden.pith ] && [ -f top/.folder/e.pith ] || fail "hidden files were left out"

check "files and folders together"
make_tree
pith -r outside/d top
expect_rc 0
[ -f outside/d.pith ] && [ -f top/a.pith ] || fail "one was left out"

check "hard links below are left alone with a warning"
make_tree
ln top/a top/z
pith -r top
expect_rc 2
expect_messages 2
expect_no_file top/a.pith top/z.pith

check "a folder that may not be read is reported, the rest is done"
if is_root; then
  skip_check "root may read everything"
else
  make_tree
  chmod 0 top/sub
  pith -r top
  expect_rc 1
  expect_messages 1
  [ -f top/a.pith ] || fail "the rest was not done"
  chmod 755 top/sub
fi

check "-r with --output-dir-mirror makes a second tree"
make_tree
pith -r --output-dir-mirror out top
expect_rc 0
expect_files out out/top out/top/a.pith out/top/sub out/top/sub/b.pith out/top/sub/deep \
  out/top/sub/deep/c.pith outside outside/d top top/a top/empty top/sub top/sub/b top/sub/deep \
  top/sub/deep/c

check "-r with the current folder"
make_tree
cd top
pith -r .
expect_rc 0
[ -f a.pith ] && [ -f sub/deep/c.pith ] || fail "something was left out"

check "-rt tests all .pith files below"
make_tree
pith -r top
poke top/sub/b.pith 70 XXXX
pith -rt top
expect_rc 3
expect_messages 1
expect_stderr_has 'pith: top/sub/b.pith: '

check "-rl lists all .pith files below"
make_tree
pith -r top
pith -rl top
expect_rc 0
expect_stdout_has top/sub/deep/c.pith
expect_equal "lines with heading and total" "$(grep -c '' "$OUT")" 5

check "-r with -c writes all of them, in the order of their names"
make_tree
"$PITH" -rc top >x.pith
"$PITH" -dc x.pith >got
cat top/a top/sub/b top/sub/deep/c >want
expect_same got want

check "an empty folder is nothing to do"
mkdir empty
pith -r empty
expect_rc 0
expect_silent

check "folders nested 60 deep"
path=top
for ((i = 0; i < 60; i++)); do path+=/folder; done
mkdir -p "$path"
make_text "$path/a" 100
pith -r top
expect_rc 0
[ -f "$path/a.pith" ] || fail "the deepest file was left out"

finish
