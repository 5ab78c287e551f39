#!/usr/bin/env bash
# --explain tells what is in a file and how it is coded.
. "${0%/*}/../lib.sh"

expect_json() {
  python -c 'import json, sys
j = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), f"{sys.argv[2]} is false for {j}"' "$OUT" "$1" 2>"$SCRATCH/why" ||
    fail "$(tail -n 1 "$SCRATCH/why")"
}

check "a .pith file"
head -c 8388609 /dev/zero >zeros
pith --codec stored zeros
pith --explain zeros.pith
expect_rc 0
expect_stderr
expect_stdout_file explain_coded.txt

check "... as JSON"
head -c 8388609 /dev/zero >zeros
pith -1 zeros
pith --explain --json zeros.pith
expect_rc 0
expect_json "j['original_size'] == 8388609 and len(j['blocks']) == 3"
expect_json "[b['offset'] for b in j['blocks']] == [0, 4194304, 8388608]"
expect_json "sum(b['original_size'] for b in j['blocks']) == 8388609"

check "a file that is still to compress: nothing is written"
make_text a 100000
pith --explain a
expect_rc 0
expect_stderr
expect_stdout_has text
expect_files a

check "... as JSON, with the size that compressing gives"
make_text a 100000
pith -3 --explain --json a
expect_json "j['original_size'] == 100000 and j['compressed_size'] == $("$PITH" -3c a | wc -c)"

check "an empty file"
: >a
pith --explain --json a
expect_rc 0
expect_json "j['original_size'] == 0 and j['blocks'] == []"
pith a
pith --explain --json a.pith
expect_rc 0
expect_json "j['original_size'] == 0 and j['blocks'] == []"

check "standard input"
make_text a 1000
pith --explain --json <a
expect_rc 0
expect_json "j['original_size'] == 1000 and j['name'] == '(stdin)'"
pith --explain --json < <("$PITH" -c a)
expect_rc 0
expect_json "j['original_size'] == 1000"

check "a tar file is told by its entries"
mkdir d
make_text d/a 50000
make_random d/b 50000
tar -cf x.tar d
pith --explain --json x.tar
expect_rc 0
expect_json "j['format'] == 'tar' and j['original_size'] == $(stat -c %s x.tar)"

check "a damaged file: exit 3"
make_text a 1000
pith a
head -c -1 a.pith >x.pith
pith --explain x.pith
expect_rc 3
expect_stdout
expect_messages 1

check "a missing file: exit 1"
pith --explain missing
expect_rc 1
expect_stdout
expect_stderr 'pith: missing: No such file or directory'

check "a strange name is a right JSON text"
name=$'a "b"\\c\n'
make_text "$name" 100
pith --explain --json "$name"
expect_rc 0
expect_json "j['original_size'] == 100"

check "several files"
make_text a 1000
make_text b 1000
pith --explain a b
expect_rc 0
expect_stdout_has 'a: text'
expect_stdout_has 'b: text'

finish
