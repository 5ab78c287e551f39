"""Chooses, from several works, the passages that cover most of what the works share.

A pack should teach a model what an unseen text of the same kind will hold. What occurs in several
works of the pool is likely to occur in one outside it too; so the value of a passage is the sum over
its n-grams (words, or tokens of source) of the number of *other* works that use them, each n-gram
counted once over the whole choice. Greedy choice, value per byte first (the cover problem).
"""

import re
from collections import defaultdict

WORD = re.compile(r"[A-Za-z']+|[0-9]+|[^\sA-Za-z0-9]+|\n\s*")


def split(text: str, size: int, boundary: str = "\n\n") -> list[str]:
    """Passages of about `size` characters, cut at `boundary` only."""
    passages, current = [], ""
    for part in text.split(boundary):
        current += part + boundary
        if len(current) >= size:
            passages.append(current)
            current = ""
    return passages


def ngrams(passage: str, longest: int) -> set[tuple[str, ...]]:
    tokens = WORD.findall(passage)
    return {
        tuple(tokens[i : i + n]) for n in range(1, longest + 1) for i in range(len(tokens) - n + 1)
    }


def choose(works: dict[str, list[str]], total: int, longest: int = 4,
           limits: dict[str, int] | None = None) -> dict[str, list[int]]:
    """Numbers of the chosen passages of each work, in the order of the work; `total` characters."""
    limits = limits or {}
    grams = {(w, i): ngrams(p, longest) for w, ps in works.items() for i, p in enumerate(ps)}
    users: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for (work, _), found in grams.items():
        for gram in found:
            users[gram].add(work)
    worth = {g: len(u) - 1 for g, u in users.items() if len(u) > 1}
    left = {key: {g for g in found if g in worth} for key, found in grams.items()}
    value = {key: sum(worth[g] for g in found) / len(works[key[0]][key[1]])
             for key, found in left.items()}
    chosen: dict[str, list[int]] = {w: [] for w in works}
    used: dict[str, int] = dict.fromkeys(works, 0)
    size, covered = 0, set()
    # Values only fall, so the best one whose value is up to date is the best of all.
    order = sorted(value, key=lambda k: (-value[k], k))
    stale = dict.fromkeys(value, 0)
    while order and size < total:
        key = order[0]
        work, index = key
        length = len(works[work][index])
        if used[work] + length > limits.get(work, total):
            order.pop(0)
            continue
        if stale[key] != len(covered):
            left[key] -= covered
            value[key] = sum(worth[g] for g in left[key]) / length
            stale[key] = len(covered)
            order.pop(0)
            low, high = 0, len(order)
            while low < high:
                middle = (low + high) // 2
                other = order[middle]
                if (-value[other], other) < (-value[key], key):
                    low = middle + 1
                else:
                    high = middle
            order.insert(low, key)
            continue
        order.pop(0)
        chosen[work].append(index)
        covered |= left[key]
        used[work] += length
        size += length
    return {w: sorted(c) for w, c in chosen.items()}
