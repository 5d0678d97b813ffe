"""The evaluation of the vectorized evaluator: scores by node state, from which the best nodes are taken as needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby, repeat
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.placement.evaluation.evaluator import Evaluation, Ranked
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.evaluation.vectorized.node_states import NodeStates
from rohe_iac.planning.placement.state.positions import NodeIndex

NEVER = -1
"""The score of a state that does not pass; all others have none or more."""

SPARE_ROOM = 4
"""How many times the nodes that replicas need are brought at first where domains may close, and then each time."""

NOT_BY_NODE: Mask = np.zeros(0, np.bool_)
"""Stands for the nodes that pass where only states were evaluated."""

NO_SCORES: Numbers = np.zeros(0, np.int64)


@dataclass(slots=True)
class VectorizedEvaluation(Evaluation):
    """An evaluation that keeps what it needs to bring more nodes.

    Attributes:
        passes: which nodes pass; NOT_BY_NODE after `feasible` of a demand that neither rules about other replicas nor
            spread domains concern.
        states: the states of the nodes.
        scores: the score of every state, NEVER where it does not pass; after `evaluate`.
        ranked: scores and states that pass, the best first; after `feasible`.
    """

    passes: Mask
    states: NodeStates = field(kw_only=True)
    scores: Numbers = field(default_factory=lambda: NO_SCORES, kw_only=True)
    ranked: Iterable[tuple[int, int]] = field(default=(), kw_only=True)
    _last: int = field(default=0, init=False)
    _limit: int = field(default=0, init=False)

    def fill(self, nodes: npt.NDArray[np.intp], limit: int) -> None:
        """Fills the heap with the best of the nodes, at most `limit`."""
        self._limit = limit
        self.heap = self._best(nodes)

    def best_first(self) -> Iterator[Ranked]:
        """Yields the nodes that pass, as in `Evaluation`."""
        if not self.fits:
            return
        nodes, passes = self.states.nodes, self.passes if self.beside else None
        equals: list[int] = []
        best = NEVER
        for score, state in self.ranked:
            if score != best and equals:
                yield from _merged(equals, best, nodes, passes)
                equals = []
            best = score
            equals.append(state)
        yield from _merged(equals, best, nodes, passes)

    def more(self) -> list[int]:
        """Returns the keys of the next best nodes, as in `Evaluation`."""
        nodes = np.flatnonzero(self.passes)
        self._limit *= SPARE_ROOM
        self.whole = True
        return self._best(nodes, after=self._last)

    def close_domain(self, nodes: Sequence[NodeIndex]) -> int:
        """Refuses nodes, as in `Evaluation`."""
        closed = int(np.count_nonzero(self.passes[nodes]))
        self.passes[nodes] = False
        return closed

    def _best(self, nodes: npt.NDArray[np.intp], after: int | None = None) -> list[int]:
        """Returns the smallest keys of the nodes, sorted; only those larger than `after`."""
        state_by_node = self.states.state_by_node
        keys = NodeKeys(len(state_by_node)).encode(self.scores[state_by_node[nodes]], nodes)
        if after is not None:
            keys = keys[keys > after]
        if len(keys) > self._limit:
            keys = np.partition(keys, self._limit - 1)[: self._limit]
            self.whole = False
        keys.sort()
        best: list[int] = keys.tolist()
        self._last = best[-1] if best else 0
        return best


def _merged(states: list[int], score: int, nodes: list[list[NodeIndex]], passes: Mask | None) -> Iterator[Ranked]:
    """Yields the nodes of states of equal score, by name; only those that pass, where `passes` is given."""
    if len(states) == 1:
        (state,) = states
        ready = nodes[state] if passes is None else [node for node in nodes[state] if passes[node]]
        if ready:
            yield score, ready, state
        return
    for state, group in groupby(merge(*[zip(nodes[state], repeat(state)) for state in states]), itemgetter(1)):
        ready = [node for node, _ in group if passes is None or passes[node]]
        if ready:
            yield score, ready, state
