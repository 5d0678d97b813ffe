"""References in command lines of services: the plan replaces `{port}` and `{port:NAME}`, the target `$(NAME)`.

`$(NAME)` has the rules of Kubernetes
(https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/): `$$` is one
`$`, so that `$$(NAME)` is the text `$(NAME)`; what has no name of a variable between its parentheses is text; a value
is not searched for further references.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from rohe_iac.foundation.names import is_variable

REPLICA_VARIABLES = (
    "ROHE_BALANCING", "ROHE_GRACE", "ROHE_INSTANCE", "ROHE_MEMBER", "ROHE_NODE", "ROHE_OUTBOX", "ROHE_PEERS",
    "ROHE_PIPELINE", "ROHE_REPORT_CREDENTIALS", "ROHE_REPORT_URL", "ROHE_SERVICE", "ROHE_STACK", "ROHE_TOPIC",
)  # fmt: skip
"""Variables that every replica gets on every target, beside one for each of its ports."""

_PORT = re.compile(r"(\\|\$)?\{port(?::([^{}\s]*))?\}")
# The parts of a text in Kubernetes' order: an escaped sign, a reference, or a sign that is text.
_VARIABLE = re.compile(r"\$\$|\$\(([^)]*)\)")


def port_variable(port: str) -> str:
    """Returns the name of the variable that holds the number of the port with the name `port`."""
    return f"ROHE_PORT_{port.upper().replace('-', '_')}"


def main_port(names: Sequence[str]) -> str:
    """Returns the name of the port that `{port}` means and that callers use: `http`, else the first; "" for none."""
    return "http" if "http" in names else names[0] if names else ""


def ports_in(text: str) -> Iterator[str]:
    """Yields the name of each port that the text refers to; "" for `{port}`."""
    for match in _PORT.finditer(text):
        if match[1] is None:
            yield match[2] or ""


def variables_in(text: str) -> Iterator[str]:
    """Yields the name of each variable that the text refers to."""
    for match in _VARIABLE.finditer(text, 0, _end_of_references(text)):
        if match[1] is not None and is_variable(match[1]):
            yield match[1]


def with_ports(text: str, number: Callable[[str], int]) -> str:
    """Returns the text with the numbers of ports in place of references; `\\{port}` becomes the text `{port}`.

    `${port}` is a variable of a shell and stays as it is.

    Args:
        text: One word of a command line.
        number: Returns the number of a port by its name; "" is the name in `{port}`.
    """

    def replaced(match: re.Match[str]) -> str:
        if match[1] == "$":
            return match[0]
        return match[0][1:] if match[1] else str(number(match[2] or ""))

    return _PORT.sub(replaced, text)


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """Returns the text with values of variables in place of references; one without a value stays as it is."""
    end = _end_of_references(text)
    replaced = _VARIABLE.sub(lambda match: "$" if match[1] is None else values.get(match[1], match[0]), text[:end])
    return replaced + text[end:].replace("$$", "$")


def _end_of_references(text: str) -> int:
    """Returns where the last reference can end: behind it, every beginning of one would have the rest searched."""
    return text.rfind(")") + 1


def without_variables(text: str) -> str:
    """Returns the text so written that `with_variables` gives the text back, whatever the values are."""
    return re.sub(r"\$+(?=\()|\${2,}", lambda signs: signs[0] * 2, text)


def without_references(word: str) -> str:
    """Returns a word of another tool's command line so written that a replica gets the word as it is."""
    escaped = without_variables(word)
    return _PORT.sub(lambda match: match[0] if match[1] == "$" else "\\" + match[0], escaped)
