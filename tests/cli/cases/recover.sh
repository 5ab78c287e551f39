#!/usr/bin/env bash
# --recover saves what is undamaged; --reindex makes index and trailer anew.
. "${0%/*}/../lib.sh"

# Four blocks of random bytes and text.
make_random "$SCRATCH/noise" 5000000
make_text "$SCRATCH/text" 8000000
cat "$SCRATCH/noise" "$SCRATCH/text" >"$SCRATCH/a"
"$PITH" -1 -c "$SCRATCH/a" >"$SCRATCH/a.pith"
a=$SCRATCH/a
python "$CLI_TESTS/patch.py" show "$a.pith" >"$SCRATCH/layout"
frame_field() { sed -n "s/^frame.$1 .* $2=\([0-9]*\).*/\1/p" "$SCRATCH/layout"; }
offset_of() { sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$SCRATCH/layout"; }
# The original with zeros instead of these frames' bytes.
want_without() {
  cp "$a" want
  local frame
  for frame; do
    dd if=/dev/zero of=want bs=64K oflag=seek_bytes iflag=count_bytes conv=notrunc status=none \
      seek="$(frame_field "$frame" raw_offset)" count="$(frame_field "$frame" raw_size)"
  done
}
ruin() { poke "$1" "$2" '\0\0\0\0\1\2\3\4'; }

check "an intact file: exit 0, all of it"
pith --recover "$a.pith" -o x
expect_rc 0
expect_silent
expect_same x "$a"

check "one damaged block becomes zeros, all others come back: exit 3"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
pith --recover x.pith -o x --recover-map map
expect_rc 3
expect_stdout
expect_messages 1
want_without 1
expect_same x want

check "... and the map tells the lost range"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
pith --recover x.pith -o x --recover-map map
python -c 'import json, sys
ranges = json.load(open("map"))
text = json.dumps(ranges)
assert sys.argv[1] in text and sys.argv[2] in text, text' \
  "$(frame_field 1 raw_offset)" "$(frame_field 1 raw_size)" 2>"$ERR" || fail "$(shown "$ERR")"

check "an intact file has an empty map"
pith --recover "$a.pith" -o x --recover-map map
expect_rc 0
python -c 'import json; json.load(open("map"))' 2>"$ERR" || fail "$(shown "$ERR")"

check "the map does not overwrite a file, least of all the input or the output"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
cp x.pith before
echo precious >map
pith --recover x.pith -o x --recover-map map
expect_equal map "$(cat map)" precious
rm -f x
pith -f --recover x.pith -o x --recover-map x.pith
expect_same x.pith before
rm -f x
pith -f --recover x.pith -o x --recover-map x
[ "$rc" -ne 0 ] || fail "status 0"

check "the input stays as it is"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
cp x.pith before
pith --recover --rm x.pith -o x --recover-map map
expect_same x.pith before

check "a damaged frame header costs that block only"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.2) + 10))
pith --recover x.pith -o x --recover-map map
expect_rc 3
want_without 2
expect_same x want

check "a damaged stream header costs nothing"
cp "$a.pith" x.pith
ruin x.pith 4
pith --recover x.pith -o x --recover-map map
[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ] || fail "status $rc"
expect_same x "$a"

check "the first frame destroyed"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.0) + 100))
pith --recover x.pith -o x --recover-map map
expect_rc 3
want_without 0
expect_same x want

check "two damaged blocks"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.0) + 100))
ruin x.pith $(($(offset_of frame.3) + 100))
pith --recover x.pith -o x --recover-map map
expect_rc 3
want_without 0 3
expect_same x want

check "bytes that are missing altogether"
{ head -c $(($(offset_of frame.1) + 100)) "$a.pith"; tail -c +$(($(offset_of frame.1) + 5101)) "$a.pith"; } >x.pith
pith --recover x.pith -o x --recover-map map
expect_rc 3
want_without 1
expect_same x want

check "bytes that were put in between"
{ head -c "$(offset_of frame.2)" "$a.pith"; echo intruder; tail -c +$(($(offset_of frame.2) + 1)) "$a.pith"; } >x.pith
pith --recover x.pith -o x --recover-map map
expect_same x "$a"

check "a file that is cut short gives its beginning"
head -c "$(($(offset_of frame.3) + 100))" "$a.pith" >x.pith
pith --recover x.pith -o x --recover-map map
expect_rc 3
cmp -s -n "$(frame_field 3 raw_offset)" x "$a" || fail "the beginning is wrong"

check "the damaged trailer and index cost nothing"
head -c "$(offset_of trailer)" "$a.pith" >x.pith
pith --recover x.pith -o x --recover-map map
expect_same x "$a"
head -c "$(offset_of frame.4)" "$a.pith" >y.pith
pith --recover y.pith -o y --recover-map map.y
expect_same y "$a"

check "nothing to recover: exit 3"
make_text x.pith 10000
pith --recover x.pith -o x --recover-map map
expect_rc 3
expect_messages 1

check "an empty file: exit 3"
: >x.pith
pith --recover x.pith -o x
expect_rc 3
expect_messages 1

check "recovering to standard output"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
want_without 1
pith --recover x.pith -c --recover-map map
expect_rc 3
expect_same "$OUT" want

check "recovering from a pipe"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
want_without 1
cat x.pith | "$PITH" --recover -o x --recover-map map 2>"$ERR"
rc=$?
expect_rc 3
expect_same x want

check "--recover does not overwrite"
echo old >x
pith --recover "$a.pith" -o x
expect_rc 1
expect_equal x "$(cat x)" old

check "one of several streams damaged"
seq 100 >p
seq 200 300 >q
seq 400 500 >r
pith p q r
cat p.pith q.pith r.pith >x.pith
ruin x.pith $(($(stat -c %s p.pith) + 70))
pith --recover x.pith -o x --recover-map map
expect_rc 3
{ cat p; head -c "$(stat -c %s q)" /dev/zero; cat r; } >want
expect_same x want

check "--reindex of an intact file changes nothing"
cp "$a.pith" x.pith
pith --reindex x.pith
expect_rc 0
expect_silent
expect_same x.pith "$a.pith"
expect_files x.pith

check "--reindex restores a missing index"
patch edit "$a.pith" x.pith index.drop
pith --reindex x.pith
expect_rc 0
expect_same x.pith "$a.pith"

check "--reindex restores a damaged index"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.4) + 50))
pith --reindex x.pith
expect_rc 0
expect_same x.pith "$a.pith"

check "--reindex restores a missing trailer, with a warning"
head -c "$(offset_of trailer)" "$a.pith" >x.pith
pith --reindex x.pith
expect_rc 2
expect_messages 1
expect_same x.pith "$a.pith"

check "--reindex completes a file that was cut in a block"
head -c $(($(offset_of frame.2) + 1000)) "$a.pith" >x.pith
pith --reindex x.pith
expect_rc 2
expect_messages 1
pith -dc x.pith
expect_rc 0
head -c "$(frame_field 2 raw_offset)" "$a" >want
expect_same "$OUT" want

check "--reindex of several streams"
seq 100 >p
pith p
patch edit "$a.pith" x index.drop
cat p.pith x p.pith >x.pith
pith --reindex x.pith
expect_rc 0
cat p.pith "$a.pith" p.pith >want
expect_same x.pith want

check "--reindex refuses a damaged block and leaves the file"
cp "$a.pith" x.pith
ruin x.pith $(($(offset_of frame.1) + 5000))
cp x.pith before
pith --reindex x.pith
expect_rc 3
expect_messages 1
expect_same x.pith before
expect_files before x.pith

check "--reindex -o writes another file"
patch edit "$a.pith" x.pith index.drop
cp x.pith before
pith --reindex x.pith -o y.pith
expect_rc 0
expect_same y.pith "$a.pith"
expect_same x.pith before

check "--reindex keeps mode and time"
patch edit "$a.pith" x.pith index.drop
chmod 640 x.pith
touch -d '2019-03-04 05:06:07.123456789' x.pith
want=$(stat -c '%a %y' x.pith)
pith --reindex x.pith
expect_equal x.pith "$(stat -c '%a %y' x.pith)" "$want"

check "--reindex of something else: exit 3"
make_text x.pith 1000
cp x.pith before
pith --reindex x.pith
expect_rc 3
expect_messages 1
expect_same x.pith before

finish
