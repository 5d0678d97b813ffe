"""The names of strategies and scorers that a stack can choose."""

from __future__ import annotations

PORTFOLIO, EXACT = "portfolio", "exact"

FIRST_FIT, BEST_FIT, WORST_FIT = "first-fit", "best-fit", "worst-fit"


DOT_PRODUCT, FRAGMENTATION = "dot-product", "fragmentation"

STRATEGIES = (FIRST_FIT, BEST_FIT, WORST_FIT, DOT_PRODUCT, FRAGMENTATION, PORTFOLIO, EXACT)
"""The strategies that a stack can name."""

SCORERS = ("cpu", "memory", "accelerator", "open", "wishes", "taints", "fragmentation", "interference")
"""The names of the built-in scorers, in the order of their parts."""
