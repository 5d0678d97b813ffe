"""Edits of cpu, memory, disk and network: the smallest that give a refused replica the amount that it lacks.

A missing amount is covered by a smaller request of the service or a larger capacity of the node. A smaller request
holds for every replica of the workload, those on the node included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from rohe_iac.foundation.quantities import cpu_alike, exact_bandwidth, exact_bytes, exact_bytes_in_words, shown_cpu
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.amounts import EXTRAS
from rohe_iac.planning.questions.why_not.refusal_case import AdjustableAmount, EditSet, EditStep, RefusalCase

Amount = tuple[str, str, Callable[[int], str]]
"""The name for people, the field of requests, supplies, ledgers and edits, and how an edit writes a value."""

AMOUNTS: tuple[Amount, ...] = (
    ("cpu", "cpu", shown_cpu),
    ("memory.rss", "rss", exact_bytes),
    ("memory.vms", "vms", exact_bytes),
    ("disk", "disk", exact_bytes),
    ("network", "network", exact_bandwidth),
)
"""The amounts that a node offers."""


def amount_edits(case: RefusalCase) -> Iterator[list[EditSet]]:
    """Yields for each missing amount the edits that cover it."""
    for amount in AMOUNTS:
        _, name, _ = amount
        asked, offered, free = getattr(case.asked, name), getattr(case.supply, name), getattr(case.ledger, name)
        if asked is None or offered is None or asked <= free[case.node] or (name in EXTRAS and not asked):
            continue
        lacking, sharers = asked - free[case.node], case.present + 1
        edits: list[EditSet] = [(raise_capacity(case, amount, lacking),)]
        reduction = -(-lacking // sharers)
        if reduction < asked:
            edits.append((lower_request(case, amount, reduction),))
        # Of edits of both fields only one can be smaller: the lowest request in whole units, the capacity for the rest.
        # A tenth of the request is left, as less is given only where nothing else works.
        reduction = min(asked * 9 // 10, lacking // sharers)
        if 0 < reduction * sharers < lacking:
            both = (
                lower_request(case, amount, reduction),
                raise_capacity(case, amount, lacking - reduction * sharers),
            )
            gentle = [total_change(steps) for steps in edits if not any(step.drastic for step in steps)]
            if total_change(both) < min(gentle):
                edits.append(both)
        yield edits


def undercut_edits(case: RefusalCase, rivals: Collection[str]) -> list[EditSet]:
    """Returns edits for a case where rivals would take the room: a request just below theirs, and room for that.

    Args:
        rivals: workloads that would take what the edits free.
    """
    found: list[EditSet] = []
    for amount in AMOUNTS:
        name = amount[1]
        asked, offered, free = getattr(case.asked, name), getattr(case.supply, name), getattr(case.ledger, name)
        if asked is None or offered is None or asked <= free[case.node] or (name in EXTRAS and not asked):
            continue
        for rival in sorted(rivals):
            size = (getattr(case.indexed.resources[case.indexed.index[rival]], name) or 0) - 1
            if not 0 < size < asked:
                continue
            lacking = asked - free[case.node] - (asked - size) * (case.present + 1)
            capacity = (raise_capacity(case, amount, lacking),) if lacking > 0 else ()
            found.append((lower_request(case, amount, asked - size), *capacity))
    return found


def total_change(steps: EditSet) -> int:
    """Returns the sum of the relative changes of all steps, in millionths."""
    return sum(step.change for step in steps)


def raise_capacity(case: RefusalCase, amount: Amount, lacking: int) -> EditStep:
    """Returns the step that gives the node `lacking` more of the amount."""
    name = amount[1]
    offered = getattr(case.supply, name)
    size, ratio = offered + lacking, case.indexed.settings.vms_ratio
    if name == "vms":
        # A node offers its virtual memory times the overcommit ratio, rounded down.
        size = -(-(offered * ratio // MILLION + lacking) * MILLION // ratio)
    return _set_capacity(case, amount, size)


def _set_capacity(case: RefusalCase, amount: Amount, size: int) -> EditStep:
    words, name, written = amount
    offered = getattr(case.supply, name)
    return EditStep(
        f"{case.address}.{words} up to {_shown(name, size, written)}",
        f"{case.address}.{name}={written(size)}",
        (size - offered) * MILLION // max(offered, 1),
        AdjustableAmount(offered, size, lambda value: _set_capacity(case, amount, value)),
    )


def _shown(name: str, value: int, written: Callable[[int], str]) -> str:
    """Returns a value as people read it: cpu in the unit of the cores that the same sentence may name."""
    if name == "cpu":
        return cpu_alike(value)[0]
    return exact_bytes_in_words(value) if written is exact_bytes else written(value)


def lower_request(case: RefusalCase, amount: Amount, reduction: int) -> EditStep:
    """Returns the step that lowers the request of the service by `reduction`."""
    words, name, written = amount
    asked = getattr(case.asked, name)
    return EditStep(
        f"{case.service}.{words} down to {_shown(name, asked - reduction, written)}",
        f"{case.request_owner}.{name}={written(asked - reduction)}",
        reduction * MILLION // asked,
        AdjustableAmount(asked, asked - reduction, lambda value: lower_request(case, amount, asked - value)),
        lowers=True,
    )
