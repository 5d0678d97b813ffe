"""Words of the package: docstrings of functions begin with a verb, loop variables are nouns, messages are plain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "rohe_iac" / "cli" / "commands"
"""The docstring of a command is its help, which addresses the user."""

NO_NAMES = {"one", "told", "each_one", "thing", "stuff"}
"""Words that name nothing."""

NOT_PLAIN = re.compile(r"\b(told|mends?|mended|tells|as it stands|stands for|nobody to ask)\b", re.IGNORECASE)
"""Words that readers of messages and pages stumble over."""

NO_VERBS = {"Its", "This", "Always", "Replicas", "Nodes", "Services", "Words", "Values", "Times", "Rules"}
"""Words in s that begin a noun phrase."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "rohe_iac").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def is_property(definition: Definition) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in definition.decorator_list)


def test_docstrings_of_functions_begin_with_a_verb_in_the_third_person() -> None:
    """A property may be described by a noun, as an attribute is."""
    others = []
    for path, tree in trees():
        if COMMANDS in path.parents:
            continue
        for node in ast.walk(tree):
            text = ast.get_docstring(node) if isinstance(node, Definition) else None
            if not text or (isinstance(node, Definition) and is_property(node)):
                continue
            first = text.split()[0].strip(".,:;")
            if not (first.endswith("s") and first[:1].isupper()) or first in NO_VERBS:
                others.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text.splitlines()[0]}")
    assert others == []


def test_no_variable_or_parameter_is_called_by_a_word_that_names_nothing() -> None:
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            elif isinstance(node, ast.arg):
                name = node.arg
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                name = node.name.lstrip("_")
            else:
                continue
            if name in NO_NAMES:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
    assert found == []


def messages(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every text of more than one word that is no docstring."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()
        if is_text and id(node) not in documented | statements:
            yield node


def test_messages_and_pages_use_plain_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value[:80]}"
        for path, tree in trees()
        for node in messages(tree)
        if NOT_PLAIN.search(node.value)
    ]
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").glob("*/README.md")]
    for page in pages:
        lines = page.read_text(encoding="utf-8").splitlines()
        found += [
            f"{page.relative_to(ROOT)}:{n}: {line[:80]}" for n, line in enumerate(lines, 1) if NOT_PLAIN.search(line)
        ]
    assert found == []
