"""The unit of fixed-point numbers: shares, weights and scores are integers in millionths."""

from __future__ import annotations

MILLION = 1_000_000
