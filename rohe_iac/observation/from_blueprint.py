"""Builds the agent's contract values from the ObservationContract documents of a blueprint."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from rohe_iac.foundation import quantities
from rohe_iac.observation.contract import (
    AGGREGATES,
    AgentContract,
    ObjectiveSpec,
    ProcessingSpec,
    ScopeSpec,
    UnusableContract,
    WindowSpec,
    percentile_of,
)

if TYPE_CHECKING:
    from rohe_iac.blueprint.language.contract import Objective as WrittenObjective
    from rohe_iac.blueprint.language.contract import ObservationContract
    from rohe_iac.blueprint.language.contract import Window as WrittenWindow
    from rohe_iac.blueprint.language.pipeline import Pipeline


_UNITS = {"time": "s", "rate": "rate", "bytes": "bytes"}
"""The base unit of each kind of amount that has one."""

_COUNT = re.compile(r"(\d+)\s*(?:reports?|requests?|samples?)")


def agent_contract(contract: ObservationContract, pipeline: Pipeline) -> AgentContract:
    """Returns a contract in the form that agents judge, with thresholds in the units that the services report.

    Args:
        contract: Contract of the blueprint.
        pipeline: Pipeline that the contract is about.

    Raises:
        UnusableContract: A part of the contract cannot be judged.
    """
    # An agent only reads agent contracts, and so never imports the language's models.
    from rohe_iac.blueprint.linked.metric_units import unit_of
    from rohe_iac.blueprint.linked.offer import offer_of

    offer = offer_of(pipeline)
    spec, name = contract.spec, contract.metadata.name
    try:
        return AgentContract(
            name=name,
            lateness=spec.lateness,
            objectives=_with_unique_names(
                [_objective_spec(written, unit_of(written, spec.metrics, offer)) for written in spec.objectives]
            ),
            metrics=spec.metrics,
            processing=tuple(
                ProcessingSpec(
                    function=written.function,
                    parser=written.parser or "",
                    features=written.features,
                    options=written.options,
                    memory=written.memory,
                    window=window_spec(written.window),
                )
                for written in spec.processing
            ),
            sinks=spec.sinks,
            tenant=spec.tenant or "",
            begins=_timestamp(spec.effective.from_),
            ends=_timestamp(spec.effective.to),
        )
    except ValueError as error:
        raise UnusableContract(f"contract '{name}' cannot be judged: {error}") from error


def window_spec(written: WrittenWindow) -> WindowSpec:
    """Returns a window in the form that agents judge.

    Raises:
        ValueError: The window has no size, or no length; the message names what was expected.
    """
    if written.session:
        return WindowSpec(session=written.session)
    if written.size is None:
        raise ValueError("a window needs a size such as 5m or '200 reports', or a session")
    seconds, count = _parse_span(written.size)
    every_seconds, every_count = _parse_span(written.every) if written.every is not None else (seconds, count)
    if not (seconds or count) or not (every_seconds or every_count):
        raise ValueError("a window of no length holds nothing")
    return WindowSpec(size_seconds=seconds, size_count=count, every_seconds=every_seconds, every_count=every_count)


def _parse_span(text: str) -> tuple[float, int]:
    """Returns (seconds, 0) for a span by time, and (0, count) for a span by count."""
    match = _COUNT.fullmatch(text.strip())
    if match is not None:
        return 0.0, int(match[1])
    return quantities.seconds(text), 0


def _timestamp(moment: datetime | None) -> float:
    """Returns the seconds since the epoch, with UTC where no time zone is given; 0 for None."""
    if moment is None:
        return 0.0
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _objective_spec(written: WrittenObjective, unit: str) -> ObjectiveSpec:
    """Returns an objective in the form that agents judge; `unit` is that of its metric, "" where it is unknown."""
    from rohe_iac.blueprint.linked.metric_units import in_unit

    if written.aggregate not in AGGREGATES and percentile_of(written.aggregate) is None:
        raise ValueError(f"'{written.aggregate}' is no aggregate; aggregates: {', '.join(AGGREGATES)}, p50 to p99.9")
    bounds = [in_unit(bound, unit) for bound in written.bounds]
    low, high = bounds[0], bounds[-1]
    scope = ScopeSpec(**{key: value or "" for key, value in written.scope.model_dump().items()})
    words = [] if written.aggregate == "mean" else [written.aggregate]
    words += [part for part in (scope.service, scope.member, scope.model, scope.instance, scope.device) if part]
    default_name = re.sub(r"[^a-z0-9]+", "-", "-".join([*words, written.metric]).lower()).strip("-")
    action = written.on_violation
    return ObjectiveSpec(
        name=written.name or default_name[:63].strip("-"),
        metric=written.metric,
        scope=scope,
        aggregate=written.aggregate,
        operator=written.operator,
        low=low,
        high=high,
        window=window_spec(written.window),
        min_samples=written.min_samples,
        missing=written.missing,
        hold=written.for_,
        clear=written.clear,
        action=action.action if action is not None else "",
        cooldown=action.cooldown if action is not None else 0.0,
        dry_run=action.dry_run if action is not None else False,
        written=" and ".join(map(str, written.value if isinstance(written.value, list | tuple) else [written.value])),
        unit=_shown_unit(unit, {bound.kind for bound in written.bounds}),
    )


def _shown_unit(unit: str, kinds: Collection[str]) -> str:
    """Returns the unit to show values in: that of the metric, and percent for a ratio that the contract has so.

    Args:
        unit: Unit of the metric, "" where it is unknown.
        kinds: Kinds of the amounts in the contract: number, ratio, time, rate or bytes.
    """
    if "ratio" in kinds and unit in ("", "ratio", "quotient"):
        return "%"
    # A threshold with a unit tells that of an undeclared metric.
    return unit or next((word for kind, word in _UNITS.items() if kind in kinds), "")


def _with_unique_names(objectives: list[ObjectiveSpec]) -> tuple[ObjectiveSpec, ...]:
    """Returns the objectives with `-2`, `-3` and so on added to the names of later ones of equal name."""
    counts: dict[str, int] = {}
    unique = []
    for objective in objectives:
        counts[objective.name] = counts.get(objective.name, 0) + 1
        count = counts[objective.name]
        unique.append(objective if count == 1 else msgspec.structs.replace(objective, name=f"{objective.name}-{count}"))
    return tuple(unique)
