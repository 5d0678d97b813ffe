"""The number of replicas as people write it: a number, `auto`, `perNode`, or a percentage of the nodes."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from rohe_iac.blueprint.hints.value_text import describe_value
from rohe_iac.blueprint.language.base import fault
from rohe_iac.foundation.quantities import basis_points

AUTO = "auto"
"""As few replicas as the load and the contract need."""

PER_NODE = "perNode"
"""One replica on each node that suits the service."""

WHOLE = 10_000
"""All nodes, in basis points."""

_PERCENTAGE = re.compile(r"\s*\+?\d{1,3}(\.\d{1,2})?\s*%\s*")

_MEANT = {"pernode", "eachnode", "everynode", "all", "allnodes", "onepernode", "daemonset", "global", "100"}
"""Words, without blanks and hyphens, that mean one replica a node."""


def _validate_replicas(value: object) -> Any:
    if value in (AUTO, PER_NODE) and isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000:
        return value
    hint = "write 2, auto, perNode, or 25% of the nodes"
    if isinstance(value, str):
        if _PERCENTAGE.fullmatch(value) and 0 < basis_points(value) <= WHOLE:
            return value.strip()
        word = re.sub(r"[\s_-]", "", value[:40]).lower()
        if value.isdecimal() and len(value) < 10:
            hint = f"write {value} without quotes"
        elif word in _MEANT:
            hint = "write perNode"
        elif _PERCENTAGE.fullmatch(value):
            hint = "a percentage of the nodes is above 0% and at most 100%"
    elif isinstance(value, float) and 0 < value < 1:
        hint = f"write {value * 100:g}% for that part of the nodes"
    expected = "a whole number of replicas of at least 0, auto, perNode or a percentage"
    raise fault("R108", f"expected {expected}, found {describe_value(value)}", hint)


Replicas = Annotated[
    int | str,
    PlainValidator(_validate_replicas),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"enum": [AUTO, PER_NODE]},
                {"type": "string", "pattern": r"^\s*\+?[0-9]{1,3}(\.[0-9]{1,2})?\s*%\s*$"},
            ]
        }
    ),
]
"""A number, or one of the words and percentages that stand for one."""


def node_share(replicas: int | str) -> int:
    """Returns the basis points of the suitable nodes that get one replica each; 0 where nodes do not decide."""
    if not isinstance(replicas, str) or replicas == AUTO:
        return 0
    return WHOLE if replicas == PER_NODE else basis_points(replicas)


def shown_share(share: int) -> str:
    """Returns a share of the nodes as it is written: `perNode`, or `25%`."""
    return PER_NODE if share == WHOLE else f"{share / 100:g}%"
