"""The nearest name to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from functools import lru_cache

MOST_NAMES = 500
"""The most names that are searched: among more it would take too long, and be a guess."""


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """Returns `did you mean 'x'?` for the nearest allowed name, else the allowed names where they are few, else "".

    Distance is counted in edits (insert, delete, replace, swap neighbours), at most a third of the longer name; case is
    ignored.
    """
    if isinstance(allowed, Sized) and len(allowed) > MOST_NAMES:
        return ""
    names = sorted(set(allowed))
    best = nearest(found, names)
    if best:
        return f"did you mean '{best}'?"
    if names and len(names) <= 12:
        return f"there {'is' if len(names) == 1 else 'are'}: {', '.join(names)}"
    return ""


def nearest(found: str, names: Iterable[str]) -> str:
    """Returns the nearest of `names`, or "" where none is near."""
    names = tuple(names)
    return _nearest(found, names) if len(found) <= 64 and len(names) <= MOST_NAMES else ""


@lru_cache(maxsize=256)
def _nearest(found: str, names: tuple[str, ...]) -> str:
    best, best_distance = "", 10**9
    wanted = _without_hyphens(found.lower().replace("_", ""))
    letters = _letter_bits(wanted)
    for name in names:
        longer = max(len(name), len(found))
        if longer <= 2 or abs(len(name) - len(found)) > longer // 3 + 1:
            continue
        limit = min(max(1, longer // 3), best_distance - 1)
        other = _without_hyphens(name.lower())
        other_letters = _letter_bits(other)
        # Each edit removes at most one letter that only one of the names has, so their number is a lower bound.
        if (letters & ~other_letters).bit_count() > limit or (other_letters & ~letters).bit_count() > limit:
            continue
        if (distance := _edit_distance(wanted, other, limit)) <= limit:
            best, best_distance = name, distance
            if distance == 0:
                break
    return best


def _without_hyphens(name: str) -> str:
    return name.replace("-", "")


@lru_cache(maxsize=4096)
def _letter_bits(name: str) -> int:
    """Returns one bit for each letter in the name; different letters may share a bit."""
    bits = 0
    for letter in name:
        bits |= 1 << (ord(letter) % 128)
    return bits


def _edit_distance(left: str, right: str, most: int) -> int:
    """Returns the number of edits between two names; some number above `most` where there are more."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if older and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        # A swap of neighbours reaches back two rows.
        if min(row) > most and min(before) > most:
            return most + 1
    return row[-1]
