"""The shared modules of the tests of observation, and a broker that a test may kill."""

from __future__ import annotations

import sys
from pathlib import Path

# The tests are collected without packages, so the modules that they share are imported from these folders.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "observation")]

from limited_memory import limited_group  # noqa: E402 - it lies in one of them
from observed_brokers import own_broker  # noqa: E402

__all__ = ["limited_group", "own_broker"]
