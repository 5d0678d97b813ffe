"""`rohe validate`: every fault of every document at once, from the files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rohe_iac.blueprint.loading import CheckResult, check


def validate_paths(paths: Sequence[Path], *, allow_missing_references: bool = False) -> CheckResult:
    """Checks the blueprint that a folder belongs to, or only the named files.

    Args:
        paths: one folder, or files.
        allow_missing_references: report references to what does not exist as notes, not as errors.

    Raises:
        UsageError: a path does not exist, or has no document.
    """
    return check(paths, allow_missing_references=allow_missing_references)
