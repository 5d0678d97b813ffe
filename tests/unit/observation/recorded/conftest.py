"""Makes the modules of this folder importable."""

from __future__ import annotations

import sys
from pathlib import Path

# The tests are collected without packages.
sys.path.insert(0, str(Path(__file__).parent))
