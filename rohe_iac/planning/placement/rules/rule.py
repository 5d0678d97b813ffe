"""What a rule is: its name, what it finds lacking on a node, and the nodes that it closes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.planning.placement.state.amounts import Free
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

Lack = tuple[str, int]
"""One thing that a node lacks: the words for people, and its part of what is asked, in millionths."""


@dataclass(frozen=True, slots=True)
class NodeRule:
    """A rule that is decided by one node alone, whatever is placed on others.

    Attributes:
        name: the rule's name in plans and messages.
        lacks: returns what the node lacks for one replica (problem, demand, node, free amounts), nothing where the
            replica fits; the node may be any of its class.
        looks_at: fields of `Supply` that decide; nodes of one class are equal in all of them.
    """

    name: str
    lacks: Callable[[IndexedProblem, DemandIndex, NodeIndex, Free], Sequence[Lack]]
    looks_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CouplingRule:
    """A rule that is decided by where other replicas are.

    Attributes:
        name: the rule's name in plans and messages.
        refuses: checks whether the node is refused to the demand (problem, ledger, demand, node).
        words: returns the reason for people, where the rule refuses the node.
    """

    name: str
    refuses: Callable[[IndexedProblem, Ledger, DemandIndex, NodeIndex], bool]
    words: Callable[[IndexedProblem, Ledger, DemandIndex, NodeIndex], str]


@dataclass(frozen=True, slots=True)
class ClosedNodes:
    """Nodes that a rule refuses; None: all of them."""

    nodes: Collection[NodeIndex] | None


@dataclass(frozen=True, slots=True)
class ClosedDomains:
    """Domains of a topology key whose nodes a rule refuses.

    Attributes:
        key: the topology key.
        domains: the closed domains; -1 is none.
        unlabelled: whether nodes without the label are refused too.
    """

    key: str
    domains: Collection[int]
    unlabelled: bool


@dataclass(frozen=True, slots=True)
class OpenDomains:
    """Domains of a topology key whose nodes alone pass a rule; None: all of them, so that a label is enough."""

    key: str
    domains: Collection[int] | None


@dataclass(frozen=True, slots=True)
class ClosedPlaces:
    """Places of the network whose nodes a rule refuses.

    Attributes:
        places: the closed places (positions as in `IndexedProblem.places`).
        nodes: nodes that do not follow their place, each with whether it is refused.
    """

    places: Collection[int]
    nodes: Mapping[NodeIndex, bool]


Closed = ClosedNodes | ClosedDomains | OpenDomains | ClosedPlaces
"""Nodes that a coupling rule refuses to every replica of a demand, as a set that is short to name."""


@dataclass(frozen=True, slots=True)
class CouplingGroup:
    """Coupling rules that are asked together.

    Attributes:
        rules: the rules in the order in which they are asked.
        closes: returns rules, by name, with nodes that they refuse (problem, ledger, demand); nothing where the demand
            asks for none of them.
    """

    rules: tuple[CouplingRule, ...]
    closes: Callable[[IndexedProblem, Ledger, DemandIndex], Sequence[tuple[str, Closed]]]
