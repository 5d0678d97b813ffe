"""Selector: a label selector as kubectl takes it, such as `zone in (a,b),!gpu,tier!=lab`.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rohe_iac.foundation.errors import UsageError

_KEY = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
_VALUE = r"[A-Za-z0-9_.-]*"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!\s*)(?P<key0>{_KEY})"
    rf"|(?P<key1>{_KEY})\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key2>{_KEY})\s*(?P<operator>==|=|!=)\s*(?P<value>{_VALUE})"
    rf"|(?P<key3>{_KEY}))\s*(?:,|$)"
)


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """One term of a selector: whether a label has one of some values.

    Attributes:
        key: The key of the label.
        values: The values; None for any.
        negated: Whether it must not have one; an absent label has none.
    """

    key: str
    values: frozenset[str] | None
    negated: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Checks whether labels meet the term."""
        there = self.key in labels and (self.values is None or labels[self.key] in self.values)
        return there != self.negated


def parse_selector(text: str) -> tuple[LabelRequirement, ...]:
    """Returns the terms of a selector, all of which have to hold; none for the empty selector.

    Raises:
        UsageError: It cannot be read.
    """
    terms, start = [], 0
    while start < len(text.rstrip()):
        match = _TERM.match(text, start)
        if match is None or match.end() == start:
            raise UsageError(
                f"'{text[start : start + 60].strip()}' is no term of a label selector",
                hint="terms are KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), KEY and !KEY, joined by commas",
            )
        terms.append(_requirement(match))
        start = match.end()
    if text.rstrip().endswith(","):
        raise UsageError(f"the selector '{text[:60]}' ends with a comma", hint="leave the comma out, or add a term")
    return tuple(terms)


def _requirement(match: re.Match[str]) -> LabelRequirement:
    if match["absent"]:
        return LabelRequirement(match["key0"], None, negated=True)
    if match["set"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        return LabelRequirement(match["key1"], values, negated=match["set"] == "notin")
    if match["operator"]:
        return LabelRequirement(match["key2"], frozenset((match["value"],)), negated=match["operator"] == "!=")
    return LabelRequirement(match["key3"], None)
