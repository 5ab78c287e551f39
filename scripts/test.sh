#!/bin/sh
# Installs what is missing, builds everything and runs all tests, those under sanitizers included.
#   scripts/test.sh            all tests
#   scripts/test.sh --quick    the developer's loop: build and unit tests, without sanitizers
set -eu
cd "$(dirname "$0")/.."

scripts/install_deps.sh
case "${1-}" in
  "")
    cmake --preset ci
    cmake --build --preset ci
    ctest --preset ci -j "$(nproc)"
    ;;
  --quick)
    cmake --preset release
    cmake --build --preset release
    ctest --preset release -j "$(nproc)" -L unit
    ;;
  *)
    echo "usage: scripts/test.sh [--quick]" >&2
    exit 1
    ;;
esac
