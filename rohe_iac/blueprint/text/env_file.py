"""Env file: variables as lines NAME=VALUE, in a file of the repository."""

from __future__ import annotations

from rohe_iac.foundation.names import is_variable


def read_variables(text: str) -> dict[str, str]:
    """Returns the variables of a file by name, the last of two with one name.

    Empty lines and lines that begin with `#` are left out, `export ` before a name is ignored, and of a value in single
    or double quotes the quotes are. Nothing in a value is replaced.

    Raises:
        ValueError: A line has no `=`, or what is before it is not the name of a variable; the message has its number.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        name, equals, value = written.partition("=")
        name, value = name.removeprefix("export ").strip(), value.strip()
        if not equals:
            raise ValueError(f"line {number} has no '='")
        if not is_variable(name):
            raise ValueError(f"in line {number}, '{name[:40]}' is not the name of a variable")
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name] = value
    return found
