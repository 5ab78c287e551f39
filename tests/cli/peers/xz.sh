# shellcheck shell=bash
# The verbs of cases/behaviour.sh for xz. It does not go into folders.
suffix=xz
verb_compress() { argv=("$PITH" -1k -- "$1"); }
verb_compress_remove() { argv=("$PITH" -1 -- "$1"); }
verb_compress_force() { argv=("$PITH" -1kf -- "$1"); }
verb_compress_several() { argv=("$PITH" -1k -- "$@"); }
verb_compress_out() { argv=("$PITH" -1c -- "$1"); }
verb_compress_pipe() { argv=("$PITH" -1); }
verb_decompress() { argv=("$PITH" -dk -- "$1"); }
verb_decompress_force() { argv=("$PITH" -dkf -- "$1"); }
verb_decompress_out() { argv=("$PITH" -dc -- "$1"); }
verb_decompress_pipe() { argv=("$PITH" -d); }
verb_threads() { argv=("$PITH" -1c -T"$1" -- "$2"); }
verb_list() { argv=("$PITH" --robot -l -- "$1"); }
