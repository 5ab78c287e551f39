#!/usr/bin/env bash
# Runs cases/behaviour.sh with pith and with other programs, and prints a table: which row does
# which program pass?
#
#     PITH=build/pith tests/cli/compare_peers.sh [-v] [PEER...]
#
# PEER: pith, gzip, xz, zstd, 7z (default: all that are installed). -v tells the reason of every
# failure below the table. A row that this machine cannot judge (no root, no strace) is a dash;
# "none": the program does not do that at all (7z writes archives, and none to standard output).
set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${PITH:?is the program to test}"
verbose=
[ "${1:-}" != -v ] || { verbose=yes; shift; }
[ $# -gt 0 ] || set -- pith gzip xz zstd 7z

results=$(mktemp -d "${TMPDIR:-/tmp}/pith-peers.XXXXXX")
trap 'rm -rf "$results"' EXIT
peers=()
for peer; do
  program=$([ "$peer" = pith ] && echo "$PITH" || command -v "$peer") || {
    echo "$peer is not installed: left out" >&2
    continue
  }
  peers+=("$peer")
  PEER=$peer PITH=$program "$here/cases/behaviour.sh" >"$results/$peer" 2>"$results/$peer.err"
done

{
  printf '%s|' row "${peers[@]}"
  echo
  sed -nE 's/^(not ok|ok) ([^:#]*[^:# ]).*/\2/p' "$results/${peers[0]}" | while IFS= read -r row; do
    printf '%s|' "$row"
    for peer in "${peers[@]}"; do
      if grep -qF "not ok $row: it has no " "$results/$peer"; then
        printf 'none|'
      elif grep -qF "not ok $row: " "$results/$peer"; then
        printf 'FAIL|'
      elif grep -qF "ok $row # SKIPPED" "$results/$peer"; then
        printf -- '-|'
      elif grep -qxF "ok $row" "$results/$peer"; then
        printf 'ok|'
      else
        printf '?|'
      fi
    done
    echo
  done
  printf 'failing rows|'
  for peer in "${peers[@]}"; do printf '%s|' "$(grep '^not ok' "$results/$peer" | grep -vc 'it has no')"; done
  echo
} | column -t -s '|'

if [ -n "$verbose" ]; then
  for peer in "${peers[@]}"; do
    grep '^not ok' "$results/$peer" | sed "s/^not ok/$peer:/"
  done
fi
