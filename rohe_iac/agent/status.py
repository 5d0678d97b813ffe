"""Status: what an agent says about itself, its clients and its objectives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator
from rohe_iac.observation.judging.unknown import HeardClient, unknown_reason
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.observer import Observer


def observer_counts(observer: Observer) -> dict[str, Any]:
    """Returns what an observer has counted, and up to when it has judged (seconds since the epoch)."""
    state = observer.state
    return {
        "reports": state.counters.reports,
        "late": state.counters.late,
        "windows": state.counters.windows,
        "faults": state.counters.faults,
        "missing": state.watermark.missing,
        "watermark": observer.watermark,
    }


def objective_statuses(
    observer: Observer, clients: Mapping[str, Mapping[str, Any]], now: float, *, started: float, trouble: str
) -> list[dict[str, Any]]:
    """Returns the states of all objectives; the arguments are those of `objective_status`."""
    return [
        objective_status(observer, evaluator, clients, now, started=started, trouble=trouble)
        for evaluator in observer.evaluators
    ]


def objective_status(
    observer: Observer,
    evaluator: ObjectiveEvaluator,
    clients: Mapping[str, Mapping[str, Any]],
    now: float,
    *,
    started: float,
    trouble: str,
) -> dict[str, Any]:
    """Returns the state of one objective as JSON values.

    Args:
        observer: Observer of the pipeline.
        evaluator: Evaluator of the objective.
        clients: Last state messages by client.
        now: Present time (seconds since the epoch).
        started: When the agent started (seconds since the epoch).
        trouble: Why nothing is judged, because the agent is not connected or is behind; "" where neither holds.

    Returns:
        The promise, the last window, the verdict, and under `unknown` why it is UNKNOWN (None for other verdicts).
    """
    objective, state = evaluator.objective, evaluator.state
    last = state.last_result
    unknown = None
    if state.judge.verdict is Verdict.UNKNOWN:
        heard = [
            [_heard_client(observer, client, clients.get(client, {})) for client in names]
            for names in observer.heard_by(evaluator)
        ]
        wait = observer.wait_of(evaluator.group)
        unknown = unknown_reason(evaluator, wait, heard, now, started=started, trouble=trouble)
    return {
        "contract": evaluator.contract.name,
        "objective": objective.name,
        "promise": objective.text,
        "unit": objective.unit,
        "scope": objective.scope.text,
        "window": objective.window.text,
        "verdict": state.judge.verdict.value,
        "since": state.judge.since,
        "unknown": msgspec.to_builtins(unknown),
        "violation": state.violation.id if state.violation is not None else "",
        "value": last.value if last is not None else None,
        "error": last.error or 0.0 if last is not None else 0.0,
        "close": bool(last.close) if last is not None else False,
        "count": last.count if last is not None else 0,
        "end": last.end if last is not None else 0.0,
    }


def _heard_client(observer: Observer, client: str, state: Mapping[str, Any]) -> HeardClient:
    clock = observer.clock_of(client)
    name, waiting = str(state.get("state", "")), int(state.get("waiting") or 0) + int(state.get("pending") or 0)
    silent = client in observer.quiet.silent
    if clock is None:
        return HeardClient(client=client, silent=silent, state=name, waiting=waiting)
    return HeardClient(
        client=client,
        reported=clock.reported,
        spoke=clock.spoke,
        interval=clock.interval,
        silent=silent,
        state=name,
        waiting=waiting,
    )


def instance_status(observer: Observer) -> dict[str, dict[str, Any]]:
    """Returns for each planned instance when it last said anything, and whether it is `needed`.

    `spoke` is in seconds since the epoch, 0 for never; `interval` has the seconds within which the instance promises to
    speak, 0 where it promises nothing, and `silent` says that it does not. An instance is needed where the blueprint
    says that its service reports, and where an objective hears no other service: while that one is silent, there is
    nothing to judge.
    """
    instances = observer.configuration.instances
    services = {item.instance: item.service for item in instances}
    needed = {item.instance for item in instances if item.reports}
    for evaluator in observer.evaluators:
        for names in observer.heard_by(evaluator):
            if len({services[name] for name in names}) == 1:
                needed.update(names)
    found = {}
    for name in services:
        clock = observer.clock_of(name)
        found[name] = {
            "spoke": clock.spoke if clock is not None else 0.0,
            "interval": clock.interval if clock is not None else 0.0,
            "silent": name in observer.quiet.silent,
            "needed": name in needed,
        }
    return found
