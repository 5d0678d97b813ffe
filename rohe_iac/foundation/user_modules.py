"""The source of user modules: what `path/to/file.py:name` refers to, found by parsing the file, never by running it."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import itertools
import os
import re
import stat
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

FUNCTION_BYTES = 256 * 2**20
"""The memory in bytes that the processes of a user function may have where its contract states none."""
_REFERENCE = re.compile(r"([^:\s]+\.py):([A-Za-z_][A-Za-z0-9_]*)")
MAX_BYTES = 2**18
"""The largest module that is read, in bytes; its syntax tree takes a thousand times as much memory."""
MAX_TOTAL_BYTES = 2 * MAX_BYTES
"""The most bytes that are parsed of all modules of a run."""
MAX_SEARCHES = 30
"""The most folders that are searched for a file of a similar name."""
MAX_IMPORTS = 200
"""The most import statements of a module that are looked up."""
MAX_GUESSES = 200
"""The most names that are compared with a misspelt one."""


@dataclass(frozen=True, slots=True)
class ModuleFault:
    """The reason why a reference to a user module cannot be used.

    Attributes:
        part: What is at fault: "file", "name", "signature" or "import"; "unread" where too much code came before.
        message: What is wrong.
        hint: What to do about it; "" where nothing is known.
        line: Line in the module; 0 where there is none.
        unaccepted: Options that the function does not take, where those are the fault.
    """

    part: str
    message: str
    hint: str = ""
    line: int = 0
    unaccepted: tuple[str, ...] = ()


_Bindings = dict[str, ast.stmt | ast.Lambda]


def split_reference(reference: str) -> tuple[str, str]:
    """Returns `path.py:name` as (path, name).

    Raises:
        ValueError: The reference has another form or leaves the root.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(f"'{reference[:60]}' does not name a function as path.py:name")
    if match[1].startswith("/") or ".." in match[1].split("/"):
        raise ValueError(f"'{match[1][:60]}' leaves the blueprint's folder")
    return match[1], match[2]


@dataclass
class UserModules:
    """The user modules below a folder, each read and parsed once.

    Attributes:
        root: The folder that paths of references start from.
        bytes_left: How many more bytes are parsed.
        searches_left: How many more folders are searched for a file of a similar name.
    """

    root: Path
    bytes_left: int = MAX_TOTAL_BYTES
    searches_left: int = MAX_SEARCHES
    _parsed: dict[str, _Bindings | ModuleFault] = field(default_factory=dict, repr=False)
    _import_faults: dict[str, tuple[ModuleFault, ...]] = field(default_factory=dict, repr=False)

    def check(
        self,
        reference: str,
        *,
        positional: int,
        options: frozenset[str] = frozenset(),
        surplus: bool = True,
        callables: bool = True,
    ) -> ModuleFault | None:
        """Returns why a function cannot be called with these arguments, None where it can; nothing is run.

        Args:
            reference: The function, as `path.py:name`.
            positional: Number of positional arguments.
            options: Names of keyword arguments that the function may be given.
            surplus: Whether an option that the function does not take is a fault.
            callables: Whether only a function will do; otherwise also a class that is made without arguments and has a
                fitting `__call__`.

        Raises:
            ValueError: The reference has another form.
        """
        path, name = split_reference(reference)
        if path not in self._parsed:
            self._parsed[path] = self._read(path)
        bindings = self._parsed[path]
        if isinstance(bindings, ModuleFault):
            return bindings
        found = bindings.get(name)
        if found is None and "*" not in bindings:
            functions = [
                bound_name
                for bound_name, node in bindings.items()
                if isinstance(node, _FUNCTIONS) and bound_name[:1] != "_"
            ]
            near = difflib.get_close_matches(name, functions[:MAX_GUESSES], 1)
            hint = (
                f"did you mean {path}:{near[0]}?"
                if near
                else f"it has: {', '.join(functions[:8])}"
                if functions
                else ""
            )
            return ModuleFault("name", f"{path} has no function {name}", hint)
        if isinstance(found, ast.ClassDef):
            if callables:
                return ModuleFault("name", f"{name} in {path} is a class, not a function", line=found.lineno)
            return _check_class(path, found, positional)
        if isinstance(found, ast.Assign | ast.AnnAssign) and isinstance(found.value, _NOT_FUNCTIONS):
            return ModuleFault("name", f"{name} in {path} is not a function", line=found.lineno)
        if isinstance(found, _FUNCTIONS):
            missing = _GIVE_OPTIONS if callables else _GIVE_DEFAULTS
            return _check_signature(path, name, found, positional, options, surplus, missing)
        return None  # only running the module shows what the name is bound to

    def import_faults(self, reference: str) -> tuple[ModuleFault, ...]:
        """Returns why loading the reference's module fails on this machine: imports of modules that are not there.

        Imports within functions, and those within `if` and `try`, which only running shows, are not looked at.

        Raises:
            ValueError: The reference has another form.
        """
        path, _ = split_reference(reference)
        if path not in self._parsed:
            self._parsed[path] = self._read(path)
        return self._import_faults.get(path, ())

    def _read(self, path: str) -> _Bindings | ModuleFault:
        """Returns the names that the module binds, or why the module cannot be read."""
        content = self._content(path)
        if isinstance(content, ModuleFault):
            return content
        self.bytes_left -= len(content)
        if self.bytes_left < 0:
            return ModuleFault("unread", f"{path} is not looked at: there is so much code in the modules before it")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape in a string is no fault of the reference
                tree = ast.parse(content, path)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", 0) or 0
            hint = "save it as UTF-8" if "codec" in str(error) else ""
            return ModuleFault("file", f"{path} is not Python: {getattr(error, 'msg', '') or error}", hint, line)
        imports = [statement for statement in tree.body if isinstance(statement, ast.Import | ast.ImportFrom)]
        self._import_faults[path] = tuple(
            fault for statement in imports[:MAX_IMPORTS] for fault in _import_faults_of(path, statement)
        )
        bindings: _Bindings = {}
        for statement, inner in _module_statements(tree.body):
            for name, node in _bindings_of(statement).items():
                # Of several bindings within if or try, only running the module shows which one counts.
                bindings[name] = ast.Pass() if inner and name in bindings else node
        for node in bindings.values():
            _strip_bodies(node)
        return bindings

    def _content(self, path: str) -> bytes | ModuleFault:
        file = os.path.join(self.root, path)
        try:
            status = os.stat(file)
            top = os.path.realpath(self.root)
            if os.path.commonpath((os.path.realpath(file, strict=True), top)) != top:
                return ModuleFault(
                    "file", f"{path} is a link that leaves the blueprint's folder", "copy the file into it"
                )
            if not stat.S_ISREG(status.st_mode):
                return ModuleFault("file", f"{path} is not a regular file")
            if status.st_size > MAX_BYTES:
                return ModuleFault("file", f"{path} is larger than {MAX_BYTES // 2**10} KiB")
            return Path(file).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            self.searches_left -= 1
            near = _similar_file_hint(self.root, path) if self.searches_left >= 0 else ""
            return ModuleFault("file", f"no file {path}", near or "paths start at the blueprint's root")
        except OSError as error:
            return ModuleFault("file", f"cannot read {path}: {error.strerror}")


def _import_faults_of(path: str, statement: ast.stmt) -> Iterator[ModuleFault]:
    """Yields a fault for each module that a statement imports and that is not there; nothing is imported."""
    if isinstance(statement, ast.ImportFrom) and statement.level:
        message = f"{path} has a relative import, and a user module belongs to no package"
        yield ModuleFault("import", message, "put what it imports into the same file, or install it", statement.lineno)
        return
    wanted: list[tuple[str, str]] = []
    if isinstance(statement, ast.Import):
        wanted = [(alias.name, "") for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom) and statement.module:
        wanted = [(statement.module, alias.name) for alias in statement.names]
    for module, name in dict.fromkeys(wanted):
        top = module.partition(".")[0]
        ours = top == __name__.partition(".")[0]
        if ours and not _is_ours(module, name):
            what = f"{name} of {module}" if name else module
            yield ModuleFault(
                "import",
                f"{path} imports {what}, which rohe does not have",
                "import from rohe_iac.plugins",
                statement.lineno,
            )
        elif not ours and not _is_installed(top):
            message = f"{path} imports {top}, which is not installed here"
            yield ModuleFault("import", message, f"install {top} beside rohe, or correct the name", statement.lineno)


@lru_cache(maxsize=MAX_IMPORTS)
def _is_installed(top: str) -> bool:
    """Checks whether a module without dots can be imported; looking it up runs nothing of it."""
    try:
        return top in sys.modules or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


@lru_cache(maxsize=MAX_IMPORTS)
def _is_ours(module: str, name: str) -> bool:
    """Checks whether rohe has a module, and the name in it; "" for no name."""
    package = Path(__file__).parents[1]
    base = package.joinpath(*module.split(".")[1:])
    file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    if not file.is_file():
        return False
    if name in ("", "*") or (base / f"{name}.py").is_file() or (base / name).is_dir():
        return True
    tree = ast.parse(file.read_bytes())
    return any(name in _bindings_of(inner) for inner, _ in _module_statements(tree.body))


def _strip_bodies(node: ast.stmt | ast.Lambda) -> None:
    """Drops what no check needs, to save memory: function bodies and the insides of values."""
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda] = []
    if isinstance(node, _FUNCTIONS):
        functions.append(node)
    elif isinstance(node, ast.ClassDef):
        methods = [element for element in node.body if isinstance(element, ast.FunctionDef | ast.AsyncFunctionDef)]
        functions += methods
        node.body = [*methods]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        node.value = ast.Constant(None) if isinstance(node.value, _NOT_FUNCTIONS) else ast.Name("_")
    for function in functions:
        function.args.defaults = [ast.Constant(None) for _ in function.args.defaults]
        function.args.kw_defaults = [
            None if element is None else ast.Constant(None) for element in function.args.kw_defaults
        ]
        if isinstance(function, ast.Lambda):
            function.body = ast.Constant(None)
        else:
            function.body, function.decorator_list = [], function.decorator_list[:1]


_GIVE_OPTIONS = "give them under options, or give them a default"
_GIVE_DEFAULTS = "give them a default: nothing else is passed to it"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NOT_FUNCTIONS = (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp)


def _similar_file_hint(root: Path, path: str) -> str:
    """Returns a hint that names the file of a similar name in the same folder, "" where there is none."""
    folder, _, name = path.rpartition("/")
    try:
        with os.scandir(os.path.join(root, folder)) as entries:
            names = [entry.name for entry in itertools.islice(entries, MAX_GUESSES) if entry.name.endswith(".py")]
    except OSError:
        return ""
    matches = difflib.get_close_matches(name, names, 1)
    return f"did you mean {folder}{'/' if folder else ''}{matches[0]}?" if matches else ""


def _module_statements(body: Sequence[ast.stmt], *, inner: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yields the statements of a module; those within if, try and with are marked as inner ones."""
    for statement in body:
        yield statement, inner
        if isinstance(statement, ast.If | ast.Try | ast.With):
            parts = [statement.body, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
            parts += [handler.body for handler in getattr(statement, "handlers", [])]
            for part in parts:
                yield from _module_statements(part, inner=True)


def _bindings_of(statement: ast.stmt) -> _Bindings:
    """Returns the names that a statement binds, each with its node; `ast.Pass` where only running shows the value.

    A star import binds `*`.
    """
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name: statement}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0]: statement for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [
            name_node.id for target in targets for name_node in ast.walk(target) if isinstance(name_node, ast.Name)
        ]
        single = all(isinstance(target, ast.Name) for target in targets)
        value = statement.value if single and isinstance(statement.value, ast.Lambda) else statement
        return dict.fromkeys(names, value if single else ast.Pass())
    return {}


def _check_class(path: str, node: ast.ClassDef, positional: int) -> ModuleFault | None:
    methods = {
        method.name: method for method in node.body if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if node.bases or node.decorator_list:
        return None  # only running the module shows what the class inherits
    if "__call__" not in methods:
        return ModuleFault("signature", f"{node.name} in {path} has no __call__", "", node.lineno)
    constructor = methods.get("__init__")
    fault = (
        _check_signature(path, node.name, constructor, 1, frozenset(), False, _GIVE_DEFAULTS)
        if constructor is not None
        else None
    )
    return fault or _check_signature(
        path, node.name, methods["__call__"], positional + 1, frozenset(), False, _GIVE_DEFAULTS
    )


def _check_signature(
    path: str,
    name: str,
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    positional: int,
    options: frozenset[str],
    surplus: bool,
    missing: str,
) -> ModuleFault | None:
    """Returns why a function cannot be called so. missing: the hint where it needs more arguments."""
    subject = f"{name} in {path}"
    if not isinstance(function, ast.Lambda) and function.decorator_list:
        return None  # only running the module shows what the decorator returns
    if isinstance(function, ast.AsyncFunctionDef):
        return ModuleFault("signature", f"{subject} is async", "make it a plain function", function.lineno)
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if len(names) < positional and arguments.vararg is None:
        return ModuleFault(
            "signature", f"{subject} takes {len(names)} positional arguments, needs {positional}", "", function.lineno
        )
    optional = len(arguments.defaults)
    required = [name for name in names[positional : len(names) - optional] if name not in options]
    required += [
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None and argument.arg not in options
    ]
    if required:
        return ModuleFault("signature", f"{subject} needs {', '.join(required)} as well", missing, function.lineno)
    accepted = {*names[positional:], *(argument.arg for argument in arguments.kwonlyargs)}
    unaccepted = sorted(options - accepted)
    if surplus and unaccepted and arguments.kwarg is None:
        return ModuleFault(
            "signature",
            f"{subject} does not take {', '.join(unaccepted)}",
            "let it take **options",
            function.lineno,
            tuple(unaccepted),
        )
    return None
