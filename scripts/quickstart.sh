#!/bin/sh
# From a fresh checkout to a compressed and restored file: installs what is missing, builds
# build/pith, and shows compressing, listing and restoring.
#   scripts/quickstart.sh [FILE]     (FILE: what to show it on; this project's sources by default)
set -eu
cd "$(dirname "$0")/.."

scripts/install_deps.sh
cmake --preset release
cmake --build --preset release --target pith

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
  sample=$(basename -- "$1")
  cp -- "$1" "$work/$sample"
else
  sample=pith-src.tar
  tar -cf "$work/$sample" --sort=name --exclude=codecs/text/packs base codecs container formats cli docs
fi
PATH=$PWD/build:$PATH
cd "$work"

set -x
pith -v "$sample"
pith -l "$sample.pith"
pith -d -c "$sample.pith" | cmp - "$sample"
{ set +x; } 2>/dev/null
echo "restored: the same bytes. The program is build/pith"
