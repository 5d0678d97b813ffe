"""Build backend (PEP 517) of rohe-reporting: collects its modules from rohe_iac, then has setuptools build them.

The modules are `rohe_iac.reporting` and all that it imports of rohe_iac. Their name becomes `rohe_reporting`, so that
this distribution and rohe-iac have no file in common and may be installed beside each other.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any

from setuptools import build_meta

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SOURCE, ENTRY = "rohe_iac", "rohe_iac.reporting"
NAME = "rohe_reporting"


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Builds the wheel; the modules are collected anew where the repository is around this folder."""
    collect()
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Builds the source distribution, which has the collected modules."""
    collect()
    return str(build_meta.build_sdist(sdist_directory, config_settings))


def collect(repository: Path = REPOSITORY, folder: Path = HERE) -> None:
    """Writes the modules and the licence into `folder`; does nothing in an unpacked source distribution."""
    if not (repository / SOURCE).is_dir():
        return
    for old in (folder / NAME, folder / "build"):
        shutil.rmtree(old, ignore_errors=True)
    for module in sorted(modules(repository)):
        source = source_of(repository, module)
        path = folder.joinpath(*renamed(module).split("."))
        path = path / source.name if source.name == "__init__.py" else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise FileExistsError(f"two modules would be {path.relative_to(folder)}; one of them is {module}")
        text = renamed(source.read_text(encoding="utf-8"))
        if module == ENTRY:
            text += f'\n__version__ = "{version(repository)}"\n'
        path.write_text(text, encoding="utf-8")
    (folder / NAME / "py.typed").touch()
    shutil.copy(repository / "LICENSE", folder / "LICENSE")


def modules(repository: Path) -> set[str]:
    """Returns the entry and every module of rohe_iac that it imports, at once or later, with their packages."""
    found: set[str] = set()
    waiting = [f"{ENTRY}.{path.stem}" for path in (repository / ENTRY.replace(".", "/")).glob("*.py")]
    while waiting:
        module = waiting.pop().removesuffix(".__init__")
        if module in found or module == SOURCE or not source_of(repository, module).exists():
            continue
        found.add(module)
        waiting.append(module.rpartition(".")[0])
        for node in ast.walk(ast.parse(source_of(repository, module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return {module for module in found if module.startswith(f"{SOURCE}.")}


def source_of(repository: Path, module: str) -> Path:
    """Returns the file of a module; it need not exist."""
    path = repository.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def renamed(text: str) -> str:
    """Returns the text of a module with the names that it has in this distribution."""
    return re.sub(rf"\b{SOURCE}\b", NAME, re.sub(rf"\b{re.escape(ENTRY)}\b", NAME, text))


def version(repository: Path) -> str:
    """Returns the version of rohe, which this distribution shares."""
    tree = ast.parse((repository / SOURCE / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            return str(ast.literal_eval(node.value))
    raise ValueError(f"{SOURCE} has no __version__")
