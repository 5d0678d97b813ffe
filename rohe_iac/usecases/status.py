"""`rohe status`: how every part of an applied stack does now."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.deployment.journal import Journal
from rohe_iac.deployment.ports import Live
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


@dataclass(frozen=True)
class Part:
    """One replica, agent or broker: where the plan put it and how it does. state: as of Live, or `missing`."""

    address: str
    instance: str
    node: str
    state: str
    where: str
    urls: tuple[str, ...]
    restarts: int
    began: float

    @property
    def well(self) -> bool:
        """Whether it runs."""
        return self.state == "running"


@dataclass(frozen=True)
class StackStatus:
    """How a stack does. serial: of the record, 0 where there is none. interrupted: a run that did not end, or empty."""

    project: str
    stack: str
    serial: int
    complete: bool
    interrupted: str
    parts: tuple[Part, ...]

    @property
    def well(self) -> bool:
        """Whether everything that was applied runs."""
        return all(part.well for part in self.parts)


def status(stack: KnownStack, open_target: OpenTarget) -> StackStatus:
    """Compares what was planned with what lives. Asks this machine only."""
    target = open_target(stack.target, stack.folder, stack.root)
    live = {item.instance: item for item in target.live()}
    parts = []
    for placement in stack.record.planfile.plan.placements if stack.record is not None else ():
        instance = "broker" if placement.workload.startswith("broker/") else placement.instance
        parts.append(_part(placement.replica, instance, placement.node, live.pop(instance, None)))
    parts += [_part(item.address, item.instance, "", item) for item in live.values()]
    return StackStatus(
        project=stack.project,
        stack=stack.name,
        serial=stack.record.serial if stack.record is not None else 0,
        complete=stack.record is not None and stack.record.complete,
        interrupted=Journal(stack.folder, SystemClock()).interrupted(),
        parts=tuple(sorted(parts, key=lambda part: part.address)),
    )


def _part(address: str, instance: str, node: str, live: Live | None) -> Part:
    if live is None:
        return Part(address, instance, node, "missing", "", (), 0, 0.0)
    return Part(address, instance, node, live.state, live.where, live.urls, live.restarts, live.began)
