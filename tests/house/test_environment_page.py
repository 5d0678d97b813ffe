"""docs/environment.md names every environment variable that the package reads or sets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "environment.md"
OURS = re.compile(r"(ROHE|XDG)_[A-Z_]+[A-Z]")
NAME = re.compile(r"_?[A-Z][A-Z0-9_]{2,}")
ENVIRONMENTS = re.compile(r"\b(environ|environment|env|outer|getenv)\b")


def variables_of(tree: ast.AST) -> set[str]:
    """The constants that have the form of our variables, and the keys of whatever is called an environment."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OURS.fullmatch(node.value):
            found.add(node.value)
        keys: list[ast.expr] = []
        if isinstance(node, ast.Call) and node.args and ENVIRONMENTS.search(ast.unparse(node.func)):
            keys = [node.args[0]]
        elif isinstance(node, ast.Subscript) and ENVIRONMENTS.search(ast.unparse(node.value)):
            keys = [node.slice]
        elif isinstance(node, ast.Compare) and ENVIRONMENTS.search(ast.unparse(node.comparators[0])):
            keys = [node.left]
        found |= {
            key.value
            for key in keys
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and NAME.fullmatch(key.value)
        }
    return found


def test_the_page_names_every_variable_of_the_package() -> None:
    used = set()
    for path in (ROOT / "rohe_iac").rglob("*.py"):
        used |= variables_of(ast.parse(path.read_text(encoding="utf-8")))
    assert len(used) > 20
    named = set(re.findall(r"`(_?[A-Z][A-Z0-9_]+)(?:<NAME>)?`", PAGE.read_text(encoding="utf-8")))
    assert sorted(used - named) == []


def test_the_page_names_no_variable_of_ours_that_nothing_reads() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "rohe_iac").rglob("*.py"))
    named = set(re.findall(r"`(ROHE_[A-Z_]+)", PAGE.read_text(encoding="utf-8")))
    assert sorted(name for name in named if name not in source) == []


def test_a_variable_is_found_however_it_is_read() -> None:
    code = 'os.environ["AAA"]; os.environ.get("BBB"); env.get("CCC", ""); "DDD" in os.environ; x = "ROHE_EEE"'
    assert variables_of(ast.parse(code)) == {"AAA", "BBB", "CCC", "DDD", "ROHE_EEE"}
