"""The nearest name to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from functools import lru_cache

from rohe_iac.blueprint.hints.writing import quoted_text

MAX_NAMES = 500
"""The most names that are searched: among more it would take too long, and be a guess."""


def did_you_mean(written: str, allowed: Iterable[str]) -> str:
    """Returns `did you mean 'x'?` for the nearest allowed name, else the allowed names where they are few, else "".

    Distance is counted in edits (insert, delete, replace, swap neighbours), at most a third of the longer name; case is
    ignored.
    """
    if isinstance(allowed, Sized) and len(allowed) > MAX_NAMES:
        return ""
    names = sorted(set(allowed))
    best = nearest(written, names)
    if best:
        return f"did you mean {quoted_text(best)}?"
    if names and len(names) <= 12:
        return f"there {'is' if len(names) == 1 else 'are'}: {', '.join(names)}"
    return ""


def nearest(written: str, names: Iterable[str]) -> str:
    """Returns the nearest of `names`, or "" where none is near."""
    names = tuple(names)
    return _nearest(written, names) if len(written) <= 64 and len(names) <= MAX_NAMES else ""


@lru_cache(maxsize=256)
def _nearest(written: str, names: tuple[str, ...]) -> str:
    best, best_distance = "", 10**9
    stripped = _without_hyphens(written.lower().replace("_", ""))
    letters = _letter_bits(stripped)
    for name in names:
        longer = max(len(name), len(written))
        if longer <= 2 or abs(len(name) - len(written)) > longer // 3 + 1:
            continue
        limit = min(max(1, longer // 3), best_distance - 1)
        candidate = _without_hyphens(name.lower())
        candidate_letters = _letter_bits(candidate)
        # Each edit removes at most one letter that only one of the names has, so their number is a lower bound.
        if (letters & ~candidate_letters).bit_count() > limit or (candidate_letters & ~letters).bit_count() > limit:
            continue
        if (distance := _edit_distance(stripped, candidate, limit)) <= limit:
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


def _edit_distance(left: str, right: str, limit: int) -> int:
    """Returns the number of edits between two names; some number above `most` where there are more."""
    previous: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before_previous, previous, row = previous, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b))
            if before_previous and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before_previous[j - 2] + 1)
            row.append(cost)
        # A swap of neighbours reaches back two rows.
        if min(row) > limit and min(previous) > limit:
            return limit + 1
    return row[-1]
