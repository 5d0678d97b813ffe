"""`rohe validate`: every fault of every document at once, from the files alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.blueprint.loading import CheckResult, check
from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.known_names import known_names


def validated_paths(folder: Path, words: Sequence[Path]) -> tuple[list[Path], str | None]:
    """Returns the paths that words of a command line mean, and the stack if they are the name of one.

    The name of a stack means its whole blueprint.

    Raises:
        UsageError: there is neither a path nor a stack of such a name.
    """
    paths, stacks = [], []
    for word in words:
        path = folder / word
        if not path.exists() and not path.is_symlink() and word.name == str(word):
            names = known_names(folder).stacks
            if str(word) not in names:
                raise UsageError(f"there is no file, folder or stack {word}", hint=did_you_mean(str(word), names))
            path = folder
            stacks.append(str(word))
        paths.append(path)
    return paths, stacks[0] if len(stacks) == len(words) == 1 else None


def validate_paths(
    paths: Sequence[Path],
    *,
    allow_missing_references: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
    stack: str | None = None,
) -> CheckResult:
    """Checks the blueprint that a folder belongs to, or only the named files.

    Args:
        paths: one folder, or files.
        allow_missing_references: report references to what does not exist as notes, not as errors.
        values: values that take the place of those of stacks, by name.
        stack: the stack that they are given to, and that has to have them all; None for every stack.

    Raises:
        UsageError: a path does not exist, or has no document.
    """
    return check(paths, allow_missing_references=allow_missing_references, values=values, stack=stack)
