"""Builds the agent's contract values from the ObservationContract documents of a blueprint."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from rohe_iac.foundation import quantities
from rohe_iac.observation.contract import (
    _COUNT,
    AGGREGATES,
    ContractSpec,
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


def contract_spec(contract: ObservationContract, pipeline: Pipeline) -> ContractSpec:
    """The normalised form of a contract about a pipeline: thresholds are in the units that its services report.

    Errors: UnusableContract.
    """
    # An agent reads what this makes and never makes it: it is spared the language's models.
    from rohe_iac.blueprint.linked.metric_units import unit_of
    from rohe_iac.blueprint.linked.offer import offer_of

    offer = offer_of(pipeline)
    spec, name = contract.spec, contract.metadata.name
    try:
        return ContractSpec(
            name=name,
            lateness=spec.lateness,
            objectives=_named(
                [_objective(written, unit_of(written, spec.metrics, offer)) for written in spec.objectives]
            ),
            metrics=spec.metrics,
            processing=tuple(
                ProcessingSpec(
                    function=written.function,
                    parser=written.parser or "",
                    features=written.features,
                    options=written.options,
                    window=window_spec(written.window),
                )
                for written in spec.processing
            ),
            sinks=spec.sinks,
            tenant=spec.tenant or "",
            begins=_moment(spec.effective.from_),
            ends=_moment(spec.effective.to),
        )
    except ValueError as error:
        raise UnusableContract(f"contract '{name}' cannot be judged: {error}") from error


def window_spec(written: WrittenWindow) -> WindowSpec:
    """The normalised form of a window. Errors: ValueError with what was expected."""
    if written.session:
        return WindowSpec(session=written.session)
    if written.size is None:
        raise ValueError("a window needs a size such as 5m or '200 reports', or a session")
    seconds, count = _span(written.size)
    every_seconds, every_count = _span(written.every) if written.every is not None else (seconds, count)
    if not (seconds or count) or not (every_seconds or every_count):
        raise ValueError("a window of no length holds nothing")
    return WindowSpec(size_seconds=seconds, size_count=count, every_seconds=every_seconds, every_count=every_count)


def _span(text: str) -> tuple[float, int]:
    match = _COUNT.fullmatch(text.strip())
    if match is not None:
        return 0.0, int(match[1])
    return quantities.seconds(text), 0


def _moment(moment: datetime | None) -> float:
    if moment is None:
        return 0.0
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _objective(written: WrittenObjective, unit: str) -> ObjectiveSpec:
    """unit: of what is measured, "" where nobody can tell."""
    from rohe_iac.blueprint.linked.metric_units import in_unit

    if written.aggregate not in AGGREGATES and percentile_of(written.aggregate) is None:
        raise ValueError(f"'{written.aggregate}' is no aggregate; aggregates: {', '.join(AGGREGATES)}, p50 to p99.9")
    bounds = [in_unit(bound, unit) for bound in written.bounds]
    low, high = bounds[0], bounds[-1]
    scope = ScopeSpec(**{key: value or "" for key, value in written.scope.model_dump().items()})
    words = [] if written.aggregate == "mean" else [written.aggregate]
    words += [part for part in (scope.service, scope.member, scope.model, scope.instance, scope.device) if part]
    made = re.sub(r"[^a-z0-9]+", "-", "-".join([*words, written.metric]).lower()).strip("-")
    action = written.on_violation
    return ObjectiveSpec(
        name=written.name or made[:63].strip("-"),
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
    )


def _named(objectives: list[ObjectiveSpec]) -> tuple[ObjectiveSpec, ...]:
    seen: dict[str, int] = {}
    named = []
    for objective in objectives:
        seen[objective.name] = seen.get(objective.name, 0) + 1
        count = seen[objective.name]
        named.append(objective if count == 1 else msgspec.structs.replace(objective, name=f"{objective.name}-{count}"))
    return tuple(named)
