"""Field: every node seen by one demand at once: points, refusals by rule and the closest of the refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify
from typing import Any, Protocol

from rohe_iac.planning.feasibility import refusal, rules_of, shortage, shortfall
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.plan import Refusals, Rejection
from rohe_iac.planning.scoring import Scoring

Ranked = tuple[int, list[int], int]
"""Points, nodes that have so many and follow each other, and what stands for all nodes that stand as they do, or -1."""

CLOSEST = 5
"""How many of the refused nodes a plan keeps for a service."""


Shut = Mapping[str, Sequence[int]]
"""Domains, by topology key in the order of the rules, that take no more replicas of a class."""

NOTHING_SHUT: Shut = {}


@dataclass(slots=True)
class View:
    """What one demand sees.

    heap: a heap of the best nodes; an entry is -(points * nodes + nodes - 1 - node), so that the least is the node of
    most points, the first by name where equal. fits: how many nodes pass. passes: which do, by position.
    refused: counts by rule. closest: (shortfall, node) of the closest refused nodes; both only where asked for, and
    not where the field tells them later.
    whole: the heap holds every node that passes; else Field.refill has more. known: what the field keeps for that.
    beside: rules about neighbours or plugged filters count.
    """

    demand: int
    heap: list[int]
    fits: int
    passes: Any
    refused: dict[str, int]
    closest: list[tuple[int, int]] = field(default_factory=list)
    whole: bool = True
    beside: bool = False
    known: Any = None


class Field(Protocol):
    """Evaluates demands against all nodes as the ledger stands."""

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> View:
        """Points of all nodes; the heap may be cut to what `wanted` replicas need at first, plus a runner-up.

        explain: tell refusals by rule and the closest of the refused too.
        """
        ...

    def look(self, demand: int, *, explain: bool) -> View:
        """The same without the heap; `ranked` tells the nodes that pass, the best first."""
        ...

    def ranked(self, view: View) -> Iterator[Ranked]:
        """The nodes that pass a view of `look`, the best first, by name where equal; nothing may have been touched
        since but nodes that were told already. Of nodes that stand alike several are told at once.
        """
        ...

    def refill(self, view: View) -> list[int]:
        """The next best nodes of a view whose heap was cut, as its entries; nothing may have been evaluated since."""
        ...

    def touch(self, node: int) -> None:
        """Says that the ledger has changed on a node."""
        ...

    def touch_alike(self, nodes: Sequence[int], alike: int, taken: int) -> None:
        """Says the same of nodes that `ranked` told with `alike` and each of which has taken so many replicas since."""
        ...

    def close(self, view: View, nodes: Sequence[int]) -> int:
        """Refuses nodes, and says how many of them had passed."""
        ...

    def note(self, view: View, filled: Sequence[int] = (), shut: Shut = NOTHING_SHUT, last: int = -1) -> None:
        """Notes what refuses the class of a view that explains, were its last replica not there yet.

        filled: nodes that take no more since the view, shut: domains. last: where the last replica is about to go, with
        either of them. Nothing else may have happened since; nothing may have been evaluated.
        """
        ...

    def noted(self) -> dict[int, Refusals]:
        """What refuses in all that was noted, by demand, the last where one was noted again; it is forgotten."""
        ...


class PlainField:
    """The field without NumPy, for problems of few nodes and services."""

    def __init__(self, layout: Layout, ledger: Ledger, scoring: Scoring) -> None:
        self.layout, self.ledger, self.scoring = layout, ledger, scoring
        self._noted: dict[int, Refusals] = {}

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> View:  # noqa: ARG002
        """See Field."""
        layout, ledger, scoring = self.layout, self.ledger, self.scoring
        number = len(layout.nodes)
        heap: list[int] = []
        refused: dict[str, int] = {}
        passes: list[bool] = []
        lacking: list[tuple[int, int]] = []
        for node in range(number):
            rule = refusal(layout, ledger, demand, node)
            passes.append(not rule)
            if not rule:
                heap.append(-(scoring.total(demand, node) * number + number - 1 - node))
                continue
            refused[rule] = refused.get(rule, 0) + 1
            if explain:
                lacking.append((shortfall(layout, ledger, demand, node), node))
        heapify(heap)
        return View(demand, heap, len(heap), passes, refused, sorted(lacking)[:CLOSEST])

    def look(self, demand: int, *, explain: bool) -> View:
        """See Field."""
        return self.evaluate(demand, 0, explain=explain)

    def ranked(self, view: View) -> Iterator[Ranked]:
        """See Field."""
        number = len(self.layout.nodes)
        for key in sorted(view.heap):
            points, behind = divmod(-key, number)
            yield points, [number - 1 - behind], -1

    def refill(self, view: View) -> list[int]:
        """See Field; nothing is ever cut here."""
        view.whole = True
        return []

    def touch(self, node: int) -> None:
        """See Field; nothing is mirrored here."""

    def touch_alike(self, nodes: Sequence[int], alike: int, taken: int) -> None:
        """See Field; nothing is mirrored here."""

    def close(self, view: View, nodes: Sequence[int]) -> int:
        """See Field."""
        number = 0
        for node in nodes:
            number += view.passes[node]
            view.passes[node] = False
        return number

    def note(
        self,
        view: View,
        filled: Sequence[int] = (),
        shut: Shut = NOTHING_SHUT,
        last: int = -1,  # noqa: ARG002
    ) -> None:
        """See Field."""
        if filled or shut:
            view = self.evaluate(view.demand, 0, explain=True)
        self._noted[view.demand] = refusals_of(self.layout, self.ledger, view)

    def noted(self) -> dict[int, Refusals]:
        """See Field."""
        noted, self._noted = self._noted, {}
        return noted


def refusals_of(layout: Layout, ledger: Ledger, view: View) -> Refusals:
    """What a view that explains says of refused nodes."""
    return Refusals(
        workload=layout.demands[view.demand].workload,
        by_rule=tuple([(rule, view.refused[rule]) for rule in rules_of(layout) if view.refused.get(rule)]),
        closest=tuple([rejection(layout, ledger, view.demand, node) for _, node in sorted(view.closest)[:CLOSEST]]),
    )


def rejection(layout: Layout, ledger: Ledger, demand: int, node: int) -> Rejection:
    """Why the node is refused, with what is missing."""
    rule, text, lacking = shortage(layout, ledger, demand, node)
    return Rejection(layout.nodes[node].name, rule, text, lacking)
