"""Types of the NumPy arrays that the vectorized evaluator works on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST = (1 << 63) - 1
"""The largest whole number of an array."""

Numbers = npt.NDArray[np.int64]
"""Whole numbers: amounts, scores, positions."""

Mask = npt.NDArray[np.bool_]
"""True where a node, or a state of nodes, passes or is chosen."""

Values = npt.NDArray[Any]
"""Numbers that are whole or in floats, as the caller wants them."""
