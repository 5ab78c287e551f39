#!/usr/bin/env bash
# -l, as a table and as JSON.
. "${0%/*}/../lib.sh"

# Runs a condition over the JSON on standard output, as `j`.
expect_json() {
  python -c 'import json, sys
j = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), f"{sys.argv[2]} is false for {j}"' "$OUT" "$1" 2>"$SCRATCH/why" ||
    fail "$(tail -n 1 "$SCRATCH/why")"
}

check "the table"
printf 'x' >one
: >empty
head -c 8388609 /dev/zero >zeros
"$PITH" --codec stored one empty zeros
pith -l one.pith empty.pith zeros.pith
expect_rc 0
expect_stderr
expect_stdout_file list_table.txt

check "one file has no total"
printf 'x' >one
pith one
pith -l one.pith
expect_equal lines "$(grep -c '' "$OUT")" 2

check "sizes and ratio as JSON"
make_text a 10000
pith a
pith -l --json a.pith
expect_rc 0
expect_stderr
expect_json "len(j) == 1 and j[0]['name'] == 'a.pith'"
expect_json "j[0]['original_size'] == 10000 and j[0]['compressed_size'] == $(stat -c %s a.pith)"
expect_json "abs(j[0]['ratio'] - 10000 / $(stat -c %s a.pith)) < 0.001"
expect_json "j[0]['streams'] == 1 and j[0]['blocks'] == 1 and j[0]['lossy'] is False"

check "several files as JSON"
make_text a 1000
make_text b 2000
pith a b
pith -l --json a.pith b.pith
expect_json "[f['original_size'] for f in j] == [1000, 2000]"

check "the size is known also when it was piped"
make_text a 100000
cat a | "$PITH" | cat >x.pith
pith -l --json x.pith
expect_json "j[0]['original_size'] == 100000"

check "from standard input, seekable and not"
make_text a 10000
pith a
pith -l --json - <a.pith
expect_rc 0
expect_json "j[0]['original_size'] == 10000"
pith -l --json < <(cat a.pith)
expect_rc 0
expect_json "j[0]['original_size'] == 10000 and j[0]['name'] == '(stdin)'"

check "a strange name is a right JSON text"
name=$'a "b"\\c\n\td\303\251\377'
make_text "$name" 100
pith "$name"
pith -l --json "$name.pith"
expect_rc 0
expect_json "j[0]['original_size'] == 100 and j[0]['name'].startswith('a \"b\"\\\\c\\n\\td\u00e9')"

check "a missing file among others: the rest is listed, exit 1"
make_text a 1000
pith a
pith -l --json missing a.pith
expect_rc 1
expect_messages 1
expect_json "len(j) == 1 and j[0]['name'] == 'a.pith'"

check "no file at all is an empty list"
pith -l --json missing
expect_rc 1
expect_json "j == []"

check "several streams count together"
make_text a 1000
pith a
cat a.pith a.pith >x.pith
pith -l --json x.pith
expect_json "j[0]['streams'] == 2 and j[0]['original_size'] == 2000"

check "-l decodes nothing: a damaged payload is not its business"
make_text a 100000
pith a
poke a.pith 500 XXXX
pith -l --json a.pith
expect_rc 0
expect_json "j[0]['original_size'] == 100000"

check "a lossy declaration shows"
make_text a 1000
pith a
value=0100010000000000000000000000f03f000000000000e03f
value=${value:0:8}${value:12:32}
patch edit a.pith x.pith "frame.0.insert=2:0700000014000000${value}"
pith -l x.pith
expect_rc 0
expect_stdout_has LOSSY
pith -l --json x.pith
expect_json "j[0]['lossy'] is True"
pith -d x.pith
expect_rc 0
expect_same x a

check "-l makes no file and changes none"
make_text a 1000
pith a
cp a.pith before
pith -l a.pith
expect_files a a.pith before
expect_same a.pith before

check "-l of a large file takes little time and few reads"
truncate -s 100M a
pith -1 a
pith -l --json a.pith
expect_json "j[0]['original_size'] == 104857600 and j[0]['blocks'] == 25"
if command -v strace >"$SCRATCH/why" && strace -o trace true 2>"$ERR"; then
  strace -e trace=pread64 -o trace "$PITH" -l a.pith >"$OUT" 2>"$ERR"
  expect_at_most "reads" "$(grep -c pread64 trace)" 8
fi

finish
