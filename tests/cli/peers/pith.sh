# shellcheck shell=bash
# The verbs of cases/behaviour.sh for pith. Each sets `argv`; $PITH is the program.
suffix=pith
verb_compress() { argv=("$PITH" -1 -- "$1"); }
verb_compress_remove() { argv=("$PITH" -1 --rm -- "$1"); }
verb_compress_force() { argv=("$PITH" -1f -- "$1"); }
verb_compress_several() { argv=("$PITH" -1 -- "$@"); }
verb_compress_out() { argv=("$PITH" -1c -- "$1"); }
verb_compress_pipe() { argv=("$PITH" -1); }
verb_decompress() { argv=("$PITH" -d -- "$1"); }
verb_decompress_force() { argv=("$PITH" -df -- "$1"); }
verb_decompress_out() { argv=("$PITH" -dc -- "$1"); }
verb_decompress_pipe() { argv=("$PITH" -d); }
verb_recursive() { argv=("$PITH" -1r -- "$1"); }
verb_threads() { argv=("$PITH" -1c -T"$1" -- "$2"); }
verb_list() { argv=("$PITH" -l -- "$1"); }
