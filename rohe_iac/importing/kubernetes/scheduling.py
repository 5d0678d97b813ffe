"""Rules of a pod about nodes and neighbours as the placement of a service.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rohe_iac.importing.cluster.nodes import ZONE
from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.kubernetes.objects import at, items_at, map_parts, text_at, texts

HOSTNAME = "kubernetes.io/hostname"

ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")

SYSTEM = ("kubernetes.io/os", "beta.kubernetes.io/os")

LINUX = "all nodes of an inventory run Linux"

SEVERAL = "terms of which one is enough have no counterpart: a nodeSelector has to be met whole"

SPREAD_ALREADY = "placement.spread has one rule for each topologyKey, and there is one for this already"

COMPARED = "a selector compares labels as text, not as numbers"

OPERATORS = ("Exists", "Equal")

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

LARGEST_WEIGHT = 100

Neighbours = Callable[[Mapping[str, str]], list[str]]
"""Returns the services whose pods have all of some labels."""


def add_placement(
    pod: Field, service: dict[str, Any], target: str, labels: Mapping[str, str], find: Neighbours
) -> None:
    """Adds the rules of a pod to a service: nodes, tolerations, and other services near or far.

    Args:
        pod: The spec of the pod.
        service: The service, added to.
        target: Its name in the journal.
        labels: The labels of the pod.
        find: Returns services by labels of their pods.
    """
    rules: dict[str, Any] = {}
    selector: dict[str, Any] = {}
    stated = pod.get("nodeSelector")
    for key, part in stated.entries() if stated is not None else []:
        _add_label(selector, service, key, [part.text], part, target)
    node_name = pod.get("nodeName")
    if node_name is not None:
        selector["node"] = node_name.text
        node_name.map_to(f"{target}.placement.nodeSelector.node")
    affinity = pod.get("affinity")
    _add_node_affinity(at(affinity, "nodeAffinity"), selector, rules, service, target)
    if selector:
        rules["nodeSelector"] = selector
    tolerations = list(_tolerations(pod, target))
    if tolerations:
        rules["tolerations"] = tolerations
    _add_neighbours(affinity, rules, service["name"], find, target)
    _add_spread(pod, rules, labels, target)
    if rules:
        service["placement"] = rules


def topology_key(key: str) -> str:
    """Returns a topology key as a blueprint has it."""
    return {HOSTNAME: "node", ZONE: "zone"}.get(key, key)


def _add_label(
    selector: dict[str, Any], service: dict[str, Any], key: str, values: list[str], part: Field, target: str
) -> None:
    """Adds one label that nodes have to have, or the architecture, which is a field of its own."""
    if key in ARCH and all(loose_spelling(value) in ARCHITECTURES for value in values):
        service["arch"] = [ARCHITECTURES[loose_spelling(value)] for value in values]
        part.map_to(f"{target}.arch")
    elif key in SYSTEM and values == ["linux"]:
        part.drop(LINUX)
    else:
        selector[topology_key(key)] = _condition("In", values)
        part.map_to(f"{target}.placement.nodeSelector.{topology_key(key)}")


def _add_node_affinity(
    affinity: Field | None, selector: dict[str, Any], rules: dict[str, Any], service: dict[str, Any], target: str
) -> None:
    required = at(affinity, "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    terms = required.items() if required is not None else []
    if len(terms) > 1 and required is not None:
        required.drop(SEVERAL)
    elif terms:
        for part in [*items_at(terms[0], "matchExpressions"), *items_at(terms[0], "matchFields")]:
            _add_expression(part, selector, service, target)
    preferred = []
    for item in items_at(affinity, "preferredDuringSchedulingIgnoredDuringExecution"):
        wanted: dict[str, Any] = {}
        parts = items_at(item, "preference", "matchExpressions")
        for part in parts:
            values = [value.text for value in items_at(part, "values")]
            condition = _condition(text_at(part, "operator"), values)
            if condition is not None:
                wanted[topology_key(text_at(part, "key"))] = condition
        if not parts or len(wanted) != len(parts):
            item.drop(f"{COMPARED}, and says one thing of each")
            continue
        weight = text_at(item, "weight")
        number = int(weight) if weight.isdecimal() and 1 <= int(weight[:4]) <= LARGEST_WEIGHT else 1
        preferred.append({"nodeSelector": wanted, "weight": number})
        item.map_to(f"{target}.placement.prefer")
    if preferred:
        rules["prefer"] = preferred


def _add_expression(part: Field, selector: dict[str, Any], service: dict[str, Any], target: str) -> None:
    key, operator = text_at(part, "key"), text_at(part, "operator")
    if key == "metadata.name":
        key = HOSTNAME
    values = [value.text for value in items_at(part, "values")]
    name = topology_key(key)
    if name in selector:
        part.drop(f"a selector says one thing of a label, and of '{name[:60]}' it says something already")
        return
    if operator == "In" and values:
        _add_label(selector, service, key, values, part, target)
        return
    condition = _condition(operator, values)
    if condition is None:
        part.drop(COMPARED)
    else:
        selector[name] = condition
        part.map_to(f"{target}.placement.nodeSelector.{name}")


def _condition(operator: str, values: list[str]) -> dict[str, Any] | str | list[str] | None:
    """Returns what a selector asks of a label in place of an operator of Kubernetes; None for one that it lacks."""
    if operator == "In" and values:
        return values[0] if len(values) == 1 else values
    if operator == "NotIn" and values:
        return {"not": values}
    return {"Exists": {"exists": True}, "DoesNotExist": {"exists": False}}.get(operator)


def _tolerations(pod: Field, target: str) -> Iterator[dict[str, Any]]:
    for item in items_at(pod, "tolerations"):
        found: dict[str, Any] = {}
        for word in ("key", "operator", "value", "effect"):
            if text := text_at(item, word):
                found[word] = text
        operator = found.get("operator", "Equal")
        is_known = operator in OPERATORS and found.get("effect", EFFECTS[0]) in EFFECTS
        if not is_known or (operator == "Equal" and "key" not in found):
            item.drop("a toleration is for a taint that is there, or has a value, with one of the three effects")
            continue
        seconds = text_at(item, "tolerationSeconds")
        if seconds.isdecimal() and found.get("effect") == "NoExecute":
            found["tolerationSeconds"] = f"{seconds}s"
        item.map_to(f"{target}.placement.tolerations")
        yield found


def _add_neighbours(
    affinity: Field | None,
    rules: dict[str, Any],
    own: str,
    find: Neighbours,
    target: str,
) -> None:
    for word, rule in (("podAntiAffinity", "avoid"), ("podAffinity", "near")):
        part = at(affinity, word)
        required = items_at(part, "requiredDuringSchedulingIgnoredDuringExecution")
        preferred = items_at(part, "preferredDuringSchedulingIgnoredDuringExecution")
        for item, term, must in [
            *((item, item, True) for item in required),
            *((item, item.get("podAffinityTerm") or item, False) for item in preferred),
        ]:
            key = topology_key(text_at(term, "topologyKey"))
            wanted = _labels(term)
            others = find(wanted) if wanted else []
            if (
                rule == "avoid"
                and own in others
                and any(known["topologyKey"] == key for known in rules.get("spread", []))
            ):
                item.drop(SPREAD_ALREADY)
            elif rule == "avoid" and own in others:
                spread = {"topologyKey": key} if must else {"topologyKey": key, "maxSkew": 1, "required": False}
                rules.setdefault("spread", []).append(spread)
                item.map_to(f"{target}.placement.spread")
            found = [name for name in others if name != own]
            for name in found:
                entry = {"service": name, "topologyKey": key} | ({} if must else {"required": False})
                rules.setdefault(rule, []).append(entry)
                item.map_to(f"{target}.placement.{rule}")
            if not others:
                item.drop("no workload of these files has labels that it selects")
            elif not found and item.path not in item.journal.mapped:
                item.drop("placement.near is about other services, not about replicas of the same one")


def _labels(term: Field) -> dict[str, str]:
    """Returns the labels that a term selects pods by; expressions for one value each count, too."""
    found = texts(at(term, "labelSelector", "matchLabels"))
    for part in items_at(term, "labelSelector", "matchExpressions"):
        values = [value.text for value in items_at(part, "values")]
        if text_at(part, "operator") != "In" or len(values) != 1:
            return {}
        found[text_at(part, "key")] = values[0]
    return found


def _add_spread(pod: Field, rules: dict[str, Any], labels: Mapping[str, str], target: str) -> None:
    for item in items_at(pod, "topologySpreadConstraints"):
        wanted = _labels(item)
        skew = text_at(item, "maxSkew")
        if not wanted.items() <= labels.items():
            item.drop("it counts pods of other workloads, and placement.spread counts those of the service alone")
            continue
        rule: dict[str, Any] = {
            "topologyKey": topology_key(text_at(item, "topologyKey")),
            "maxSkew": int(skew) if skew.isdecimal() and int(skew[:9]) else 1,
        }
        if text_at(item, "whenUnsatisfiable") == "ScheduleAnyway":
            rule["required"] = False
        if any(known["topologyKey"] == rule["topologyKey"] for known in rules.get("spread", [])):
            item.drop(SPREAD_ALREADY)
            continue
        rules.setdefault("spread", []).append(rule)
        known = ("maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector", "nodeTaintsPolicy")
        map_parts(item, f"{target}.placement.spread", known, "a spread counts the domains where the service may go")
