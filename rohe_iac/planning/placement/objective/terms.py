"""Terms of the lexicographic objective: their order, what each measures, and whether more or less of it is better.

An objective compares two assignments by their first term, by the second where the first is equal, and so on
(lexicographic goal programming: Ignizio 1976). One table says what a term is; it is measured of an assignment, of a
solver's model as expressions, and of all assignments at once as a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import NodeIndex

Number_co = TypeVar("Number_co", covariant=True)
Number = TypeVar("Number")


class Measures(Protocol[Number_co]):
    """What terms measure, as integers or as a solver's expressions; nothing where something is not measured."""

    def moves_over_limit(self) -> Sequence[Number_co]:
        """Returns the moved replicas above the limit of moves; nothing without a limit."""
        ...

    def placed(self) -> Sequence[Number_co]:
        """Returns the placed replicas by priority, the largest first; with floors minus what each lost before it."""
        ...

    def moves(self) -> Sequence[Number_co]:
        """Returns the replicas that left the node they had."""
        ...

    def slack(self) -> Sequence[Number_co]:
        """Returns the least slack of all promises, in basis points (see latency_slack.py)."""
        ...

    def nodes(self) -> Sequence[Number_co]:
        """Returns the nodes used."""
        ...

    def cost(self) -> Sequence[Number_co]:
        """Returns the cost of the nodes used, in millionths an hour."""
        ...

    def balance(self) -> Sequence[Number_co]:
        """Returns the sum of the squares of the nodes' used shares of cpu, in square thousandths."""
        ...

    def preferences(self) -> Sequence[Number_co]:
        """Returns the preferred near and avoid rules that hold (see preferences.py); nothing without any."""
        ...

    def interference(self) -> Sequence[Number_co]:
        """Returns what sensitive replicas lose to neighbours (see node_interference.py), summed over nodes.

        In percent of one replica's time; nothing without any sensitive demand.
        """
        ...


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the objective.

    Attributes:
        name: Its name in blueprints, and in the proofs of a plan.
        measure: Returns what it measures, several numbers where it stands for several terms.
        sign: 1 where more is better, -1 where less is.
    """

    name: str
    # Any: integers, or expressions of the solver.
    measure: Callable[[Measures[Any]], Sequence[Any]]
    sign: int


TERMS = (
    Term("moves", lambda measures: measures.moves_over_limit(), -1),
    Term("placed", lambda measures: measures.placed(), 1),
    Term("stable", lambda measures: measures.moves(), -1),
    Term("slack", lambda measures: measures.slack(), 1),
    Term("nodes", lambda measures: measures.nodes(), -1),
    Term("cost", lambda measures: measures.cost(), -1),
    Term("balance", lambda measures: measures.balance(), -1),
    Term("wishes", lambda measures: measures.preferences(), 1),
    Term("interference", lambda measures: measures.interference(), -1),
)
"""All terms. A blueprint names all but `moves` and `wishes` in an order of its own, see `term_order`; `interference`
counts where none names it, too."""

CONSOLIDATING = frozenset(("nodes", "cost", "balance"))
"""Terms that preferences and interference come before, as in the scores of a pass: each is worth another node."""

_BY_NAME = {term.name: term for term in TERMS}


def term_order(objective: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of all terms for the objective of a blueprint, the most important first."""
    names = tuple(dict.fromkeys(objective))
    first = next((position for position, name in enumerate(names) if name in CONSOLIDATING), len(names))
    named = ("wishes",) if "interference" in names else ("wishes", "interference")
    return ("moves", *names[:first], *named, *names[first:])


def terms_of(indexed: IndexedProblem, measures: Measures[Number]) -> list[tuple[str, Number]]:
    """Returns the name and the value of every term, the most important first; the larger, the better."""
    found: list[tuple[str, Number]] = []
    for name in term_order(indexed.objective):
        term = _BY_NAME[name]
        found += [(name, value if term.sign > 0 else -value) for value in term.measure(measures)]
    return found


def worth_of(indexed: IndexedProblem, measures: Measures[int]) -> tuple[int, ...]:
    """Returns the values of all terms: comparable, the larger, the better."""
    return tuple([value for _, value in terms_of(indexed, measures)])


def square_sum(indexed: IndexedProblem, cpu_load: Sequence[tuple[NodeIndex, int]]) -> int:
    """Returns the sum of squared used shares of cpu, in square thousandths.

    Args:
        indexed: The problem.
        cpu_load: Used nodes, each with the millicores that replicas take there.
    """
    total = 0
    for node, load in cpu_load:
        share = load * 1000 // max(1, indexed.nodes[node].cpu)
        total += share * share
    return total
