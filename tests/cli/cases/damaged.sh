#!/usr/bin/env bash
# Damaged files, and files of a later version of the format.
. "${0%/*}/../lib.sh"

# Three blocks and an index in 599 bytes.
make_blocks() { head -c 8388609 /dev/zero >zeros && "$PITH" -1 -c zeros >z.pith; }
# Three streams of one block each.
make_streams() {
  for part in 1 2 3; do seq "${part}000" "${part}300" | "$PITH" -c; done >s.pith
}
refused() {  # STATUS FILE EDIT...: the edited file is refused with this status, by file and by pipe
  local status=$1 file=$2
  shift 2
  patch edit "$file" edited.pith "$@"
  pith -d edited.pith
  expect_rc "$status"
  expect_messages 1
  expect_stderr_has 'pith: edited.pith: '
  expect_no_file edited
  pith -t < <(cat edited.pith)
  expect_rc "$status"
  expect_messages 1
  expect_stderr_has 'pith: (stdin): '
}

check "an empty input: exit 3"
: >x.pith
pith -d x.pith
expect_rc 3
expect_messages 1
expect_files x.pith
pith -dc </dev/null
expect_rc 3
expect_messages 1
pith -t x.pith
expect_rc 3
pith -l x.pith
expect_rc 3
expect_stdout

check "a file that is something else: exit 3"
make_text x.pith 1000
pith -d x.pith
expect_rc 3
expect_stderr 'pith: x.pith: not a pith file'
expect_files x.pith
pith -t <x.pith
expect_rc 3
pith -l x.pith
expect_rc 3
gzip -c x.pith >y.pith
pith -d y.pith
expect_rc 3
expect_stderr 'pith: y.pith: not a pith file'

check "cut short by one byte"
make_blocks
head -c -1 z.pith >x.pith
pith -d x.pith
expect_rc 3
expect_messages 1
expect_no_file x

check "every length of a file of three streams is refused"
make_streams
size=$(stat -c %s s.pith)
patch cuts s.pith cuts
pith -t cuts/*
expect_rc 3
complete=$("$PITH" -tv cuts/* 2>&1 | grep -c ': ok: ')
expect_equal "complete files among those cut short" "$complete" 2  # where a stream ends
expect_messages "$((size - 2))"

check "every length of a file with an index is refused"
make_blocks
patch cuts z.pith cuts
pith -t cuts/*
expect_rc 3
expect_messages 599

check "every length is refused by -l"
make_blocks
patch cuts z.pith cuts
pith -l cuts/*
expect_rc 3
expect_stdout
expect_messages 599

check "every length of a pipe is refused"
seq 300 | "$PITH" -c >x.pith
patch cuts x.pith cuts 9
cuts=(cuts/*)
[ "${#cuts[@]}" -gt 20 ] || fail "there are ${#cuts[@]} cut files"
for cut in cuts/*; do
  cat "$cut" | "$PITH" -d >"$OUT" 2>"$ERR"
  rc=$?
  expect_rc 3
  expect_messages 1
done

check "500 files with flipped bits are all refused"
make_streams
patch flips s.pith flips 500 7
pith -t flips/*
expect_rc 3
expect_messages 500

check "300 files with flipped bits and an index are all refused"
make_blocks
patch flips z.pith flips 300 8
pith -t flips/*
expect_rc 3
expect_messages 300

check "a cut file restores to nothing, with -c to its sound beginning"
make_text a 9000000
pith -1 a
head -c -100000 a.pith >x.pith
pith -d x.pith
expect_rc 3
expect_no_file x
pith -dc x.pith
expect_rc 3
size=$(stat -c %s "$OUT")
[ "$size" -gt 0 ] || fail "nothing was written"
cmp -s -n "$size" "$OUT" a || fail "what was written is wrong"

check "a transfer as text is recognised"
make_text a 1000
"$PITH" -c a | sed 's/\r$//' >x.pith
pith -d x.pith
expect_rc 3
expect_messages 1

check "a later version of the format: exit 4, naming it"
make_blocks
refused 4 z.pith header.version=2
expect_stderr_has 2

check "a required feature of the future: exit 4"
make_blocks
refused 4 z.pith header.features=2
refused 4 z.pith header.features=128

check "an unknown codec: exit 4, naming codec and blocks, before a byte is written"
make_blocks
patch edit z.pith x.pith frame.1.codec=17 index.make
pith -dc x.pith
expect_rc 4
expect_stdout
expect_messages 1
expect_stderr_has 'codec 17'
expect_stderr_has 'blocks 1 of 3'

check "... from a pipe it stops at the block"
make_blocks
patch edit z.pith x.pith frame.2.codec=17 index.make
cat x.pith | "$PITH" -d >"$OUT" 2>"$ERR"
rc=$?
expect_rc 4
expect_messages 1
expect_stderr_has 'codec 17'
expect_size "$OUT" 8388608

check "... a codec table tells name and version"
make_blocks
patch edit z.pith x.pith frame.1.codec=17 frame.2.codec=17 "frame.0.insert=4:11000004 0578796c6f6e" index.make
pith -t x.pith
expect_rc 4
expect_stderr_has "needs codec 17 'xylon', pith >= 0.4"
expect_stderr_has "blocks 1-2 of 3"

check "... -l lists the file"
make_blocks
patch edit z.pith x.pith frame.1.codec=17 index.make
pith -l x.pith
expect_rc 0
expect_stdout_has 8388609

check "an unknown kind of frame that must be understood: exit 4"
make_blocks
refused 4 z.pith frame.1.insert=6:00112233 index.make
refused 4 z.pith frame.1.insert=127:00112233 index.make

check "an unknown kind of frame that may be skipped is skipped"
make_blocks
patch edit z.pith x.pith frame.1.insert=128:00112233 index.make
pith -d x.pith
expect_rc 0
expect_silent
expect_same x zeros
patch edit z.pith y.pith frame.3.insert=255: frame.0.insert=5:aa index.make
pith -dc < <(cat y.pith)
expect_rc 0
expect_same "$OUT" zeros

check "... but not without its checks"
make_blocks
patch edit z.pith x.pith frame.1.insert=128:00112233 index.make
offset=$(python "$CLI_TESTS/patch.py" show x.pith | sed -n 's/^frame.1 \([0-9]*\) .*/\1/p')
poke x.pith $((offset + 41)) '\377'
pith -t x.pith
expect_rc 3

check "kind 0 is damage"
make_blocks
refused 3 z.pith frame.1.kind=0

check "block and memory sizes out of range are damage"
make_blocks
refused 3 z.pith header.block_log=31
refused 3 z.pith header.block_log=11
refused 3 z.pith header.memory_log=27
refused 3 z.pith header.block_log=12
refused 3 z.pith header.memory_log=0

check "a block larger than its stream allows is damage"
make_blocks
refused 3 z.pith frame.0.raw_size=4194305
refused 3 z.pith frame.0.raw_size=0
refused 3 z.pith frame.0.raw_size=0xffffffff

check "a payload larger than its block is damage"
printf 'some text' | "$PITH" --codec stored -c >x.pith
refused 3 x.pith frame.0.raw_size=8

check "blocks out of order, missing or doubled are damage"
make_blocks
refused 3 z.pith frame.0.swap=1 index.make
refused 3 z.pith frame.1.drop index.make
refused 3 z.pith frame.1.double index.make
refused 3 z.pith frame.2.drop index.make

check "a wrong raw offset is damage"
make_blocks
refused 3 z.pith frame.1.raw_offset=1 index.make

check "a wrong hash of a block is damage"
make_blocks
refused 3 z.pith frame.1.raw_hash=1 index.make

check "a wrong hash of the content is damage"
make_blocks
refused 3 z.pith trailer.hash_low=1
refused 3 z.pith trailer.hash_high=1

check "wrong sizes in the trailer are damage"
make_blocks
refused 3 z.pith trailer.raw_size=8388608
refused 3 z.pith trailer.stream_size=598
refused 3 z.pith trailer.stream_size=0xffffffffffffffff
refused 3 z.pith trailer.index_size=0
refused 3 z.pith trailer.index_size=103
refused 3 z.pith trailer.raw_size=0xffffffffffffffff

check "a block whose declared memory is too small is damage"
make_blocks
refused 3 z.pith frame.0.memory=0

check "a changed payload with a right CRC is damage"
make_text a 1000
"$PITH" --codec stored -c a >x.pith
refused 3 x.pith payload.0.500=0

check "an index that does not match the blocks is damage"
make_blocks
refused 3 z.pith index.0.0=1
refused 3 z.pith index.1.12=1
pith -l edited.pith
pith --range 0:10 edited.pith  # does not touch block 1
pith --range 4194304:10 edited.pith
expect_rc 3
expect_stdout

check "an index is not needed"
make_blocks
patch edit z.pith x.pith index.drop
pith -d x.pith
expect_rc 0
expect_same x zeros
pith -l x.pith
expect_rc 0
expect_stdout_has 8388609
pith --range 4194300:10 x.pith
expect_size "$OUT" 10

check "another salt is damage: the frames are of another stream"
make_blocks
python - z.pith x.pith "$CLI_TESTS" <<'END'
import sys
sys.path.insert(0, sys.argv[3])
import patch, struct
data = bytearray(open(sys.argv[1], "rb").read())
data[12] ^= 1
data[16:20] = struct.pack("<I", patch.crc32c(data[:16]))
open(sys.argv[2], "wb").write(data)
END
pith -t x.pith
expect_rc 3

check "a message names the block and its place"
make_blocks
cp z.pith x.pith
poke x.pith 260 XX
pith -t x.pith
expect_rc 3
expect_stderr 'pith: x.pith: block 1 at byte 211: the payload is damaged'

check "-d of a damaged file leaves no output and keeps the input"
make_blocks
poke z.pith 260 XX
cp z.pith before
pith -d --rm z.pith
expect_rc 3
expect_same z.pith before
expect_files before z.pith zeros

finish
