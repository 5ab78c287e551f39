#!/usr/bin/env bash
# Names of files that trip programs up.
. "${0%/*}/../lib.sh"

goes_through() {  # NAME
  make_text want 500
  cat want >"./$1"
  pith -- "$1"
  expect_rc 0
  expect_silent
  rm "./$1"
  pith -d -- "$1.pith"
  expect_rc 0
  expect_silent
  expect_same "./$1" want
  expect_no_file owned
}

check "a newline"
goes_through $'new\nline'

check "a newline at the end"
goes_through $'newline\n'

check "a quote, a double quote, a backslash"
goes_through "it's \"quoted\" \\ here"

check "a leading dash, behind --"
goes_through -dash

check "a name that is an option, behind --"
goes_through --rm

check "a leading dash, behind ./"
make_text ./-dash 500
pith ./-dash
expect_rc 0
expect_files -dash -dash.pith

check 'a command: $(touch owned)'
goes_through '$(touch owned)'

check 'a command: `touch owned`; touch owned'
goes_through '`touch owned`; touch owned'

check "spaces, at both ends too"
goes_through ' a  b '

check "stars and question marks"
goes_through '*?[a-z]'

check "letters beyond ASCII, in UTF-8"
goes_through 'données-数据-🜂'

check "bytes that are no UTF-8"
goes_through $'\377\376\200'

check "control characters"
goes_through $'\001\033[31mred\a\r'

check "a percent sign and a brace: no format text"
goes_through '%s%n{}{0}%'

check "a name of 250 bytes"
goes_through "$(printf 'n%.0s' {1..250})"

check "a name of 255 bytes: there is no room for the suffix"
name=$(printf 'n%.0s' {1..255})
make_text "$name" 500
pith "$name"
expect_rc 1
expect_messages 1
expect_stderr_has 'File name too long'
expect_files "$name"
pith -c "$name"
expect_rc 0
"$PITH" -dc <"$OUT" >b
expect_same b "$name"

check "a name of 255 bytes with the suffix"
name=$(printf 'n%.0s' {1..250})
make_text a 500
"$PITH" -c a >"$name.pith"
pith -d "$name.pith"
expect_rc 0
expect_same "$name" a

check "a path of 4000 bytes"
folder=$(printf 'd%.0s' {1..199})
path=
for ((i = 0; i < 19; i++)); do path+=$folder/; done
mkdir -p "$path"
make_text "${path}a" 500
pith "${path}a"
expect_rc 0
pith -t "${path}a.pith"
expect_rc 0

check "a path that is too long"
pith "$(printf 'd/%.0s' {1..3000})a"
expect_rc 1
expect_messages 1
expect_stderr_has 'File name too long'

check "an empty name"
pith ''
expect_rc 1
expect_messages 1

check "messages show a newline and control characters, in one line"
pith $'missing\nname\033[31m'
expect_rc 1
expect_messages 1
! grep -q $'\033' "$ERR" || fail "an escape character is in the message"

check "... also where the output's name is told"
name=$'new\nline'
make_text "$name" 500
echo old >"$name.pith"
pith "$name"
expect_rc 1
expect_messages 1

check "... also with -v"
name=$'new\nline'
make_text "$name" 500
pith -v "$name"
expect_rc 0
expect_messages 1

check "... also in the table of -l"
name=$'new\nline'
make_text "$name" 500
pith "$name"
pith -l "$name.pith"
expect_rc 0
expect_equal "lines of the table" "$(grep -c '' "$OUT")" 2

check "... also in --explain"
name=$'new\nline'
make_text "$name" 500
pith --explain "$name"
expect_rc 0
expect_equal "lines" "$(grep -c '' "$OUT")" 3

check "a name in the list of -r"
mkdir $'top\n'
make_text $'top\n/a\nb' 500
pith -r $'top\n'
expect_rc 0
expect_silent
[ -f $'top\n/a\nb.pith' ] || fail "it was not made"

check "a trailing slash is an error"
make_text a 500
pith a/
expect_rc 1
expect_messages 1
expect_files a

check "doubled slashes and dots in a path"
mkdir d
make_text d/a 500
pith .//d/./../d//a
expect_rc 0
expect_files d d/a d/a.pith

check "only dots and the suffix"
make_text ... 500
pith ...
expect_rc 0
expect_files ... ....pith

check "the suffix in the middle and in capitals is none"
make_text a.pith.txt 500
make_text b.PITH 500
pith a.pith.txt b.PITH
expect_rc 0
expect_files a.pith.txt a.pith.txt.pith b.PITH b.PITH.pith

check "the suffix twice"
make_text a 500
"$PITH" -c a | "$PITH" -c - >a.pith.pith
pith -d a.pith.pith
expect_rc 0
pith -df a.pith
expect_rc 0
make_text b 500
expect_same a b

check "a name in brackets"
make_text '[a]' 500
make_text '[a,b]' 600
pith '[a]' '[a,b]'
expect_rc 0
expect_files '[a,b]' '[a,b].pith' '[a]' '[a].pith'
pith -d -f '[a].pith' -o '[c]'
expect_rc 0
expect_same '[a]' '[c]'

finish
