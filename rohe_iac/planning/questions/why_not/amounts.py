"""Fixing: for each thing that keeps a replica off a node, the smallest edits that would mend it.

An amount that is missing is mended by the service's request down or the node's capacity up (`cpu`, `memory.rss`,
`memory.vms`; cores and devices have files of their own), a rule by an edit of what it asks about. A request that goes
down does so for every replica of the workload, those that are on the node already too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from rohe_iac.foundation.quantities import exact_bytes, shown_cpu
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase

Amount = tuple[str, str, Callable[[int], str]]
"""How people name it, its field in requests, supplies, ledgers and edits, and how it is written."""

AMOUNTS: tuple[Amount, ...] = (
    ("cpu", "cpu", shown_cpu),
    ("memory.rss", "rss", exact_bytes),
    ("memory.vms", "vms", exact_bytes),
)
"""What a node has some of."""


def _amounts(case: RefusalCase) -> Iterator[list[EditSet]]:
    for amount in AMOUNTS:
        _, name, _ = amount
        asked, offered, free = getattr(case.asked, name), getattr(case.supply, name), getattr(case.ledger, name)
        if asked is None or offered is None or asked <= free[case.node]:
            continue
        lacking, each = asked - free[case.node], case.there + 1
        ways: list[EditSet] = [(up(case, amount, lacking),)]
        less = -(-lacking // each)
        if less < asked:
            ways.append((down(case, amount, less),))
        # Down as far as it goes, or as whole units allow, and up by the rest: of both in one, only this can be smaller.
        less = min(asked - 1, lacking // each)
        if 0 < less * each < lacking:
            both = (down(case, amount, less), up(case, amount, lacking - less * each))
            if _change(both) < min(_change(way) for way in ways):
                ways.append(both)
        yield ways


def below(case: RefusalCase, others: Collection[str]) -> list[EditSet]:
    """Where others would take the room: requests just below theirs, and room for those alone."""
    found: list[EditSet] = []
    for amount in AMOUNTS:
        name = amount[1]
        asked, offered, free = getattr(case.asked, name), getattr(case.supply, name), getattr(case.ledger, name)
        if asked is None or offered is None or asked <= free[case.node]:
            continue
        for other in sorted(others):
            size = (getattr(case.indexed.resources[case.indexed.index[other]], name) or 0) - 1
            if not 0 < size < asked:
                continue
            lacking = asked - free[case.node] - (asked - size) * (case.there + 1)
            more = (up(case, amount, lacking),) if lacking > 0 else ()
            found.append((down(case, amount, asked - size), *more))
    return found


def _change(way: EditSet) -> int:
    return sum(step.change for step in way)


def up(case: RefusalCase, amount: Amount, lacking: int) -> EditStep:
    """The node offering so much more of it."""
    words, name, written = amount
    offered = getattr(case.supply, name)
    size, ratio = offered + lacking, case.indexed.settings.vms_ratio
    if name == "vms":
        # Virtual memory is offered times the overcommit ratio, rounded down.
        size = -(-(offered * ratio // MILLION + lacking) * MILLION // ratio)
    return EditStep(
        f"{case.where}.{words} up to {written(size)}",
        f"{case.where}.{name}={written(size)}",
        (size - offered) * MILLION // max(offered, 1),
    )


def down(case: RefusalCase, amount: Amount, less: int) -> EditStep:
    """The service asking for so much less of it."""
    words, name, written = amount
    asked = getattr(case.asked, name)
    return EditStep(
        f"{case.service}.{words} down to {written(asked - less)}",
        f"{case.asking}.{name}={written(asked - less)}",
        less * MILLION // asked,
    )
