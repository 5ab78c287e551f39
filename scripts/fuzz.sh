#!/bin/sh
# Searches for inputs that break a fuzz target.
#   scripts/fuzz.sh SECONDS [TARGET …]     (targets: all, or names such as container)
# New interesting inputs go to build-fuzz/corpus; a finding ends the run and is left in build-fuzz.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET ...]}
shift

cmake --preset fuzz
cmake --build --preset fuzz
if [ $# -eq 0 ]; then
  for source in tests/fuzz/*_fuzz.cpp; do
    set -- "$@" "$(basename "$source" _fuzz.cpp)"
  done
fi
for target in "$@"; do
  echo "== $target, $seconds s"
  mkdir -p "build-fuzz/corpus/$target"
  "build-fuzz/${target}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -max_len=100000 -artifact_prefix="build-fuzz/$target-" -print_final_stats=1 \
    "build-fuzz/corpus/$target" "tests/fuzz/corpus/$target" tests/golden 2>&1 | tail -n 20
done
