#!/bin/sh
# Runs clang-tidy over the sources (or the files that are named). Needs a configured build/.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
  # shellcheck disable=SC2046  # file names here have no spaces
  set -- $(git ls-files 'base/*.cpp' 'codecs/*.cpp' 'formats/*.cpp' 'container/*.cpp' 'cli/*.cpp')
fi
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 clang-tidy -p build --quiet
