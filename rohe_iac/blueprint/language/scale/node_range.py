"""Names of nodes that are alike: `bus-[001:300]` is short for bus-001 to bus-300.

A range is `[FIRST:LAST]` or `[FIRST:LAST:STEP]`, both ends included, of numbers or of single letters, as in inventories
of Ansible; a first number with leading zeros gives all numbers its width. Several ranges in a name combine, the last
one counting fastest. A range without a last number, `[001:]`, is as long as the `count` beside it says. In labels and
taints of such a node `{1}` is the text of its first range, `{2}` that of the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Annotated

from pydantic import AfterValidator, Field

from rohe_iac.blueprint.language.base import NODE_LABEL, fault, validate_node_name
from rohe_iac.foundation.names import MAX_NODE_NAME, is_node_name

MAX_NODES = 100_000
"""The most nodes of one range, and of all inventories of a stack together."""

_RANGE = re.compile(r"\[(?:(?P<first>\d{1,9}):(?P<last>\d{0,9})|(?P<a>[a-z]):(?P<z>[a-z]))(?::(?P<step>\d{1,9}))?\]")

_MEANT = re.compile(r"[\[{<(]\s*(\d{1,9}|[a-z])\s*(?:-|\.{2,3}|:|,|to)\s*(\d{1,9}|[a-z])\s*[\]}>)]")
"""A range as other tools write it."""

_REFERENCE = re.compile(r"\{(\d{1,2})\}")


@dataclass(frozen=True, slots=True)
class NumberRange:
    """The values of one range.

    Attributes:
        first, last: The first and last number, letters by their code; `last` is None where a count says it.
        step: From one to the next.
        width: The digits that each number has at least; 0 for letters.
    """

    first: int
    last: int | None
    step: int
    width: int

    def texts(self, count: int | None) -> Sequence[str]:
        """Returns the values as text; `count` is how many there are of a range without a last number."""
        last = self.first + self.step * ((count or 1) - 1) if self.last is None else self.last
        numbers = range(self.first, last + 1, self.step)
        return [f"{number:0{self.width}}" if self.width else chr(number) for number in numbers]

    @property
    def size(self) -> int:
        """Returns how many values there are; 1 where a count says it."""
        return 1 if self.last is None else len(range(self.first, self.last + 1, self.step))


def is_range(name: str) -> bool:
    """Checks whether a node's name is short for several."""
    return "[" in name


def ranges_of(name: str) -> tuple[NumberRange, ...]:
    """Returns the ranges of a name that is valid."""
    found = []
    for match in _RANGE.finditer(name):
        step = int(match["step"] or 1)
        if match["a"] is not None:
            found.append(NumberRange(ord(match["a"]), ord(match["z"]), step, 0))
        else:
            first = match["first"]
            width = len(first) if first.startswith("0") else 1
            found.append(NumberRange(int(first), int(match["last"]) if match["last"] else None, step, width))
    return tuple(found)


def names_of(name: str, count: int | None = None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the names that a name with ranges is short for, each with the texts of its ranges.

    Args:
        name: The name.
        count: How many values a range without a last number has.
    """
    texts = [numbers.texts(count) for numbers in ranges_of(name)]
    form = _RANGE.sub("{}", name)
    for values in product(*texts):
        yield form.format(*values), values


def number_of_names(name: str, count: int | None = None) -> int:
    """Returns how many names a name with ranges is short for."""
    return prod(count or 1 if numbers.last is None else numbers.size for numbers in ranges_of(name))


def has_open_range(name: str) -> bool:
    """Checks whether a range of the name needs a count."""
    return any(numbers.last is None for numbers in ranges_of(name))


def with_references(text: str, values: Sequence[str]) -> str:
    """Returns a text with `{1}` and the like replaced by the texts of ranges; one beyond them stays."""
    if "{" not in text:
        return text
    known = {f"{{{number}}}": value for number, value in enumerate(values, 1)}
    return _REFERENCE.sub(lambda match: known.get(match[0], match[0]), text)


def missing_reference(text: str, name: str) -> str:
    """Returns the first reference in a text to a range that the name does not have, such as `{2}`; "" for none."""
    number = len(_RANGE.findall(name))
    return next((match[0] for match in _REFERENCE.finditer(text) if not 0 < int(match[1]) <= number), "")


def _validate_node_names(text: str) -> str:
    if "[" not in text:
        hint = _meant_hint(text)
        if hint and not is_node_name(text):
            raise fault("R111", f"'{text[:70]}' is not the name of a node, nor a range of names", hint)
        return validate_node_name(text)
    rest = _RANGE.sub("", text)
    if "[" in rest or "]" in rest:
        hint = _meant_hint(text) or "write a range as bus-[001:300]"
        raise fault("R111", f"'{text[:70]}' has no range of numbers or letters in its brackets", hint)
    for match in _RANGE.finditer(text):
        _check_range(text, match)
    size = number_of_names(text)
    if size > MAX_NODES:
        message = f"'{text[:70]}' is short for {size:,} nodes, and an inventory has at most {MAX_NODES:,}"
        raise fault("R111", message, "make several stacks of it")
    for values in ([numbers.texts(1)[end] for numbers in ranges_of(text)] for end in (0, -1)):
        name = _RANGE.sub("{}", text).format(*values)
        if not is_node_name(name):
            raise fault("R111", f"'{text[:70]}' gives '{name[:70]}', which is not the name of a node")
    return text


def _check_range(text: str, match: re.Match[str]) -> None:
    first, last = match["first"] or match["a"], match["last"] if match["a"] is None else match["z"]
    if match["step"] is not None and int(match["step"]) == 0:
        raise fault("R111", f"the range {match[0]} of '{text[:70]}' has a step of 0", "leave the step out")
    if not last:
        return
    begin, end = (int(first), int(last)) if match["a"] is None else (ord(first), ord(last))
    if begin > end:
        hint = f"write {text[: match.start()][-40:]}[{last}:{first}]{text[match.end() :][:40]}"
        raise fault("R111", f"the range {match[0]} of '{text[:70]}' ends before it begins", hint)
    if match["a"] is None and first.startswith("0") and len(first) > len(last):
        hint = f"write [{first}:{last.zfill(len(first))}]"
        raise fault("R111", f"the numbers of {match[0]} begin with {len(first)} digits and end with {len(last)}", hint)


def _meant_hint(text: str) -> str:
    """Returns how a range of another form is written here."""
    if _MEANT.search(text) is None:
        return ""
    written = _MEANT.sub(lambda match: f"[{match[1]}:{match[2]}]", text)
    return f"write {written[:80]}" if _RANGE.search(written) else ""


NodeNames = Annotated[
    str,
    AfterValidator(_validate_node_names),
    Field(
        json_schema_extra={
            "anyOf": [
                {"pattern": rf"^{NODE_LABEL}(\.{NODE_LABEL})*$", "maxLength": MAX_NODE_NAME},
                {"pattern": r"^[-a-z0-9.]*\[[0-9a-z]+:[0-9a-z]*(:[0-9]+)?\][-a-z0-9.:\[\]]*$"},
            ]
        }
    ),
]
"""The name of a node, or a name with ranges that is short for several."""
