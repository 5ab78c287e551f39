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

# model.safetensors: "w" BF16 [200,100], "b" F32 [400], all ones, "n" I32 [500].
make_model() {
  python -c 'import json, random, struct
r = random.Random(3)
data = b"".join(struct.pack("<f", r.gauss(0, 0.05))[2:] for _ in range(20000))
data += struct.pack("<f", 1) * 400 + struct.pack("<500i", *range(500))
header = {"w": {"dtype": "BF16", "shape": [200, 100], "data_offsets": [0, 40000]},
          "b": {"dtype": "F32", "shape": [400], "data_offsets": [40000, 41600]},
          "n": {"dtype": "I32", "shape": [500], "data_offsets": [41600, 43600]}}
text = json.dumps(header).encode()
open("model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)'
}
# The rows below "offset type bytes": COLUMN of the one that ends with NAME.
detail() { awk -v name=": $1" -v column="$2" 'substr($0, length($0) - length(name) + 1) == name { print $column }' "$OUT"; }

for way in "a .pith file" "a file still to compress"; do
  check "-v tells of each tensor how it was coded: $way"
  make_model
  if [ "$way" = "a .pith file" ]; then
    pith -5 model.safetensors
    pith --explain -v model.safetensors.pith
  else
    pith --explain -v -5 model.safetensors
  fi
  expect_rc 0
  expect_stderr
  expect_stdout_has "H(exp)   H(all)  how, and of what"
  expect_stdout_has "plain"
  expect_equal "type of w" "$(detail w 2)" bf16
  expect_equal "bytes of w" "$(detail w 3)" 40000
  expect_equal "type of b" "$(detail b 2)" f32
  expect_equal "bytes of b" "$(detail b 3)" 1600
  expect_equal "entropy of the exponent of b" "$(detail b 8)" 0.000
  expect_equal "entropy of b" "$(detail b 9)" 0.000
  expect_equal "type of n" "$(detail n 2)" int32
  expect_equal "exponent of n" "$(detail n 8)" -
  # The exponents of a normal distribution have 2.55 bits.
  expect_equal "entropy of the exponent of w" "$(detail w 8 | cut -c 1-3)" 2.5
  expect_at_most "symbols and rest of w" $(($(detail w 6) + $(detail w 7))) "$(detail w 4)"
  expect_at_most "coded bytes of w" "$(detail w 4)" 27500
  # All pieces add up to the payload, which is 44 bytes less than the block takes.
  expect_equal "sum of the pieces" "$(awk '$2 ~ /^(plain|bf16|f32|int32)$/ && $1 + 0 == $1 && $5 ~ /\./ { n += $4 } END { print n }' "$OUT")" \
    "$(awk '$4 == "tensor" { print $6 - 44 }' "$OUT")"
done

check "-v tells of a log its templates and columns"
for i in $(seq 1 400); do
  echo "2024-05-01 10:00:$((i % 60 / 10))$((i % 10)) INFO worker $((i * 7919 % 1000)) took $((i * 31 % 977)) ms"
  [ $((i % 4)) -ne 0 ] || echo "2024-05-01 10:00:$((i % 60 / 10))$((i % 10)) WARN no answer from node-$((i % 9))"
done >a.log
pith --codec log a.log
pith --explain -v a.log.pith
expect_rc 0
expect_stderr
expect_stdout_has "500 lines of "
expect_stdout_has " templates, which take "
expect_stdout_has "  400 x "
expect_stdout_has "  100 x "
grep -qE '^ +columns +number +values +bytes$' "$OUT" || fail "there is no table of columns"
grep -qE '^ +(numbers|patterns)' "$OUT" || fail "there are no numbers"
cp "$OUT" "$SCRATCH/coded"
pith --explain -v --codec log a.log
expect_rc 0
grep '^       ' "$SCRATCH/coded" | tail -n +2 >"$SCRATCH/a"
grep '^       ' "$OUT" | grep -v ' x log ' | tail -n +2 >"$SCRATCH/b"
expect_same "$SCRATCH/a" "$SCRATCH/b"

check "without -v there are no details"
make_model
pith -5 model.safetensors
pith --explain model.safetensors.pith
! grep -q 'H(exp)' "$OUT" || fail "there are"

finish
