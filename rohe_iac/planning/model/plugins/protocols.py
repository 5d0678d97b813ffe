"""Extension: what anyone can plug into the planner. Filters, scorers and strategies, ours and the user's alike.

A blueprint names them in the planner's settings: by path (`user_modules/filters.py:trusted`), by the name of an entry
point (groups `rohe.filters`, `rohe.scorers`, `rohe.strategies`), or by the name of a built-in one (builtin.py). They
are called with plain frozen values and nothing else, and asked of one node at a time: the same values have to give the
same answer, since a node is asked again only when something on it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.supply import Supply


@dataclass(frozen=True, slots=True)
class FreeAmounts:
    """What is free on a node now: cpu and cores in millicores, memory in bytes, devices in basis points.

    cores and devices are in the order of the node's. vms None: not checked.
    """

    cpu: int
    cores: tuple[int, ...]
    rss: int
    vms: int | None
    devices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlacedReplicas:
    """Replicas of one workload that stand on a node already."""

    workload: str
    pipeline: str
    service: str
    member: str
    replicas: int
    system: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """One node for one replica of a demand: what is free there, and who stands there already, by address.

    points: the node's total, once every scorer has been asked (higher is better); 0 until then.
    """

    node: Supply
    demand: Demand
    free: FreeAmounts
    standing: tuple[PlacedReplicas, ...]
    points: int = 0

    @property
    def replicas(self) -> int:
        """How many replicas stand there."""
        return sum(one.replicas for one in self.standing)


class Filter(Protocol):
    """Says why the replica may not go to the node, in a few words; "" or None where it may.

    It is asked last, of nodes that every rule of the planner lets pass. It holds for every replica of the finished
    plan: who stands on a node is asked again with each newcomer counted in.
    """

    def __call__(self, candidate: Candidate, /) -> str | None:
        """Why not, or nothing."""
        ...


class Scorer(Protocol):
    """Says how good the node is for the replica: a number in [0, 1], higher is better."""

    def __call__(self, candidate: Candidate, /) -> float | Fraction:
        """A number in [0, 1]."""
        ...


class Strategy(Protocol):
    """Picks the node for the next replica: the name of one of the candidates, which are told by name, one at least."""

    def __call__(self, candidates: Sequence[Candidate], /) -> str:
        """The name of a candidate's node."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugged callable came from, as a plan records it.

    reference: as the blueprint names it. place: `path.py:line` of a file of the blueprint, or the installed
    distribution with its version. sha256: of the file's bytes; "" for a built-in one.
    """

    reference: str
    place: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A callable with the name it has in plans. kind: filter, scorer or strategy. file: where its code is, if known."""

    kind: str
    name: str
    origin: Origin
    call: Any
    file: str = ""


class Plugins:
    """The callables that one problem's settings name, in their order. Never saved: a plan records their origins."""

    __slots__ = ("filters", "scorers", "strategy")

    def __init__(
        self,
        filters: tuple[Plugin, ...] = (),
        scorers: tuple[Plugin, ...] = (),
        strategy: Plugin | None = None,
    ) -> None:
        self.filters = filters
        self.scorers = scorers
        self.strategy = strategy

    def __bool__(self) -> bool:
        return bool(self.filters or self.scorers or self.strategy)

    @property
    def all(self) -> tuple[Plugin, ...]:
        """Every one of them."""
        return (*self.filters, *self.scorers, *((self.strategy,) if self.strategy else ()))


NO_PLUGINS = Plugins()
"""Nothing plugged in: the planner's own rules, scorers and strategies alone."""
