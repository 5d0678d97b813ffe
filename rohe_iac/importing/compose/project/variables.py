"""Substitutes variables in every text of a Compose file."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.variables.expansion import note_values, substitute

SECRET = "the value of the variable {} looks like a secret and is not copied: the text keeps the variable"


def substitute_in_file(root: Field, known: Mapping[str, str], seen: set[int]) -> None:
    """Substitutes variables in every text of a Compose file, in place, and notes where the values are from.

    What begins with `x-` says nothing by itself; where a service takes it over by an alias, it is done there.

    Args:
        root: The file.
        known: The values of variables that are set.
        seen: Identities of the values done already: an alias is the same value in several services. Added to.
    """
    for key, part in root.entries():
        if not key.startswith("x-"):
            _substitute_in(part, known, seen, in_environment=False)
    root.node.by_spelling = None


def _substitute_in(field: Field, known: Mapping[str, str], seen: set[int], *, in_environment: bool) -> None:
    node = field.node
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node.value, str) and "$" in node.value:
        done = substitute(node.value, known, keep_secrets=True)
        node.value, node.substitution = done.text, done
        if not in_environment:  # environment.py decides what is a secret there, and says so
            for name in dict.fromkeys(done.kept):
                field.note(SECRET.format(name))
            note_values(field, done)
    node.by_spelling = None
    for key, part in field.entries():
        _substitute_in(part, known, seen, in_environment=in_environment or loose_spelling(key) == "environment")
    for item in field.items():
        _substitute_in(item, known, seen, in_environment=in_environment)
