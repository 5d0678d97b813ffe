"""Writes contracts as documents of OpenSLO v1, as far as OpenSLO can say what they promise.

An objective with a target becomes an SLO with the budgeting method Occurrences: each window that is judged is one
occurrence. Without a target every window has to be kept, and OpenSLO has no target of 100 %; one time slice that is as
long as the whole time window says the same.

Source: the specification of OpenSLO v1 (https://github.com/OpenSLO/OpenSLO).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.blueprint.language.amounts import Amount
from rohe_iac.blueprint.language.contract import ContractSpec, Objective, ObservationContract
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.importing.export.round_trip import LeftOut
from rohe_iac.importing.foreign.naming import UniqueNames

VERSION = "openslo/v1"

OPERATORS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
"""The operators that OpenSLO has, by those of the language."""

SOURCE = "rohe"
"""The type of the metric sources: the agents of a stack."""

ONE_SLICE_TARGET = 0.99
"""The share of good time slices where there is one: any share above 0 means that it is good."""

_SPANS = (("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60))

_LABEL = re.compile("[a-z0-9A-Z][a-z0-9A-Z._-]{0,62}")

_UNITS = {"time": "s", "rate": "1/s", "ratio": "ratio", "bytes": "bytes"}

BURN = "an alert policy of OpenSLO has one burn rate over one window"

NO_SUCH_FIELD = "OpenSLO has no such field"


@dataclass
class OpenSloDocuments:
    """Documents of OpenSLO.

    Attributes:
        documents: The documents, a Service for each pipeline and the SLOs of its contracts.
        left_out: What of the contracts is not in them: address, field and reason.
    """

    documents: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def slos(self) -> int:
        """The number of SLOs."""
        return sum(document["kind"] == "SLO" for document in self.documents)


def openslo_documents(contracts: Sequence[ObservationContract]) -> OpenSloDocuments:
    """Returns contracts as documents of OpenSLO."""
    made = OpenSloDocuments()
    names = UniqueNames()
    for contract in contracts:
        address = f"contract/{contract.metadata.name}"
        made.left_out += [(address, name, NO_SUCH_FIELD) for name in _other_fields(contract)]
        slos = []
        for objective in contract.spec.objectives:
            slos += _slos(contract, objective, made, names)
        service = _service(contract)
        if slos and not any(_is_service(document, service) for document in made.documents):
            made.documents.append(_document("Service", {"name": service}, {}))
        made.documents += slos
    return made


def _service(contract: ObservationContract) -> str:
    """Returns the name of the Service that a contract is about: its pipeline, or itself where there are several."""
    about = contract.spec.about
    return about[0] if len(about) == 1 else contract.metadata.name


def _is_service(document: dict[str, Any], name: str) -> bool:
    return bool(document["kind"] == "Service" and document["metadata"]["name"] == name)


def _document(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _other_fields(contract: ObservationContract) -> Iterator[str]:
    """Yields the fields of a contract beside its objectives that say something, and that OpenSLO does not have."""
    spec = contract.spec
    if spec.tenant is not None and not _LABEL.fullmatch(spec.tenant):
        yield "tenant"
    if spec.effective.from_ is not None or spec.effective.to is not None:
        yield "effective"
    for name in ("lateness", "processing", "sinks"):
        if getattr(spec, name) != ContractSpec.model_fields[name].default:
            yield name


def _slos(
    contract: ObservationContract, objective: Objective, made: OpenSloDocuments, names: UniqueNames
) -> list[dict[str, Any]]:
    """Returns the SLOs of an objective, two for a range; none where OpenSLO cannot say what it promises."""
    name = objective.name or objective.metric
    address = f"contract/{contract.metadata.name}"
    place = f"objectives.{name}"
    budget = _budget(objective)
    reason = budget if isinstance(budget, str) else _unsayable(objective)
    if reason or isinstance(budget, str):
        made.left_out.append((address, place, reason))
        return []
    made.left_out += [(address, f"{place}.{field_name}", why) for field_name, why in _left_out(objective)]
    operators = (">=", "<=") if objective.operator == "between" else (objective.operator,)
    found = []
    for operator, bound in zip(operators, objective.bounds, strict=True):
        given = names.give(f"{contract.metadata.name}-{name}", "slo")
        metadata: dict[str, Any] = {"name": given, "displayName": f"{contract.metadata.name}: {name}"}
        labels = {"contract": contract.metadata.name, "tenant": contract.spec.tenant or ""}
        metadata["labels"] = {key: text for key, text in labels.items() if _LABEL.fullmatch(text)}
        goal = {"displayName": _shown(objective, operator), "op": OPERATORS[operator], "value": bound.value}
        spec = {
            "service": _service(contract),
            "indicator": {
                "metadata": {"name": given},
                "spec": {"thresholdMetric": {"metricSource": _source(contract, objective, bound)}},
            },
            **{key: value for key, value in budget.items() if key != "objective"},
            "objectives": [{**goal, **budget["objective"]}],
        }
        found.append(_document("SLO", metadata, spec))
    return found


def _unsayable(objective: Objective) -> str:
    if objective.operator != "between" and objective.operator not in OPERATORS:
        return f"OpenSLO has no operator '{objective.operator}'"
    if objective.operator == "between" and objective.target is not None:
        return "OpenSLO has no range, and the budgets of two SLOs are not that of one"
    return ""


def _budget(objective: Objective) -> dict[str, Any] | str:
    """Returns the budgeting of an objective, with what its objective in OpenSLO has of it; text says why not."""
    if objective.target is not None:
        window = _span(objective.budget_window)
        if objective.budget_window is not None and not window:
            return f"its budgetWindow of {objective.budget_window:g} s is not of whole minutes, as spans of OpenSLO are"
        budget: dict[str, Any] = {"budgetingMethod": "Occurrences"}
        if window:
            budget["timeWindow"] = [{"duration": window, "isRolling": True}]
        return {**budget, "objective": {"target": objective.target}}
    length = objective.window.size_length
    slice_window = _span(length.seconds if length is not None else None)
    if not slice_window:
        return (
            "without a target every window has to be kept, which OpenSLO says of windows of whole minutes alone: add a "
            "target"
        )
    return {
        "description": f"Every window of {slice_window} has to be kept: it is the only time slice.",
        "timeWindow": [{"duration": slice_window, "isRolling": True}],
        "budgetingMethod": "Timeslices",
        "objective": {"target": ONE_SLICE_TARGET, "timeSliceTarget": 1, "timeSliceWindow": slice_window},
    }


def _span(seconds: float | None) -> str:
    """Returns a span as OpenSLO has it, in the largest unit that fits; "" for none, and for no whole minutes."""
    for unit, size in _SPANS:
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return ""


def _left_out(objective: Objective) -> Iterator[tuple[str, str]]:
    """Yields the fields of an objective that its SLO does not have, with the reason."""
    if objective.burn_rates:
        yield "burnRates", BURN
    for name in ("min_samples", "missing", "for_", "clear", "on_violation"):
        described = Objective.model_fields[name]
        if getattr(objective, name) != described.default:
            yield described.alias or name, NO_SUCH_FIELD


def _source(contract: ObservationContract, objective: Objective, bound: Amount) -> dict[str, Any]:
    """Returns where the number comes from: what agents of a stack measure, in rohe's own words."""
    window = objective.window.model_dump(by_alias=True, exclude_none=True)
    scope = objective.scope.model_dump(by_alias=True, exclude_none=True)
    unit = _UNITS.get(bound.kind) or {"s": "s", "rate": "1/s", "ratio": "ratio"}.get(
        BUILT_IN.get(objective.metric, ""), ""
    )
    about = contract.spec.about
    spec: dict[str, Any] = {"pipeline": about[0]} if len(about) == 1 else {"pipelines": [*about]}
    spec["metric"] = objective.metric
    if objective.metric in contract.spec.metrics:
        spec["expression"] = contract.spec.metrics[objective.metric]
    spec |= {"scope": scope} if scope else {}
    spec |= {"aggregate": objective.aggregate}
    spec |= {"unit": unit} if unit else {}
    spec |= {"window": window} if window else {}
    return {"type": SOURCE, "spec": spec}


def _shown(objective: Objective, operator: str) -> str:
    values = objective.value if isinstance(objective.value, list | tuple) else [objective.value]
    value = values[-1] if operator in ("<", "<=") else values[0]
    return f"{objective.metric} {objective.aggregate} {operator} {value}"
