#!/usr/bin/env bash
# extract --list-tensors and --tensor NAME: tensors out of a .pith file, without the rest.
. "${0%/*}/../lib.sh"

# model.safetensors: "embed" F32 [100,64], "layer.0.weight" BF16 [8,16], "layer.1.weight", "scale" [].
make_model() {
  python -c 'import json, random, struct, sys
r = random.Random(3)
shapes = {"embed": ("F32", [100, 64], 25600), "layer.0.weight": ("BF16", [8, 16], 256),
          "layer.1.weight": ("BF16", [8, 16], 256), "scale": ("F32", [], 4)}
header, data = {}, b""
for name, (dtype, shape, size) in shapes.items():
    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + size]}
    data += r.randbytes(size)
    open(name + ".raw", "wb").write(data[-size:])
text = json.dumps(header).encode()
open("model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)'
}

expect_json() {
  python -c 'import json, sys
j = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), f"{sys.argv[2]} is false for {j}"' "$OUT" "$1" 2>"$SCRATCH/why" ||
    fail "$(tail -n 1 "$SCRATCH/why")"
}

check "the list of tensors"
make_model
pith --codec stored model.safetensors
pith extract --list-tensors model.safetensors.pith
expect_rc 0
expect_stderr
expect_stdout_file extract_list.txt

check "... as JSON"
make_model
pith -1 model.safetensors
pith extract --list-tensors --json model.safetensors.pith
expect_rc 0
expect_json "[t['name'] for t in j['tensors']] == ['embed', 'layer.0.weight', 'layer.1.weight', 'scale']"
expect_json "j['tensors'][1]['shape'] == [8, 16] and j['tensors'][1]['dtype'] == 'BF16'"
expect_json "j['tensors'][3]['shape'] == [] and j['tensors'][3]['size'] == 4"
expect_json "sum(t['size'] for t in j['tensors']) + j['tensors'][0]['offset'] == $(stat -c %s model.safetensors)"

check "a tensor, to standard output"
make_model
for level in 1 5; do
  pith -f -$level model.safetensors
  for name in embed layer.0.weight layer.1.weight scale; do
    pith extract model.safetensors.pith --tensor "$name"
    expect_rc 0
    expect_stderr
    expect_same "$OUT" "$name.raw"
  done
done

check "... with -c, with -o, and in front of the file"
make_model
pith model.safetensors
pith extract -c --tensor=embed model.safetensors.pith
expect_same "$OUT" embed.raw
pith extract --tensor embed model.safetensors.pith -o x
expect_rc 0
expect_silent
expect_same x embed.raw
pith extract --tensor scale model.safetensors.pith -o x
expect_rc 1
expect_same x embed.raw

check "without the word extract"
make_model
pith model.safetensors
pith --tensor scale model.safetensors.pith
expect_rc 0
expect_same "$OUT" scale.raw

check "several tensors come in the order in which they were named"
make_model
pith model.safetensors
pith extract --tensor scale --tensor embed --tensor scale model.safetensors.pith
expect_rc 0
cat scale.raw embed.raw scale.raw >want
expect_same "$OUT" want

check "rows"
make_model
pith model.safetensors
rows() {  # RANGE FIRST COUNT
  pith extract --tensor embed --rows "$1" model.safetensors.pith
  expect_rc 0
  expect_stderr
  tail -c +$(($2 * 256 + 1)) embed.raw | head -c $(($3 * 256)) >want
  expect_same "$OUT" want
}
rows 0:1 0 1
rows 10:20 10 10
rows 90: 90 10
rows :5 0 5
rows : 0 100
rows 99:1000 99 1
pith extract --tensor embed --rows 100:200 model.safetensors.pith
expect_rc 0
expect_silent
pith extract --tensor layer.0.weight --tensor layer.1.weight --rows 2:3 model.safetensors.pith
expect_size "$OUT" 64

check "rows that are none"
make_model
pith model.safetensors
for range in 5 5:3 -1:3 a:b 1:2:3; do
  pith extract --tensor embed --rows "$range" model.safetensors.pith
  expect_rc 1
  expect_stdout
done
pith extract --tensor scale --rows 0:1 model.safetensors.pith
expect_rc 1
expect_stdout
expect_stderr "pith: model.safetensors.pith: tensor 'scale' of shape [] cannot be cut into rows"
pith --rows 0:1 model.safetensors.pith
expect_rc 1
expect_stderr_has '--rows needs --tensor'

check "an unknown name: exit 1, with names like it, and nothing written"
make_model
pith model.safetensors
pith extract --tensor layer.2.weight model.safetensors.pith
expect_rc 1
expect_stdout
expect_stderr "pith: model.safetensors.pith: there is no tensor 'layer.2.weight'; similar names: 'layer.0.weight', 'layer.1.weight'"
pith extract --tensor quite_another model.safetensors.pith
expect_stderr "pith: model.safetensors.pith: there is no tensor 'quite_another'; --list-tensors lists what there is"
pith extract --tensor embed --tensor nothing model.safetensors.pith -o x
expect_rc 1
expect_no_file x

check "a file without tensors"
make_text a 1000
pith a
pith extract --list-tensors a.pith
expect_rc 0
expect_stdout "a.pith: text, 0 tensors, 0 bytes, 0 coded"
pith extract --tensor x a.pith
expect_rc 1
expect_stdout
expect_stderr "pith: a.pith: there is no tensor 'x'; the content, of format text, holds none"

check "in a tar, tensors are named after their file"
make_model
mkdir d
mv model.safetensors d
tar -cf x.tar d
pith x.tar
pith extract --tensor d/model.safetensors:embed x.tar.pith
expect_rc 0
expect_same "$OUT" embed.raw

check "from standard input, a pipe too"
make_model
pith model.safetensors
"$PITH" extract --tensor embed <model.safetensors.pith >x
expect_same x embed.raw
cat model.safetensors.pith | "$PITH" extract --tensor embed - >y
expect_same y embed.raw

check "extract is a command only with its options"
make_text extract 1000
pith extract
expect_rc 0
expect_files extract extract.pith
rm extract
pith -d extract.pith
expect_rc 0
rm extract
pith extract
expect_rc 1
expect_stderr_has 'extract needs --tensor NAME or --list-tensors'
pith extract extract.pith
expect_rc 1

check "what excludes each other"
make_model
pith model.safetensors
for options in "--tensor a --list-tensors" "--tensor a -l" "--list-tensors -t" "--tensor a --range 0:1"; do
  # shellcheck disable=SC2086  # the options are meant to be split
  pith extract $options model.safetensors.pith
  expect_rc 1
  expect_stdout
done

check "no .pith file, and a damaged one: exit 3"
make_model
pith model.safetensors
pith extract --list-tensors model.safetensors
expect_rc 3
head -c -10 model.safetensors.pith >x.pith
pith extract --list-tensors x.pith
expect_rc 3
expect_stdout
expect_messages 1

check "only the blocks that are needed are read"
python -c 'import json, random, struct
r = random.Random(1)
header = {f"t{i}": {"dtype": "U8", "shape": [1000000], "data_offsets": [i * 10**6, (i + 1) * 10**6]}
          for i in range(20)}
text = json.dumps(header).encode()
open("m", "wb").write(struct.pack("<Q", len(text)) + text + r.randbytes(20 * 10**6))'
pith -1 m
pith -v extract --tensor t13 m.pith
expect_rc 0
expect_size "$OUT" 1000000
expect_stderr 'pith: m.pith: 1000000 bytes from 2 blocks'

finish
