"""Placement rules: which nodes the replicas of a service may go to, and beside which others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, model_validator

from rohe_iac.blueprint.hints.writing import scalar_text
from rohe_iac.blueprint.language.base import (
    EMPTY,
    Flag,
    Model,
    Seconds,
    Text,
    check_exactly_one,
    fault,
    schema_requiring_one,
)


class Toleration(Model):
    """A taint that a replica tolerates, without end or for so many seconds."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _bounded_effect(self) -> Toleration:
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise fault("R116", "tolerationSeconds is about the effect NoExecute alone", "add effect: NoExecute")
        return self


class Spread(Model):
    """At most so many replicas of the service in one domain, or so many more than in the domain that has fewest."""

    topology_key: str
    max_per_domain: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = None
    max_skew: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = None
    required: Flag = True

    @model_validator(mode="after")
    def _preferred_skew(self) -> Spread:
        if not self.required and (self.max_skew is None or self.max_per_domain is not None):
            raise fault(
                "R116",
                "required: false is about maxSkew alone",
                "write {topologyKey: zone, maxSkew: 1, required: false}",
            )
        return self

    @property
    def limit(self) -> int | None:
        """Returns the most replicas in one domain: one, where neither limit is written; None for any number."""
        return 1 if self.max_per_domain is None and self.max_skew is None else self.max_per_domain


class Affinity(Model):
    """Another service to stay away from, or near to, within a domain."""

    service: str
    topology_key: str = "node"
    required: Flag = True


class Reserve(Model):
    """Room that is kept free for replicas to come."""

    update: Annotated[int, Strict(), Field(ge=0, le=10**6)] = 0


def _one_or_several(value: Any) -> Any:
    return value if value is None or isinstance(value, list | tuple | dict) else [value]


_Texts = Annotated[tuple[Text, ...], Field(min_length=1)]


_ANY_OF = frozenset(("in", "anyof", "oneof", "values", "value", "equals", "equal", "eq", "=", "==", "is"))
_NONE_OF = frozenset(("notin", "nin", "noneof", "notequals", "notequal", "ne", "neq", "!=", "isnot"))
_ABSENT = frozenset(("doesnotexist", "notexists", "absent", "missing"))
"""Terms of Kubernetes and other tools for conditions of a label, without their blanks and hyphens."""


def _condition_instead(value: dict[Any, Any]) -> str:
    """Returns how a condition in terms of another tool is written here; "" where it is none."""
    words = {re.sub(r"[\s_-]", "", str(key)[:40]).lower(): part for key, part in value.items()}
    operator = words.pop("operator", None)
    if isinstance(operator, str):
        term, part = re.sub(r"[\s_-]", "", operator[:40]).lower(), words.get("values", words.get("value"))
        if term == "exists":
            return "{exists: true}"
    elif len(words) == 1:
        ((term, part),) = words.items()
    else:
        return ""
    if term in _ABSENT:
        return f"{{exists: {'true' if part is False else 'false'}}}"
    values = [part] if isinstance(part, str) else part
    if not isinstance(values, list | tuple) or not values or not all(isinstance(item, str) for item in values):
        return ""
    listed = f"[{', '.join(map(scalar_text, values))}]"
    return listed if term in _ANY_OF else f"{{not: {listed}}}" if term in _NONE_OF else ""


class LabelCondition(Model):
    """What a label must not be, or whether the node has it at all."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("not", "exists"))

    not_: Annotated[
        _Texts | None,
        Field(alias="not"),
        BeforeValidator(_one_or_several, json_schema_input_type=Text | _Texts | None),
    ] = None
    exists: Flag | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_foreign_terms(cls, value: Any) -> Any:
        written = _condition_instead(value) if isinstance(value, dict) else ""
        if written:
            message = f"a condition of a label has not or exists, found {', '.join(map(str, value))[:60]}"
            raise fault("R106", message, f"write it as {written}")
        return value

    @model_validator(mode="after")
    def _one_condition(self) -> LabelCondition:
        check_exactly_one(self, "not_", "exists")
        return self


def _label_form(value: object) -> str:
    if isinstance(value, list | tuple):
        return "<list>"
    return "<mapping>" if isinstance(value, dict | LabelCondition) else "<text>"


WantedLabel = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[_Texts, Tag("<list>")] | Annotated[LabelCondition, Tag("<mapping>")],
    Discriminator(_label_form),
]
"""One value, several of which the label has one, or a condition."""


@dataclass(frozen=True, slots=True)
class WantedValues:
    """What a node selector asks of one label, as a requirement of a Kubernetes node selector.

    Attributes:
        key: The label; `node` is the node's name.
        operator: In, NotIn, Exists or DoesNotExist. A node without the label is not in any values.
        values: The values of In and NotIn, sorted.
    """

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    def holds(self, value: str | None) -> bool:
        """Checks whether a node with this value of the label meets the requirement; None: it has no such label."""
        if self.operator in ("Exists", "DoesNotExist"):
            return (value is not None) == (self.operator == "Exists")
        return (value in self.values) == (self.operator == "In")


def requirements_of(selector: Mapping[str, WantedLabel]) -> Iterator[WantedValues]:
    """Yields what a node selector asks for, sorted by label."""
    for key, wanted in sorted(selector.items(), key=lambda item: item[0]):
        if isinstance(wanted, str):
            yield WantedValues(key, "In", (wanted,))
        elif not isinstance(wanted, LabelCondition):
            yield WantedValues(key, "In", tuple(sorted(set(wanted))))
        elif wanted.not_ is not None:
            yield WantedValues(key, "NotIn", tuple(sorted(set(wanted.not_))))
        else:
            yield WantedValues(key, "Exists" if wanted.exists else "DoesNotExist")


def joined_label(first: WantedLabel, other: WantedLabel) -> WantedLabel | None:
    """Returns what asks of a label for all that two selectors ask for; None where nothing written here does."""
    found = {wanted.operator: wanted.values for label in (other, first) for wanted in requirements_of({"": label})}
    both = [wanted for label in (first, other) for wanted in requirements_of({"": label})]
    if both[0] == both[1]:
        return first
    if "In" in found and "DoesNotExist" not in found:
        values = set.intersection(*(set(wanted.values) for wanted in both if wanted.operator == "In"))
        values -= {value for wanted in both if wanted.operator == "NotIn" for value in wanted.values}
        return tuple(sorted(values)) or None
    if found.keys() == {"NotIn"}:
        return LabelCondition(not_=tuple(sorted({value for wanted in both for value in wanted.values})))
    return None


class PreferredNodes(Model):
    """Labels that nodes preferably have, all of them, with a weight among the preferences of the service."""

    node_selector: Annotated[dict[str, WantedLabel], Field(min_length=1)]
    weight: Annotated[int, Strict(), Field(ge=1, le=100)] = 1


class PlacementRules(Model):
    """Rules about the nodes where replicas may go."""

    node_selector: dict[str, WantedLabel] = EMPTY
    prefer: tuple[PreferredNodes, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    spread: tuple[Spread, ...] = ()
    avoid: tuple[Affinity, ...] = ()
    near: tuple[Affinity, ...] = ()
