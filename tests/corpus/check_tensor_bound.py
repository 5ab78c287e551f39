#!/usr/bin/env python3
"""The bound of exponents: every bf16 tensor of 64 Ki elements or more, in any file below
PITH_CORPUS, takes at level 5 at most the order-0 entropy of its exponents, 8 bits for sign and
mantissa, and 0.1 % of its size.

  tests/corpus/check_tensor_bound.py [-v]      -v prints every tensor

Without PITH_CORPUS, or without such a tensor below it, nothing is checked; the exit status is 77.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

LEAST_ELEMENTS = 65536
ALLOWANCE = 0.001  # of the tensor's bytes


def exponent_entropy(data: bytes) -> float:
    """Bits for each number."""
    words = memoryview(data).cast("H")
    counts = Counter()
    for word, count in Counter(words).items():
        counts[word >> 7 & 0xFF] += count
    return -sum(n * math.log2(n / len(words)) for n in counts.values()) / len(words)


def tensors_of(pith: str, path: Path) -> tuple[int, list[dict]]:
    with tempfile.TemporaryDirectory() as folder:
        coded = Path(folder) / "coded.pith"
        subprocess.run([pith, "-5", "--no-sync", "-o", coded, path], check=True)
        listed = subprocess.run([pith, "extract", "--list-tensors", "--json", coded], check=True,
                                stdout=subprocess.PIPE)
        return coded.stat().st_size, json.loads(listed.stdout)["tensors"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    corpus = os.environ.get("PITH_CORPUS")
    if not corpus:
        print("SKIPPED: PITH_CORPUS is not set, so no real file was checked", file=sys.stderr)
        return 77
    pith = os.environ.get("PITH", "build/pith")
    checked = failures = 0
    for path in sorted(Path(corpus).rglob("*")):
        if path.suffix not in (".safetensors", ".gguf", ".pt", ".pth", ".onnx"):
            continue
        data = path.read_bytes()
        size, tensors = tensors_of(pith, path)
        whole = bound_bytes = coded_bytes = 0
        for tensor in tensors:
            if tensor["dtype"] != "BF16" or tensor["size"] < 2 * LEAST_ELEMENTS:
                continue
            raw = data[tensor["offset"] : tensor["offset"] + tensor["size"]]
            bound = (exponent_entropy(raw) + 8) / 16
            part = tensor["compressed_size"] / tensor["size"]
            checked += 1
            whole += tensor["size"]
            bound_bytes += bound * tensor["size"]
            coded_bytes += tensor["compressed_size"]
            failed = part > bound + ALLOWANCE
            failures += failed
            if failed or arguments.verbose:
                print(f"{'FAILED' if failed else 'ok'} {path.name} {tensor['name']}: "
                      f"{100 * part:.3f} %, bound {100 * bound:.3f} %")
        if whole:
            print(f"{path.name}: bf16 tensors of {whole} bytes take {100 * coded_bytes / whole:.3f} %, "
                  f"bound {100 * bound_bytes / whole:.3f} %; the file {100 * size / len(data):.3f} %")
    if not checked:
        print("SKIPPED: there is no such tensor below PITH_CORPUS", file=sys.stderr)
        return 77
    print(f"{checked} tensors, {failures} above the bound")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
