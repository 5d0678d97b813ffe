"""Field: every node seen by one demand at once: points, refusals by rule and the closest of the refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rohe_iac.planning.model.plan import Refusals

Ranked = tuple[int, list[int], int]
"""Points, nodes that have so many and follow each other, and what stands for all nodes that stand as they do, or -1."""


Shut = Mapping[str, Sequence[int]]
"""Domains, by topology key in the order of the rules, that take no more replicas of a class."""

NOTHING_SHUT: Shut = {}


@dataclass(slots=True)
class Evaluation:
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


class Evaluator(Protocol):
    """Evaluates demands against all nodes as the ledger stands."""

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> Evaluation:
        """Points of all nodes; the heap may be cut to what `wanted` replicas need at first, plus a runner-up.

        explain: tell refusals by rule and the closest of the refused too.
        """
        ...

    def feasible(self, demand: int, *, explain: bool) -> Evaluation:
        """The same without the heap; `ranked` tells the nodes that pass, the best first."""
        ...

    def best_first(self, evaluation: Evaluation) -> Iterator[Ranked]:
        """The nodes that pass a view of `look`, the best first, by name where equal; nothing may have been touched
        since but nodes that were told already. Of nodes that stand alike several are told at once.
        """
        ...

    def more(self, evaluation: Evaluation) -> list[int]:
        """The next best nodes of a view whose heap was cut, as its entries; nothing may have been evaluated since."""
        ...

    def invalidate(self, node: int) -> None:
        """Says that the ledger has changed on a node."""
        ...

    def invalidate_alike(self, nodes: Sequence[int], alike: int, taken: int) -> None:
        """Says the same of nodes that `ranked` told with `alike` and each of which has taken so many replicas since."""
        ...

    def close_domain(self, evaluation: Evaluation, nodes: Sequence[int]) -> int:
        """Refuses nodes, and says how many of them had passed."""
        ...

    def record_refusals(
        self, evaluation: Evaluation, filled: Sequence[int] = (), shut: Shut = NOTHING_SHUT, last: int = -1
    ) -> None:
        """Notes what refuses the class of a view that explains, were its last replica not there yet.

        filled: nodes that take no more since the view, shut: domains. last: where the last replica is about to go, with
        either of them. Nothing else may have happened since; nothing may have been evaluated.
        """
        ...

    def collected_refusals(self) -> dict[int, Refusals]:
        """What refuses in all that was noted, by demand, the last where one was noted again; it is forgotten."""
        ...
