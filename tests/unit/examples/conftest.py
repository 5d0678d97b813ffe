"""The examples' own packages, importable as their processes import them: from the example's folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "digits"))
