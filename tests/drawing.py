"""Random numbers of the tests: the same at each run, and fresh ones in a hunt (`make hunt`)."""

from __future__ import annotations

import os
import random

HUNT = os.environ.get("ROHE_HUNT", "")
"""The seed of a hunt; empty where a run decides whether a change may land."""


def generator(seed: int | str) -> random.Random:
    """Returns a generator for one test.

    Args:
        seed: What tells this generator from others; the seed of a hunt is added to it.
    """
    return random.Random(f"{HUNT} {seed}" if HUNT else seed)
