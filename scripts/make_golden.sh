#!/bin/sh
# Writes tests/golden/vVERSION: the golden files of the current version and the sums of what they
# hold. Files of a version that was released are never written again.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^project(pith VERSION \([0-9]*\.[0-9]*\)\..*/\1/p' CMakeLists.txt)
folder=tests/golden/v$version
cmake --build --preset release --target make_golden
mkdir -p "$folder"
build/make_golden "$folder"
(
  cd "$folder"
  for raw in *.raw; do
    sha256sum "$raw" | sed 's/\.raw$//'
  done > SHA256SUMS
  rm -- *.raw
)
echo "$folder: $(wc -l < "$folder/SHA256SUMS") files"
