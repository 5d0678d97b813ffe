"""The callables of user modules and of installed distributions: found, loaded, and identified by a digest."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.user_modules import MAX_BYTES, split_reference

IMPORT_HINT = "user modules import rohe_iac.plugins for Candidate and its kin; install other modules beside rohe"
"""The next step after a failed import in a user module."""


class UnloadableModule(RoheError):
    """A module of the user or of an installed distribution cannot be loaded, or lacks the name that is referred to."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class Loaded:
    """A callable and where it comes from.

    Attributes:
        call: The callable itself.
        place: `path.py:line`, or the distribution and its version.
        file: The file of its code; "" where an installed callable has no source file.
        sha256: The digest of the file's bytes; "" where there is no file.
    """

    call: Callable[..., Any]
    place: str
    file: str
    sha256: str


def load_from_path(reference: str, root: Path) -> Loaded:
    """Runs the file of `path.py:name` (relative to the root) and returns the callable; of a class an instance.

    What is run is exactly what is hashed: no compiled copy is read or written.

    Raises:
        UnloadableModule: The reference or the file cannot be used, whatever the file raises.
    """
    try:
        path, name = split_reference(reference)
    except ValueError as error:
        raise UnloadableModule(str(error), hint="for example user_modules/file.py:name") from error
    file = root / path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnloadableModule(
            f"cannot read {path}: {error.strerror}", hint="paths start at the blueprint's root"
        ) from error
    if len(content) > MAX_BYTES:
        raise UnloadableModule(f"{path} is larger than {MAX_BYTES // 2**10} KiB")
    digest = sha256_hex(content)
    # Registered under a unique name, since dataclasses and pickle look up the module by name.
    module = types.ModuleType(f"rohe_user_{file.stem}_{digest[:12]}")
    module.__file__ = str(file)
    loaded = sys.modules.setdefault(module.__name__, module)
    if loaded is module:
        try:
            exec(compile(content, str(file), "exec"), module.__dict__)
        except (Exception, SystemExit) as error:
            # The file is the user's: whatever it raises is a fault of the module.
            del sys.modules[module.__name__]
            raise UnloadableModule(
                f"the user module {path} cannot be loaded",
                detail=f"{path}:{_error_line(error, str(file))}: {type(error).__name__}: {error}",
                hint=IMPORT_HINT if isinstance(error, ImportError) else "",
            ) from error
    target = getattr(loaded, name, None)
    call = _callable_of(target, reference)
    return Loaded(call, f"{path}:{_first_line(target)}", str(file), digest)


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point of an installed distribution.

    Attributes:
        name: The name that blueprints use.
        value: The module and object, as `module:object`.
        distribution: The distribution that declares the entry point, with its version.
        entry: The entry point itself.
    """

    name: str
    value: str
    distribution: str
    entry: metadata.EntryPoint


def installed_callables(group: str) -> tuple[Installed, ...]:
    """Returns the entry points of a group, sorted by name; reads the declarations and imports nothing."""
    entries = []
    for entry in metadata.entry_points(group=group):
        distribution = entry.dist
        owner = (
            f"{distribution.metadata['Name']} {distribution.version}"
            if distribution is not None
            else "an unnamed distribution"
        )
        entries.append(Installed(entry.name, entry.value, owner, entry))
    return tuple(sorted(entries, key=lambda entry: (entry.name, entry.value, entry.distribution)))


def load_installed(entry: Installed) -> Loaded:
    """Imports an entry point and returns its callable.

    Raises:
        UnloadableModule: Whatever the import raises.
    """
    try:
        target = entry.entry.load()
    except (Exception, SystemExit) as error:
        # Whatever the import raises is a fault of the distribution.
        raise UnloadableModule(
            f"{entry.name} of {entry.distribution} cannot be loaded",
            detail=f"{entry.value}: {type(error).__name__}: {error}",
        ) from error
    file = getattr(sys.modules.get(entry.entry.module), "__file__", None) or ""
    try:
        digest = sha256_hex(Path(file).read_bytes()) if file else ""
    except OSError:
        digest = ""
    return Loaded(_callable_of(target, f"{entry.name} of {entry.distribution}"), entry.distribution, file, digest)


def _callable_of(target: Any, name: str) -> Callable[..., Any]:
    if isinstance(target, type):
        try:
            target = target()
        except (Exception, SystemExit) as error:
            # Making an instance runs the user's code too, which may raise anything.
            raise UnloadableModule(
                f"{name} is a class that cannot be made without arguments", detail=f"{type(error).__name__}: {error}"
            ) from error
    if not callable(target):
        raise UnloadableModule(
            f"{name} is nothing that can be called", hint="name a function, or a class with __call__"
        )
    call: Callable[..., Any] = target
    return call


def _first_line(target: Any) -> int:
    code = getattr(inspect.unwrap(target) if callable(target) else target, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    call = vars(target if isinstance(target, type) else type(target)).get("__call__")
    return int(getattr(getattr(call, "__code__", None), "co_firstlineno", 1))


def _error_line(error: BaseException, file: str) -> int:
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    trace, line = error.__traceback__, 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
