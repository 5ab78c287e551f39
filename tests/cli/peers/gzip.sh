# shellcheck shell=bash
# The verbs of cases/behaviour.sh for gzip. It has no threads.
suffix=gz
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
verb_recursive() { argv=("$PITH" -1kr -- "$1"); }
verb_list() { argv=("$PITH" -l -- "$1"); }
