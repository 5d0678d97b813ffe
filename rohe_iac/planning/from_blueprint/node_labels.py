"""Node labels: what selectors and preferences of a service ask of them, in the words of the planner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple

from rohe_iac.blueprint.language.placement import PreferredNodes, WantedLabel, WantedValues, requirements_of
from rohe_iac.planning.model.demand import LabelMatch, NodePreference
from rohe_iac.planning.model.keys import NODE_KEY


def selected_labels(
    selector: Mapping[str, WantedLabel],
) -> tuple[tuple[tuple[str, str], ...], tuple[LabelMatch, ...]]:
    """Returns the labels that need one value each, as sorted pairs, and all else that a selector asks for, sorted."""
    wanted = tuple(requirements_of(selector))
    pairs = tuple((label.key, label.values[0]) for label in wanted if _is_one_value(label))
    return pairs, tuple(
        LabelMatch(label.key, label.operator, label.values) for label in wanted if not _is_one_value(label)
    )


def _is_one_value(wanted: WantedValues) -> bool:
    """Checks whether a label has to have one value, and is no name of a node."""
    return wanted.operator == "In" and len(wanted.values) == 1 and wanted.key != NODE_KEY


def node_preferences(rules: Sequence[PreferredNodes]) -> tuple[NodePreference, ...]:
    """Returns the nodes that are preferred, sorted."""
    return tuple(sorted(map(_preference, rules), key=astuple))


def _preference(rule: PreferredNodes) -> NodePreference:
    pairs, matches = selected_labels(rule.node_selector)
    return NodePreference(pairs, rule.weight, matches)
