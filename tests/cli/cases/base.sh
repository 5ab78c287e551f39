#!/usr/bin/env bash
# --base: a checkpoint is coded as its differences to another one, and needs it to come back.
. "${0%/*}/../lib.sh"

# old.safetensors, new.safetensors (a step later) and other.safetensors: "w" F32 [300,100] and "s"
# BF16 [5000], of which new has the same as old.
make_checkpoints() {
  python -c 'import json, random, struct
def write(name, seed, step):
    r = random.Random(seed)
    w = [r.gauss(0, 0.05) for _ in range(30000)]
    s = r.randbytes(10000)
    r = random.Random(99)
    w = struct.pack("<30000f", *(x + step * r.gauss(0, 1e-5) for x in w))
    header = {"w": {"dtype": "F32", "shape": [300, 100], "data_offsets": [0, 120000]},
              "s": {"dtype": "BF16", "shape": [5000], "data_offsets": [120000, 130000]}}
    text = json.dumps(header).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + w + s)
    open(name + ".w", "wb").write(w)
write("old.safetensors", 1, 0)
write("new.safetensors", 1, 1)
write("other.safetensors", 2, 0)'
}
size_of() { stat -c %s -- "$1"; }

check "a checkpoint is coded against another, and comes back"
make_checkpoints
pith new.safetensors -o alone.pith
expect_rc 0
pith --base old.safetensors new.safetensors
expect_rc 0
expect_silent
expect_at_most "size against a base" "$(size_of new.safetensors.pith)" $(($(size_of alone.pith) * 2 / 3))
pith -d --base old.safetensors new.safetensors.pith -o back
expect_rc 0
expect_silent
expect_same back new.safetensors

check "... at every level, with any number of threads"
make_checkpoints
for level in 1 3 6 7 9; do
  pith -$level -T1 --base old.safetensors new.safetensors -o $level.1.pith
  pith -$level -T4 --base old.safetensors new.safetensors -o $level.4.pith
  expect_same $level.1.pith $level.4.pith
  pith -dc -T3 --base old.safetensors $level.4.pith
  expect_rc 0
  expect_same "$OUT" new.safetensors
done

check "what stayed the same costs next to nothing"
make_checkpoints
pith --base old.safetensors -c old.safetensors
expect_rc 0
expect_at_most "size" "$(size_of "$OUT")" 600

check "without the base nothing is restored"
make_checkpoints
pith --base old.safetensors new.safetensors
pith -d new.safetensors.pith -o back
expect_rc 1
expect_messages 1
expect_stderr_has "is coded against a base of $(size_of old.safetensors) bytes"
expect_stderr_has "--base must name"
expect_no_file back
pith -dc <new.safetensors.pith
expect_rc 1
expect_stdout
pith -t new.safetensors.pith
expect_rc 1

check "with another base nothing is restored"
make_checkpoints
pith --base old.safetensors new.safetensors
pith -d --base other.safetensors new.safetensors.pith -o back
expect_rc 1
expect_messages 1
expect_stderr_has "is coded against another base"
expect_no_file back
pith -dc --base other.safetensors <new.safetensors.pith
expect_rc 1
expect_stdout
pith -t --base other.safetensors new.safetensors.pith
expect_rc 1

check "a base that is not there"
make_checkpoints
pith --base none new.safetensors
expect_rc 1
expect_messages 1
expect_stderr_has none
expect_no_file new.safetensors.pith

check "the base may be a .pith file, both ways"
make_checkpoints
pith old.safetensors
pith --base old.safetensors new.safetensors -o plain.pith
pith --base old.safetensors.pith new.safetensors -o packed.pith
expect_rc 0
expect_same plain.pith packed.pith
rm old.safetensors
pith -dc --base old.safetensors.pith plain.pith
expect_rc 0
expect_same "$OUT" new.safetensors

check "a base that was itself coded against one is refused"
make_checkpoints
pith --base old.safetensors new.safetensors
pith --base new.safetensors.pith other.safetensors
expect_rc 1
expect_stderr_has "is coded against a base"
expect_no_file other.safetensors.pith

check "tests, parts, tensors and explanations"
make_checkpoints
pith --base old.safetensors new.safetensors
pith -t --base old.safetensors new.safetensors.pith
expect_rc 0
pith --range 1000:2000 --base old.safetensors new.safetensors.pith
expect_rc 0
tail -c +1001 new.safetensors | head -c 2000 >part
expect_same "$OUT" part
pith --range 1000:2000 new.safetensors.pith
expect_rc 1
expect_stdout
pith extract --base old.safetensors new.safetensors.pith --tensor w
expect_rc 0
expect_same "$OUT" new.safetensors.w
pith extract new.safetensors.pith --tensor w
expect_rc 1
expect_stdout
pith --explain -v --base old.safetensors new.safetensors.pith
expect_rc 0
expect_stdout_has "differences to the base"
expect_stdout_has "as in the base"
pith --explain -v --base old.safetensors new.safetensors
expect_rc 0
expect_stdout_has "differences to the base"
pith --explain new.safetensors.pith
expect_rc 0

check "the list says that a base is needed"
make_checkpoints
pith --base old.safetensors new.safetensors
pith -l new.safetensors.pith
expect_rc 0
expect_stdout_has "NEEDS BASE"
pith -l --json new.safetensors.pith
expect_stdout_has "\"base\": {\"size\": $(size_of old.safetensors), \"xxh3_128\": "

check "a damaged file is recovered with its base only"
make_checkpoints
pith --base old.safetensors new.safetensors
head -c -30 new.safetensors.pith >cut.pith
pith --recover cut.pith -o back
expect_rc 1
expect_stderr_has "is coded against a base"
expect_no_file back
pith --recover --base other.safetensors cut.pith -o back
expect_rc 1
expect_stderr_has "another base"
expect_no_file back
pith --recover --base old.safetensors cut.pith -o back
expect_same back new.safetensors
pith --reindex --base old.safetensors cut.pith
expect_same cut.pith new.safetensors.pith

check "a base of other tensors is no harm"
make_checkpoints
make_text notes 50000
pith notes -o alone.pith
pith --base old.safetensors notes
expect_rc 0
expect_at_most "size" "$(size_of notes.pith)" $(($(size_of alone.pith) + 200))
pith -dc --base old.safetensors notes.pith
expect_same "$OUT" notes

check "standard input is no base"
make_checkpoints
pith --base - new.safetensors
expect_rc 1
expect_no_file new.safetensors.pith

finish
