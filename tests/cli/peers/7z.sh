# shellcheck shell=bash
# The verbs of cases/behaviour.sh for 7z with its own format, which cannot be written to standard
# output nor read from standard input, and holds folders as one archive.
suffix=7z
verb_compress() { argv=("$PITH" a -mx1 -bso0 -bsp0 -- "$1.7z" "$1"); }
verb_compress_remove() { argv=("$PITH" a -mx1 -bso0 -bsp0 -sdel -- "$1.7z" "$1"); }
verb_compress_force() { argv=(sh -c 'rm -f -- "$2.7z" && "$1" a -mx1 -bso0 -bsp0 -- "$2.7z" "$2"' sh "$PITH" "$1"); }
verb_decompress() { argv=("$PITH" x -bso0 -bsp0 -- "$1"); }
verb_decompress_force() { argv=("$PITH" x -y -bso0 -bsp0 -- "$1"); }
verb_decompress_out() { argv=("$PITH" x -so -bsp0 -- "$1"); }
verb_list() { argv=("$PITH" l -- "$1"); }
