"""Types of the NumPy arrays that the vectorized evaluator works on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


Mask = npt.NDArray[np.bool_]


Values = npt.NDArray[Any]
