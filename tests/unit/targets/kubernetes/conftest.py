"""What the tests of the target `kubernetes` share."""

from __future__ import annotations

import sys
from pathlib import Path

# The tests are collected without packages, so the modules that they share are imported from this folder.
sys.path.insert(0, str(Path(__file__).parent))
