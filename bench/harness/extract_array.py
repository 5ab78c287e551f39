#!/usr/bin/env python3
"""Writes one variable of a NetCDF, HDF5 or npy file as .npy, little-endian, as it is stored.

    extract_array.py FILE [VARIABLE] > OUT
"""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import with_numpy  # noqa: E402

if __name__ == "__main__":
    source = Path(sys.argv[1])
    with_numpy.ensure(*([] if source.suffix == ".npy" else ["netCDF4"]))
    import numpy

    from harness import array_values

    try:
        values, _ = array_values.read(source, sys.argv[2] if len(sys.argv) > 2 else "")
    except (OSError, KeyError) as error:
        sys.exit(f"extract_array: {source}: {error}")
    numpy.save(sys.stdout.buffer, values)
