"""User functions: a function of a user's file, named `file.py:function`, loaded when it is first run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.user_modules import split_reference


class UnusableFunction(RoheError):
    """A user module cannot be loaded, or does not have the function that is named."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A loaded function.

    Attributes:
        reference: `file.py:function`, as the contract names it.
        function: The function.
    """

    reference: str
    function: Callable[..., Any]


def load_user_function(reference: str, root: Path | None = None) -> UserFunction:
    """Runs the file of a reference and returns the function.

    Args:
        reference: `file.py:function`.
        root: Folder that the path is relative to; the working folder by default.

    Raises:
        UnusableFunction: The reference is malformed, the file raises any exception, or the function is missing.
    """
    try:
        path, name = split_reference(reference)
    except ValueError as error:
        raise UnusableFunction(str(error), hint="write it as path/to/file.py:function") from error
    file = (root or Path()) / path
    specification = importlib.util.spec_from_file_location(f"rohe_user_{file.stem}", file)
    if specification is None or specification.loader is None:
        raise UnusableFunction(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        # The file is the user's code: any exception of it is a fault of the module.
        raise UnusableFunction(f"the user module {file} cannot be loaded: {type(error).__name__}: {error}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise UnusableFunction(f"the user module {file} has no function '{name}'")
    return UserFunction(reference, function)
