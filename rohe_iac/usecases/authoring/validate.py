"""`rohe validate`: every fault of every document at once; needs nothing but the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rohe_iac.blueprint.loading import CheckResult, check


def validate_paths(paths: Sequence[Path], *, allow_missing_references: bool = False) -> CheckResult:
    """Checks the blueprint that holds a folder, or just the files named.

    Errors: UsageError where there is no such path, or nothing to check.
    """
    return check(paths, allow_missing_references=allow_missing_references)
