"""The source of user modules: what `path/to/file.py:name` refers to, told by reading it, never by running it."""

from __future__ import annotations

import ast
import difflib
import itertools
import os
import re
import stat
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_REFERENCE = re.compile(r"([^:\s]+\.py):([A-Za-z_][A-Za-z0-9_]*)")
MAX_BYTES = 2**18
"""The largest module that is read; what Python makes of such a one takes a thousand times as much memory."""
MOST_BYTES = 2 * MAX_BYTES
"""So much is parsed of all modules of a run."""
MOST_FOLDERS = 30
"""In so many folders a near file is looked for."""
MOST_GUESSES = 200
"""Among so many names a near one is looked for."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a module cannot serve. line: of the module, 0 where there is none.

    part: file, name or signature; unread where nothing is known of it, since so much code is before it. refused: the
    options that the function does not take, where that is why.
    """

    part: str
    message: str
    hint: str = ""
    line: int = 0
    refused: tuple[str, ...] = ()


_Names = dict[str, ast.stmt | ast.Lambda]


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


@dataclass
class Sources:
    """The user modules below a folder, each read and parsed once. left: how many bytes are parsed yet.

    guesses: how many folders are looked through yet for a file of nearly the name.
    """

    root: Path
    left: int = MOST_BYTES
    guesses: int = MOST_FOLDERS
    _known: dict[str, _Names | Trouble] = field(default_factory=dict, repr=False)

    def check(
        self,
        reference: str,
        *,
        positional: int,
        options: frozenset[str] = frozenset(),
        surplus: bool = True,
        callables: bool = True,
    ) -> Trouble | None:
        """Reads the module with `ast` and tells why `reference` cannot be called with so many positional arguments.

        options: keyword arguments that it may be given. surplus: tell also of options that it does not take.
        callables: it has to be a function; else a class will do that is made without arguments and has a fitting
        __call__. None where all is well. Nothing of the module is run.
        Errors: ValueError where the reference has no such form.
        """
        path, name = split_reference(reference)
        if path not in self._known:
            self._known[path] = self._read(path)
        bound = self._known[path]
        if isinstance(bound, Trouble):
            return bound
        found = bound.get(name)
        if found is None and "*" not in bound:
            functions = [known for known, what in bound.items() if isinstance(what, _FUNCTIONS) and known[:1] != "_"]
            near = difflib.get_close_matches(name, functions[:MOST_GUESSES], 1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(functions[:8])}" if functions else ""
            return Trouble("name", f"{path} has no function {name}", hint)
        if isinstance(found, ast.ClassDef):
            if callables:
                return Trouble("name", f"{name} in {path} is a class, not a function", line=found.lineno)
            return _class(path, found, positional)
        if isinstance(found, ast.Assign | ast.AnnAssign) and isinstance(found.value, _NO_FUNCTIONS):
            return Trouble("name", f"{name} in {path} is not a function", line=found.lineno)
        if isinstance(found, _FUNCTIONS):
            return _signature(path, name, found, positional, options, surplus)
        return None  # what it is shows only when it runs

    def _read(self, path: str) -> _Names | Trouble:
        """The names that the module gives a meaning, or why it cannot be read."""
        content = self._content(path)
        if isinstance(content, Trouble):
            return content
        self.left -= len(content)
        if self.left < 0:
            return Trouble("unread", f"{path} is not looked at: there is so much code in the modules before it")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an odd escape in a text is no trouble of the reference
                tree = ast.parse(content, path)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", 0) or 0
            hint = "save it as UTF-8" if "codec" in str(error) else ""
            return Trouble("file", f"{path} is not Python: {getattr(error, 'msg', '') or error}", hint, line)
        bound: _Names = {}
        for statement, inner in _statements(tree.body):
            for known, what in _bound(statement).items():
                # Of several within if or try, which one counts shows only when it runs.
                bound[known] = ast.Pass() if inner and known in bound else what
        for what in bound.values():
            _behead(what)
        return bound

    def _content(self, path: str) -> bytes | Trouble:
        file = os.path.join(self.root, path)
        try:
            status = os.stat(file)
            top = os.path.realpath(self.root)
            if os.path.commonpath((os.path.realpath(file, strict=True), top)) != top:
                return Trouble("file", f"{path} is a link that leaves the blueprint's folder", "copy the file into it")
            if not stat.S_ISREG(status.st_mode):
                return Trouble("file", f"{path} is not a regular file")
            if status.st_size > MAX_BYTES:
                return Trouble("file", f"{path} is larger than {MAX_BYTES // 2**10} KiB")
            return Path(file).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            self.guesses -= 1
            near = _beside(self.root, path) if self.guesses >= 0 else ""
            return Trouble("file", f"no file {path}", near or "paths start at the blueprint's root")
        except OSError as error:
            return Trouble("file", f"cannot read {path}: {error.strerror}")


def _behead(what: ast.stmt | ast.Lambda) -> None:
    """Drops what of a module's names nobody asks for: bodies, and the insides of values."""
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda] = []
    if isinstance(what, _FUNCTIONS):
        functions.append(what)
    elif isinstance(what, ast.ClassDef):
        methods = [part for part in what.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
        functions += methods
        what.body = [*methods]
    elif isinstance(what, ast.Assign | ast.AnnAssign):
        what.value = ast.Constant(None) if isinstance(what.value, _NO_FUNCTIONS) else ast.Name("_")
    for function in functions:
        function.args.defaults = [ast.Constant(None) for _ in function.args.defaults]
        function.args.kw_defaults = [None if part is None else ast.Constant(None) for part in function.args.kw_defaults]
        if isinstance(function, ast.Lambda):
            function.body = ast.Constant(None)
        else:
            function.body, function.decorator_list = [], function.decorator_list[:1]


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NO_FUNCTIONS = (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp)


def _beside(root: Path, path: str) -> str:
    """What may be meant by a path that leads nowhere: a file of a like name in the same folder."""
    folder, _, name = path.rpartition("/")
    try:
        with os.scandir(os.path.join(root, folder)) as entries:
            known = [entry.name for entry in itertools.islice(entries, MOST_GUESSES) if entry.name.endswith(".py")]
    except OSError:
        return ""
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {folder}{'/' if folder else ''}{near[0]}?" if near else ""


def _statements(body: Sequence[ast.stmt], *, inner: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements of a module, and those within if, try and with, which are inner ones."""
    for statement in body:
        yield statement, inner
        if isinstance(statement, ast.If | ast.Try | ast.With):
            parts = [statement.body, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
            parts += [handler.body for handler in getattr(statement, "handlers", [])]
            for part in parts:
                yield from _statements(part, inner=True)


def _bound(statement: ast.stmt) -> _Names:
    """The names that a statement gives a meaning, each with what it is; `*` where that shows only when it runs."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name: statement}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0]: statement for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
        single = all(isinstance(target, ast.Name) for target in targets)
        value = statement.value if single and isinstance(statement.value, ast.Lambda) else statement
        return dict.fromkeys(names, value if single else ast.Pass())
    return {}


def _class(path: str, found: ast.ClassDef, positional: int) -> Trouble | None:
    methods = {node.name: node for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    if found.bases or found.decorator_list:
        return None  # what it takes over from elsewhere shows only when it runs
    if "__call__" not in methods:
        return Trouble("signature", f"{found.name} in {path} has no __call__", "", found.lineno)
    made = methods.get("__init__")
    trouble = _signature(path, found.name, made, 1, frozenset(), False) if made is not None else None
    return trouble or _signature(path, found.name, methods["__call__"], positional + 1, frozenset(), False)


def _signature(
    path: str,
    name: str,
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    positional: int,
    options: frozenset[str],
    surplus: bool,
) -> Trouble | None:
    where = f"{name} in {path}"
    if not isinstance(function, ast.Lambda) and function.decorator_list:
        return None  # what a decorator makes of it shows only when it runs
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
            "signature",
            f"{where} does not take {', '.join(refused)}",
            "let it take **options",
            function.lineno,
            tuple(refused),
        )
    return None
