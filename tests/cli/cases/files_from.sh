#!/usr/bin/env bash
# Names of inputs from a list.
. "${0%/*}/../lib.sh"

three_files() { make_text a 100; make_text b 200; make_text 'c d' 300; }

check "names from a file, one a line"
three_files
printf 'a\nc d\n' >list
pith --files-from=list
expect_rc 0
expect_silent
expect_files a a.pith b 'c d' 'c d.pith' list

check "the last line may lack its end"
three_files
printf 'a\nb' >list
pith --files-from=list
expect_rc 0
expect_files a a.pith b b.pith 'c d' list

check "empty lines are skipped"
three_files
printf '\n\na\n\n' >list
pith --files-from=list
expect_rc 0
expect_files a a.pith b 'c d' list

check "names from standard input"
three_files
printf 'a\n' >list
pith --files-from <list
expect_rc 0
expect_files a a.pith b 'c d' list

check "... with '-'"
three_files
printf 'a\n' >list
pith --files-from=- <list
expect_rc 0
expect_files a a.pith b 'c d' list

check "names that end with NUL"
three_files
make_text $'line\nbreak' 100
printf 'c d\0line\nbreak\0' >list
pith --files-from=0 <list
expect_rc 0
expect_silent
expect_files a b 'c d' 'c d.pith' $'line\nbreak' $'line\nbreak.pith' list

check "find -print0 feeds it"
three_files
find . -name '[ab]' -print0 | "$PITH" --files-from=0
expect_files a a.pith b b.pith 'c d'

check "a name in a list may begin with a dash"
make_text ./-rf 100
printf -- '-rf\n' >list
pith --files-from=list
expect_rc 0
expect_files -rf -rf.pith list

check "list and arguments together"
three_files
printf 'b\n' >list
pith a --files-from=list
expect_rc 0
expect_files a a.pith b b.pith 'c d' list

check "two lists"
three_files
printf 'a\n' >one
printf 'b\n' >two
pith --files-from=one --files-from=two
expect_rc 0
expect_files a a.pith b b.pith 'c d' one two

check "an empty list is nothing to do: standard input is not read, nothing is written"
: >list
echo data | "$PITH" --files-from=list >"$OUT" 2>"$ERR"
rc=${PIPESTATUS[1]}
expect_rc 0
expect_silent

check "a list that is missing: exit 1"
pith --files-from=missing
expect_rc 1
expect_stdout
expect_stderr_has missing

check "a file of the list that is missing: the others are done"
three_files
printf 'a\nmissing\nb\n' >list
pith --files-from=list
expect_rc 1
expect_stderr 'pith: missing: No such file or directory'
expect_files a a.pith b b.pith 'c d' list

check "-d takes a list"
three_files
pith a b
rm a b
printf 'a.pith\nb.pith\n' >list
pith -d --files-from=list
expect_rc 0
expect_files a a.pith b b.pith 'c d' list

check "a list with a thousand names"
mkdir many
for ((i = 0; i < 1000; i++)); do echo "$i" >"many/$i"; done
printf '%s\n' many/* >list
pith --no-sync --files-from=list
expect_rc 0
expect_silent
made=(many/*.pith)
expect_equal "files made" "${#made[@]}" 1000

finish
