#!/usr/bin/env bash
# Together with tar.
. "${0%/*}/../lib.sh"

command -v tar >/dev/null || skip_all "there is no tar"

make_tree() {
  mkdir -p d/sub
  make_text d/text 50000
  make_random d/sub/noise 20000
  : >d/empty
  ln -s text d/link
  ln d/text d/hard
  make_text "d/$(printf 'n%.0s' {1..120})" 3000
  chmod 600 d/sub/noise
}

check "tar -I pith packs and unpacks"
make_tree
tar -I "$PITH" -cf x.tar.pith d 2>"$ERR" || fail "packing: $(shown "$ERR")"
mkdir back
tar -C back -I "$PITH" -xf x.tar.pith 2>"$ERR" || fail "unpacking: $(shown "$ERR")"
diff -r d back/d >"$OUT" || fail "the trees differ: $(shown "$OUT")"
expect_equal mode "$(stat -c %a back/d/sub/noise)" 600
expect_equal link "$(readlink back/d/link)" text

check "tar -I with options"
make_tree
tar -I "$PITH -9 -T2" -cf x.tar.pith d || fail "packing"
tar -I "$PITH" -tf x.tar.pith >names || fail "listing"
grep -qx d/sub/noise names || fail "an entry is missing: $(shown names)"

check "tar | pith and pith -dc | tar"
make_tree
tar -cf - d | "$PITH" >x
mkdir back
"$PITH" -dc x | tar -C back -xf - || fail "unpacking"
diff -r d back/d >"$OUT" || fail "the trees differ: $(shown "$OUT")"

check "a tar file is restored to the byte, in all formats of tar"
make_tree
for format in v7 oldgnu gnu ustar pax; do
  tar --format="$format" -cf "$format.tar" --exclude='nnn*' d 2>"$ERR"
  pith -c "$format.tar"
  "$PITH" -dc <"$OUT" >back
  expect_same back "$format.tar"
done

check "a tar file that is cut short or damaged is restored to the byte"
make_tree
tar -cf x.tar d
size=$(stat -c %s x.tar)
for length in 1 511 512 513 1000 30000 $((size - 1)); do
  head -c "$length" x.tar >short
  pith -c short
  expect_rc 0
  "$PITH" -dc <"$OUT" >back
  expect_same back short
done
for offset in 0 100 124 130 148 156 257 512; do
  cp x.tar bad
  poke bad "$offset" '\377\377\377\377'
  pith -c bad
  expect_rc 0
  "$PITH" -dc <"$OUT" >back
  expect_same back bad
done

check "bytes behind a tar file are kept"
make_tree
tar -cf x.tar d
echo more >>x.tar
pith -c x.tar
"$PITH" -dc <"$OUT" >back
expect_same back x.tar

check "a sparse tar file"
truncate -s 3M hole
tar -S -cf x.tar hole
pith -c x.tar
"$PITH" -dc <"$OUT" >back
expect_same back x.tar

check "tar stops reading early"
make_tree
make_random d/zzz 3000000
tar -I "$PITH" -cf x.tar.pith d
tar -I "$PITH" --occurrence=1 -xOf x.tar.pith d/text >got 2>"$ERR" || fail "$(shown "$ERR")"
expect_same got d/text

check "tar reports a damaged archive"
make_tree
tar -I "$PITH" -cf x.tar.pith d
poke x.tar.pith 300 XXXX
if tar -I "$PITH" -tf x.tar.pith >"$OUT" 2>"$ERR"; then fail "tar did not notice"; fi

finish
