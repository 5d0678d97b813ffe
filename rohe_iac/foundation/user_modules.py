"""The source of user modules: what `path/to/file.py:name` refers to, told by reading it, never by running it."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass
from pathlib import Path

_REFERENCE = re.compile(r"([^:\s]+\.py):([A-Za-z_][A-Za-z0-9_]*)")
MAX_BYTES = 2**20
"""The largest module that is read."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a module cannot serve. part: file, name or signature; line of the module, 0 where there is none."""

    part: str
    message: str
    hint: str = ""
    line: int = 0


def split_reference(reference: str) -> tuple[str, str]:
    """`path.py:name` as (path, name).

    Errors: ValueError where it is not of that form or leaves the root.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(f"'{reference[:60]}' does not name a function as path.py:name")
    if match[1].startswith("/") or ".." in match[1].split("/"):
        raise ValueError(f"'{match[1][:60]}' leaves the blueprint's folder")
    return match[1], match[2]


def check_reference(
    root: Path,
    reference: str,
    *,
    positional: int,
    options: frozenset[str] = frozenset(),
    surplus: bool = True,
    callables: bool = True,
) -> Trouble | None:
    """Reads the module with `ast` and tells why `reference` cannot be called with so many positional arguments.

    options: keyword arguments that it may be given. surplus: tell also of options that it does not take.
    callables: it has to be a function; else a class will do that is made without arguments and has a fitting __call__.
    None where all is well. Nothing of the module is run. Errors: ValueError where the reference has no such form.
    """
    path, name = split_reference(reference)
    try:
        file = os.path.join(root, path)
        if os.stat(file).st_size > MAX_BYTES:
            return Trouble("file", f"{path} is larger than {MAX_BYTES // 2**20} MiB")
        tree = ast.parse(Path(file).read_bytes(), str(path))
    except FileNotFoundError:
        return Trouble("file", f"no file {path}", "paths start at the blueprint's root")
    except OSError as error:
        return Trouble("file", f"cannot read {path}: {error.strerror}")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", 0) or 0
        return Trouble("file", f"{path} is not Python: {getattr(error, 'msg', '') or error}", line=line)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if not callables and name in classes:
        return _class(path, classes[name], positional)
    if name not in functions:
        return _no_function(path, name, tree, functions)
    return _signature(path, functions[name], positional, options, surplus)


def _class(path: str, found: ast.ClassDef, positional: int) -> Trouble | None:
    methods = {node.name: node for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    if found.bases or found.decorator_list:
        return None  # what it takes over from elsewhere shows only when it runs
    if "__call__" not in methods:
        return Trouble("signature", f"{found.name} in {path} has no __call__", "", found.lineno)
    made = methods.get("__init__")
    trouble = _signature(path, made, 1, frozenset(), False) if made is not None else None
    return trouble or _signature(path, methods["__call__"], positional + 1, frozenset(), False)


def _no_function(
    path: str, name: str, tree: ast.Module, functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
) -> Trouble | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        imported = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        bound = {target.id for target in targets if isinstance(target, ast.Name)}
        bound |= {alias.asname or alias.name for alias in imported}
        if name in bound or "*" in bound:
            return None  # what it is shows only when it runs
        if isinstance(node, ast.ClassDef) and node.name == name:
            return Trouble("name", f"{name} in {path} is a class, not a function", line=node.lineno)
    public = [function for function in functions if not function.startswith("_")]
    return Trouble("name", f"{path} has no function {name}", f"it has: {', '.join(public[:8])}" if public else "")


def _signature(
    path: str, function: ast.FunctionDef | ast.AsyncFunctionDef, positional: int, options: frozenset[str], surplus: bool
) -> Trouble | None:
    where = f"{function.name} in {path}"
    if isinstance(function, ast.AsyncFunctionDef):
        return Trouble("signature", f"{where} is async", "make it a plain function", function.lineno)
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if len(names) < positional and arguments.vararg is None:
        return Trouble(
            "signature", f"{where} takes {len(names)} positional arguments, needs {positional}", "", function.lineno
        )
    optional = len(arguments.defaults)
    required = [name for name in names[positional : len(names) - optional] if name not in options]
    required += [
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None and argument.arg not in options
    ]
    if required:
        hint = "give them under options, or give them a default"
        return Trouble("signature", f"{where} needs {', '.join(required)} as well", hint, function.lineno)
    taken = {*names[positional:], *(argument.arg for argument in arguments.kwonlyargs)}
    refused = sorted(options - taken)
    if surplus and refused and arguments.kwarg is None:
        return Trouble(
            "signature", f"{where} does not take {', '.join(refused)}", "let it take **options", function.lineno
        )
    return None
