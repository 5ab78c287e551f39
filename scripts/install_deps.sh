#!/bin/sh
# Installs what building and testing pith needs on Debian 12. Installs nothing that is there already.
#   scripts/install_deps.sh           what the build and the tests need
#   scripts/install_deps.sh --bench   and the peers that bench/compare and bench/distortion run against
set -eu

packages="
  cmake ninja-build g++ clang clang-format clang-tidy libclang-rt-14-dev
  libzstd-dev libxxhash-dev zlib1g-dev libdivsufsort-dev libhwy-dev libfmt-dev libexpected-dev
  libcli11-dev libre2-dev libsimdjson-dev libhdf5-dev libpng-dev
  libavcodec-dev libavutil-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  python3 python3-h5py python3-netcdf4 hdf5-tools zstd tar gzip xz-utils util-linux mandoc
"
peers="
  zstd xz-utils gzip pigz bzip2 plzip lz4 brotli bzip3 p7zip-full zpaq lrzip
  zfp python3-blosc ffmpeg libjxl-tools python3-numpy python3-netcdf4
"

case "${1-}" in
  "") ;;
  --bench) packages="$packages $peers" ;;
  *)
    echo "usage: scripts/install_deps.sh [--bench]" >&2
    exit 1
    ;;
esac

missing=""
for package in $packages; do
  status=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  case "$status" in
    ii*) ;;
    *) missing="$missing $package" ;;
  esac
done
if [ -z "$missing" ]; then
  echo "install_deps: everything is installed"
  exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
  root=""
elif command -v sudo >/dev/null; then
  root="sudo"
else
  echo "install_deps: needs root to install:$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "install_deps: installing$missing"
$root apt-get update -qq
# shellcheck disable=SC2086  # the list is meant to be split
$root apt-get install -y -qq --no-install-recommends $missing
