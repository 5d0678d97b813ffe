"""The callables of user modules and of installed distributions: found, loaded, and told apart by their bytes."""

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


class UnusableModule(RoheError):
    """A module of the user's, or of an installed distribution, cannot be loaded, or lacks what is named."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class Loaded:
    """A callable. place: `path.py:line`, or the distribution and its version. file: of its code; sha256: of its bytes.

    file and sha256 are "" where an installed one has no source file.
    """

    call: Callable[..., Any]
    place: str
    file: str
    sha256: str


def load_from_path(reference: str, root: Path) -> Loaded:
    """Runs the file of `path.py:name` (relative to the root) and takes the callable out; of a class an instance.

    What is run is exactly what is hashed: no compiled copy is read or written.
    Errors: UnusableModule, whatever the file raises.
    """
    try:
        path, name = split_reference(reference)
    except ValueError as error:
        raise UnusableModule(str(error), hint="write it as user_modules/file.py:name") from error
    file = root / path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnusableModule(
            f"cannot read {path}: {error.strerror}", hint="paths start at the blueprint's root"
        ) from error
    if len(content) > MAX_BYTES:
        raise UnusableModule(f"{path} is larger than {MAX_BYTES // 2**10} KiB")
    digest = sha256_hex(content)
    # Registered under a name of its own: dataclasses and pickles of the module look themselves up there.
    module = types.ModuleType(f"rohe_user_{file.stem}_{digest[:12]}")
    module.__file__ = str(file)
    known = sys.modules.setdefault(module.__name__, module)
    if known is module:
        try:
            exec(compile(content, str(file), "exec"), module.__dict__)
        except (Exception, SystemExit) as error:
            # The file is the user's: whatever running it raises is a fault of the module.
            del sys.modules[module.__name__]
            raise UnusableModule(
                f"the user module {path} cannot be loaded",
                detail=f"{path}:{_line(error, str(file))}: {type(error).__name__}: {error}",
            ) from error
    found = getattr(known, name, None)
    call = _instance(found, reference)
    return Loaded(call, f"{path}:{_first_line(found)}", str(file), digest)


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point: the name it is used by, the module that it comes from, and whose it is."""

    name: str
    value: str
    distribution: str
    entry: metadata.EntryPoint


def installed(group: str) -> tuple[Installed, ...]:
    """The entry points of a group, by name; reads what distributions declare and imports none of them."""
    found = []
    for entry in metadata.entry_points(group=group):
        of = entry.dist
        told = f"{of.metadata['Name']} {of.version}" if of is not None else "an unnamed distribution"
        found.append(Installed(entry.name, entry.value, told, entry))
    return tuple(sorted(found, key=lambda one: (one.name, one.value, one.distribution)))


def load_installed(one: Installed) -> Loaded:
    """Imports an entry point. Errors: UnusableModule, whatever importing raises."""
    try:
        found = one.entry.load()
    except (Exception, SystemExit) as error:
        # The distribution is anyone's: whatever importing it raises is a fault of it.
        raise UnusableModule(
            f"{one.name} of {one.distribution} cannot be loaded",
            detail=f"{one.value}: {type(error).__name__}: {error}",
        ) from error
    file = getattr(sys.modules.get(one.entry.module), "__file__", None) or ""
    try:
        digest = sha256_hex(Path(file).read_bytes()) if file else ""
    except OSError:
        digest = ""
    return Loaded(_instance(found, f"{one.name} of {one.distribution}"), one.distribution, file, digest)


def _instance(found: Any, named: str) -> Callable[..., Any]:
    if isinstance(found, type):
        try:
            found = found()
        except (Exception, SystemExit) as error:
            # Making an instance runs the user's code too.
            raise UnusableModule(
                f"{named} is a class that cannot be made without arguments", detail=f"{type(error).__name__}: {error}"
            ) from error
    if not callable(found):
        raise UnusableModule(f"{named} is nothing that can be called", hint="name a function, or a class with __call__")
    call: Callable[..., Any] = found
    return call


def _first_line(found: Any) -> int:
    code = getattr(inspect.unwrap(found) if callable(found) else found, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    call = vars(found if isinstance(found, type) else type(found)).get("__call__")
    return int(getattr(getattr(call, "__code__", None), "co_firstlineno", 1))


def _line(error: BaseException, file: str) -> int:
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    trace, line = error.__traceback__, 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
