"""The interface of evaluators: all nodes at once for one demand, with scores, refusals by rule and closest nodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex

Ranked = tuple[int, list[NodeIndex], int]
"""A score, the nodes that have it and follow each other, and the state that all of them are in, or -1."""

ClosedByKey = Mapping[str, Sequence[int]]
"""Domains, by topology key in the order of the rules, that take no more replicas of a demand."""

NOTHING_CLOSED: ClosedByKey = {}


class Passes(Protocol):
    """Whether each node passes, by position; nodes that are filled are set to false."""

    def __getitem__(self, node: NodeIndex, /) -> bool:
        """Checks whether the node passes."""
        ...

    def __setitem__(self, node: NodeIndex, passes: bool, /) -> None:
        """Records whether the node passes."""
        ...


@dataclass(slots=True)
class Evaluation(ABC):
    """All nodes as one demand finds them.

    Attributes:
        demand: the position of the demand.
        heap: keys (see NodeKeys) of the best nodes, as a heap.
        fits: how many nodes pass.
        passes: which nodes do.
        refused: how many nodes each rule is the first to refuse; only where asked for, and not where refusals are
            computed later.
        closest: shortfall and node of the refused nodes that lack least, under the same conditions.
        whole: whether the heap holds every node that passes; otherwise `more` has further ones.
        beside: whether rules about other replicas or plugged filters count.
    """

    demand: DemandIndex
    heap: list[int]
    fits: int
    passes: Passes
    refused: dict[str, int]
    closest: list[tuple[int, NodeIndex]] = field(default_factory=list)
    whole: bool = True
    beside: bool = False

    @abstractmethod
    def best_first(self) -> Iterator[Ranked]:
        """Yields the nodes that pass an evaluation of `feasible`, the best first, by name where equal.

        Nodes in the same state are yielded together. Nodes other than those yielded may not have changed since the
        evaluation.
        """

    @abstractmethod
    def more(self) -> list[int]:
        """Returns the keys of the next best nodes of a heap that was cut.

        Nothing may have been evaluated since.
        """

    @abstractmethod
    def close_domain(self, nodes: Sequence[NodeIndex]) -> int:
        """Refuses nodes, and returns how many of them had passed."""


class Evaluator(Protocol):
    """Evaluates demands against all nodes as the ledger stands."""

    def evaluate(self, demand: DemandIndex, wanted: int, *, explain: bool) -> Evaluation:
        """Returns the evaluation of all nodes with their scores.

        Args:
            wanted: the heap may be cut to what so many replicas need at first, and a runner-up.
            explain: whether refusals by rule and the closest refused nodes are found too.
        """
        ...

    def feasible(self, demand: DemandIndex, *, explain: bool) -> Evaluation:
        """Returns the evaluation without the heap; its `best_first` yields the nodes that pass."""
        ...

    def invalidate(self, node: NodeIndex) -> None:
        """Records that the ledger has changed on a node."""
        ...

    def invalidate_alike(self, nodes: Sequence[NodeIndex], state: int, taken: int) -> None:
        """Records that nodes which `best_first` yielded with this state have taken so many replicas each."""
        ...

    def record_refusals(
        self,
        evaluation: Evaluation,
        filled: Sequence[NodeIndex] = (),
        closed: ClosedByKey = NOTHING_CLOSED,
        last: NodeIndex = NO_NODE,
    ) -> None:
        """Records why nodes refuse the demand, as they did before its last replica was placed.

        Must be called right after the evaluation, before any other evaluation.

        Args:
            evaluation: an evaluation that explains.
            filled: nodes that became full since the evaluation.
            closed: domains that became full since.
            last: the node that the last replica is about to take; given with either of them.
        """
        ...

    def collected_refusals(self) -> dict[DemandIndex, Refusals]:
        """Returns what was recorded, by demand, the last where a demand was recorded twice, and forgets it."""
        ...
