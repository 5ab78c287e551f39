#!/bin/sh
# Fails if a source file is not as clang-format writes it.
set -eu
cd "$(dirname "$0")/.."
git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run --Werror
