# shellcheck shell=bash
# The verbs of cases/behaviour.sh for zstd.
suffix=zst
verb_compress() { argv=("$PITH" -1 -q -- "$1"); }
verb_compress_remove() { argv=("$PITH" -1 -q --rm -- "$1"); }
verb_compress_force() { argv=("$PITH" -1 -q -f -- "$1"); }
verb_compress_several() { argv=("$PITH" -1 -q -- "$@"); }
verb_compress_out() { argv=("$PITH" -1 -q -c -- "$1"); }
verb_compress_pipe() { argv=("$PITH" -1 -q); }
verb_decompress() { argv=("$PITH" -d -q -- "$1"); }
verb_decompress_force() { argv=("$PITH" -d -q -f -- "$1"); }
verb_decompress_out() { argv=("$PITH" -d -q -c -- "$1"); }
verb_decompress_pipe() { argv=("$PITH" -d -q); }
verb_recursive() { argv=("$PITH" -1 -q -r -- "$1"); }
verb_threads() { argv=("$PITH" -1 -q -c -T"$1" -- "$2"); }
verb_list() { argv=("$PITH" -lv -- "$1"); }
