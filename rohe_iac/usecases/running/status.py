"""`rohe status`: how every part of an applied stack does now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.ports import Live
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import RoheError
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
class Word:
    """What one agent said of itself and its contracts, or why it said nothing.

    said: as the agent tells it, with `at`, `counts`, `objectives`, `orders`; empty where it did not answer.
    """

    agent: str
    said: dict[str, Any] = field(default_factory=dict)
    silence: str = ""


@dataclass(frozen=True)
class Kept:
    """One contract over all its objectives and agents: BROKEN where any is, else UNKNOWN where any is, else KEPT."""

    contract: str
    verdict: str


@dataclass(frozen=True)
class StackStatus:
    """How a stack does. serial: of the record, 0 where there is none. interrupted: a run that did not end, or empty."""

    project: str
    stack: str
    serial: int
    complete: bool
    interrupted: str
    parts: tuple[Part, ...]
    words: tuple[Word, ...] = ()

    @property
    def contracts(self) -> tuple[Kept, ...]:
        """Every contract that an agent spoke of, sorted."""
        verdicts: dict[str, set[str]] = {}
        for word in self.words:
            for item in word.said.get("objectives", ()):
                verdicts.setdefault(item["contract"], set()).add(item["verdict"])
        return tuple(
            Kept(contract, next((word for word in WORST if word in found), "UNKNOWN"))
            for contract, found in sorted(verdicts.items())
        )

    @property
    def well(self) -> bool:
        """Whether everything that was applied runs, every agent answers and no contract is broken."""
        return (
            all(part.well for part in self.parts)
            and not any(word.silence for word in self.words)
            and not any(contract.verdict == "BROKEN" for contract in self.contracts)
        )


WORST = ("BROKEN", "UNKNOWN", "KEPT")


PATIENCE = 3.0
"""Seconds that the broker and each agent have to answer."""


def status(stack: KnownStack, open_target: OpenTarget) -> StackStatus:
    """Compares what was planned with what lives, and asks the agents that run what they say."""
    target = open_target(stack.target, stack.folder, stack.root)
    live = {item.instance: item for item in target.live()}
    parts = []
    for placement in stack.record.planfile.plan.placements if stack.record is not None else ():
        instance = "broker" if placement.workload.startswith("broker/") else placement.instance
        parts.append(_part(placement.replica, instance, placement.node, live.pop(instance, None)))
    parts += [_part(item.address, item.instance, "", item) for item in live.values()]
    parts.sort(key=lambda part: part.address)
    return StackStatus(
        project=stack.project,
        stack=stack.name,
        serial=stack.record.serial if stack.record is not None else 0,
        complete=stack.record is not None and stack.record.complete,
        interrupted=RunJournal(stack.folder, SystemClock()).interrupted(),
        parts=tuple(parts),
        words=_words(stack, parts),
    )


def _part(address: str, instance: str, node: str, live: Live | None) -> Part:
    if live is None:
        return Part(address, instance, node, "missing", "", (), 0, 0.0)
    return Part(address, instance, node, live.state, live.where, live.urls, live.restarts, live.began)


def _words(stack: KnownStack, parts: list[Part]) -> tuple[Word, ...]:
    agents = [part for part in parts if part.address.startswith("agent/")]
    if not any(part.well for part in agents):
        return tuple(Word(part.instance, silence=f"it is {part.state}") for part in agents)
    from rohe_iac.usecases.observing.observe import inquirer_of

    words = []
    try:
        with inquirer_of(stack, PATIENCE) as inquirer:
            for part in agents:
                if not part.well:
                    words.append(Word(part.instance, silence=f"it is {part.state}"))
                    continue
                try:
                    words.append(Word(part.instance, said=inquirer.ask(part.instance, "status")[0]))
                except (RoheError, IndexError) as error:
                    words.append(Word(part.instance, silence=str(error)))
    except RoheError as error:
        # One broker for all: whoever it hides from us is silent for the same reason.
        heard = {word.agent for word in words}
        words += [Word(part.instance, silence=str(error)) for part in agents if part.instance not in heard]
    return tuple(words)
