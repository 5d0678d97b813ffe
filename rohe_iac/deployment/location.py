"""Location: which place a target leads to, and whose stack is there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """What a target leads to now.

    Attributes:
        id: What tells it from all others for good, such as the uid of a cluster; "" where that is not known, or where
            there are no others.
        words: What people know it by, such as `the cluster of the context edge (https://10.0.0.1:6443)`.
    """

    id: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class FoundStack:
    """A stack that is on the target, whoever applied it.

    Attributes:
        project: Project id of its blueprint, "" where that is not known.
        place: Where it is, in words.
        applied: Who applied it last and when, such as `ann@pc-7 on 2026-11-29 at 21:30 UTC`; "" where nobody knows.
    """

    project: str
    place: str
    applied: str
