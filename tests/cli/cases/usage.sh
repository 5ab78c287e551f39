#!/usr/bin/env bash
# The options themselves.
. "${0%/*}/../lib.sh"

check "--version prints one line"
pith --version
expect_rc 0
expect_stderr
expect_equal lines "$(grep -c '' "$OUT")" 1
grep -qE '^pith [0-9]+\.[0-9]+\.[0-9]+' "$OUT" || fail "it is $(shown "$OUT")"
cp "$OUT" version
pith -V
expect_rc 0
expect_same "$OUT" version

check "--help prints on standard output, and names every option"
pith --help
expect_rc 0
expect_stderr
for option in --decompress --test --list --explain --range --recover --reindex --stdout --output \
  --output-dir --output-dir-mirror --append --force --keep --rm --recursive --files-from --level \
  --codec --threads --memlimit --max-output --max-ratio --ignore-trailing --no-sync --as --no-prime --progress \
  --verbose --quiet --json --version --help; do
  expect_stdout_has "$option"
done
cp "$OUT" help
pith -h
expect_rc 0
expect_same "$OUT" help

check "--help says that files are arguments"
pith --help
grep -q 'FILE' < <(grep -i 'usage' "$OUT") || fail "the usage is: $(grep -i usage "$OUT")"

check "an unknown option: exit 1, nothing done"
make_text a 100
for option in --none -x -0 -10 --levels=3 -d=1 --no-; do
  pith "$option" a
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
  expect_files a
done

check "a missing value: exit 1"
make_text a 100
for option in -o -T --level --codec --memlimit --max-output --range --output-dir; do
  pith a "$option"
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
  expect_files a
done

check "numbers that are none: exit 1"
make_text a 100
for option in -Tx -T-1 -T1.5 -T99999 --level=0 --level=10 --level=x --max-ratio=x --max-ratio=-1 \
  --memlimit=x --memlimit=-1 --memlimit=1X --memlimit=99999999999G --max-output=1.5M; do
  pith -c "$option" a
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
done

check "an unknown codec: exit 1, the codecs that there are"
make_text a 100
pith --codec none a
expect_rc 1
expect_stderr_has zstd
expect_stderr_has stored

check "an empty value: exit 1, and no harm"
make_text a 100
for option in -T --level --codec --memlimit --max-output --max-ratio --range; do
  pith "$option" '' -c a
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
done
for option in -o --output-dir --output-dir-mirror; do
  pith "$option" '' a
  [ "$rc" -le 1 ] || fail "status $rc"
done

check "options that exclude each other: exit 1, nothing done"
make_text a 100
"$PITH" -c a >x.pith
for options in '-t -l' '-t --explain' '-l --range 0:1' '--recover --reindex' '-c --output-dir d' \
  '-o y --output-dir d' '--output-dir d --output-dir-mirror e' '-d --append -o y' '-c --rm' \
  '-c -o y'; do
  pith $options x.pith
  expect_rc 1
  expect_stdout
  expect_stderr_has 'pith: '
  expect_files a x.pith
done

check "the last level counts"
make_text a 100000
"$PITH" -1c a >one
"$PITH" -9c a >nine
"$PITH" -9 -1 -c a >x
expect_same x one
"$PITH" -1 -9 -c a >x
expect_same x nine
"$PITH" -9 --level 1 -c a >x
expect_same x one
"$PITH" --level 1 -9 -c a >x
expect_same x nine

check "the last of other options counts"
make_text a 100
pith -T1 -T2 -c a
expect_rc 0
pith -o x -o y a
expect_rc 0
expect_files a y

check "-t with -d tests, -l with -d lists"
make_text a 100
pith a
pith -dt a.pith
expect_rc 0
expect_silent
expect_files a a.pith
pith -dl a.pith
expect_rc 0
expect_stdout_has a.pith

check "'--' ends the options"
make_text ./-c 100
pith -- -c
expect_rc 0
expect_files -c -c.pith

check "'-' behind '--' is standard input"
make_text a 100
"$PITH" -c -- - <a >x
"$PITH" -dc x >b
expect_same a b

check "options behind files count"
make_text a 100
make_text b 100
pith a b -o x --append -1
expect_rc 0
expect_files a b x

check "a value joined and apart"
make_text a 1000
"$PITH" -T2 -c a >w
"$PITH" -T 2 -c a >x
"$PITH" --threads=2 -c a >y
"$PITH" --threads 2 -c a >z
expect_same w x
expect_same w y
expect_same w z

check "-o joined"
make_text a 100
pith -ox a
expect_rc 0
expect_files a x

check "long options are not abbreviated"
make_text a 100
pith --decomp a
expect_rc 1

check "--as makes any input an array; nonsense is refused"
head -c 5000 /dev/urandom > a
rm -f a.pith
for spec in f32:10x25 u16be:100x20 i8:7; do
  pith --as $spec -c a
  expect_rc 0
  cp "$OUT" a.pith
  pith -dc a.pith
  expect_rc 0
  expect_same "$OUT" a
  rm a.pith
done
pith --as f32:10x25 --explain a
expect_stdout_has "array"
for spec in f33:10 f32 f32: f32:0 f32:1x; do
  pith --as $spec a
  expect_rc 1
  [[ ! -e a.pith ]] || fail "there is an output"
done
pith --as f32:10 -d a
expect_rc 1

check "--no-prime is taken when compressing, and restoring needs to know nothing of it"
make_text a 20000
for level in 1 5 9; do
  pith --no-prime -$level -c a
  expect_rc 0
  expect_stderr
  cp "$OUT" "a$level.pith"
  pith -dc "a$level.pith"
  expect_rc 0
  expect_same "$OUT" a
done

check "many arguments"
args=()
for ((i = 0; i < 5000; i++)); do args+=("missing$i"); done
pith -q "${args[@]}"
expect_rc 1
expect_messages 5000

check "a long argument"
pith "--codec=$(head -c 100000 /dev/zero | tr '\0' x)"
expect_rc 1
expect_stdout
pith "$(head -c 100000 /dev/zero | tr '\0' x)"
expect_rc 1
expect_stderr_lines 1

check "exit 1 messages of the options begin with the program's name"
pith --none
expect_rc 1
expect_equal "beginning" "$(head -c 6 "$ERR")" 'pith: '

check "an argument list that is empty"
run_python -c 'import ctypes, os, sys
libc = ctypes.CDLL(None)
none = (ctypes.c_char_p * 1)(None)
os.close(0)
os.open("/dev/null", os.O_RDONLY)
libc.execv(sys.argv[1].encode(), none)' "$PITH"
[ "$rc" -lt 126 ] || fail "status $rc"

finish
