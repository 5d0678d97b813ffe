"""Protocols of what users can plug into the planner: filters, scorers and strategies.

A blueprint names them in the planner's settings: by path (`user_modules/filters.py:trusted`), by the name of an entry
point (groups `rohe.filters`, `rohe.scorers`, `rohe.strategies`), or by the name of a built-in one (builtin.py). They
are called with plain frozen values and nothing else, for one node at a time: the same values have to give the same
answer, since a node is evaluated again only when something on it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.supply import Supply


@dataclass(frozen=True, slots=True)
class FreeAmounts:
    """What is free on a node now.

    Attributes:
        cpu: Millicores.
        cores: Millicores of each core, in the order of the node's.
        rss: Bytes of resident memory.
        vms: Bytes of virtual memory; None: not checked.
        devices: Basis points of each device, in the order of the node's.
        device_memory: Bytes of each device's own memory, in that order, None where the inventory states none; empty
            where no replica asks for any.
        disk, network: Bytes of disk, and bits a second of the network interface; None: not checked.
    """

    cpu: int
    cores: tuple[int, ...]
    rss: int
    vms: int | None
    devices: tuple[int, ...]
    device_memory: tuple[int | None, ...] = ()
    disk: int | None = None
    network: int | None = None


@dataclass(frozen=True, slots=True)
class PlacedReplicas:
    """Replicas of one workload that are on a node already, with what each asks for and suffers, as in `Demand`."""

    workload: str
    pipeline: str
    service: str
    member: str
    replicas: int
    system: bool = False
    resources: Resources = field(default_factory=Resources)
    sensitivity: str = "none"
    slowdown: int = 0

    @classmethod
    def of(cls, demand: Demand, asked: Resources, replicas: int) -> PlacedReplicas:
        """Returns so many replicas of a demand, each of which asks for that."""
        return cls(
            demand.workload, demand.pipeline, demand.service, demand.member, replicas, demand.system, asked,
            demand.sensitivity, demand.slowdown,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """One node for one replica of a demand.

    Attributes:
        node: The node.
        demand: The demand, with what its chosen variant asks for.
        free: What is free on the node.
        standing: Replicas that are there already, by address.
        points: The node's total score, once every scorer has been called (higher is better); 0 until then.
    """

    node: Supply
    demand: Demand
    free: FreeAmounts
    standing: tuple[PlacedReplicas, ...]
    points: int = 0

    @property
    def replicas(self) -> int:
        """Number of replicas that are there."""
        return sum(placed.replicas for placed in self.standing)


class Filter(Protocol):
    """Refuses nodes for replicas.

    It is called last, for nodes that every rule of the planner lets pass. It holds for every replica of the finished
    plan: with each newcomer it is called again for the replicas that are on the node already.
    """

    def __call__(self, candidate: Candidate, /) -> str | None:
        """Returns why the replica may not go to the node, in a few words; "" or None where it may."""
        ...


class Scorer(Protocol):
    """Rates nodes for replicas."""

    def __call__(self, candidate: Candidate, /) -> float | Fraction:
        """Returns how good the node is for the replica: a number in [0, 1], higher is better."""
        ...


class Strategy(Protocol):
    """Picks the node for the next replica."""

    def __call__(self, candidates: Sequence[Candidate], /) -> str:
        """Returns the name of the node of one of the candidates; there is one at least, and they are sorted by name."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugged callable came from, as a plan records it.

    Attributes:
        reference: How the blueprint names it.
        place: `path.py:line` of a file of the blueprint, or the installed distribution with its version.
        sha256: Of the file's bytes; "" for a built-in one.
    """

    reference: str
    place: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugged callable.

    Attributes:
        kind: filter, scorer or strategy.
        name: Its name in plans.
        origin: Where it came from.
        call: The callable: a Filter, a Scorer or a Strategy.
        file: Path of its code, "" where that is not known.
    """

    kind: str
    name: str
    origin: Origin
    call: Any
    file: str = ""


class Plugins:
    """The callables that one problem's settings name, in their order. Never saved: a plan records their origins.

    Attributes:
        filters, scorers: Plugged filters and scorers.
        strategy: The plugged strategy, if any.
    """

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
        """Checks whether anything is plugged in."""
        return bool(self.filters or self.scorers or self.strategy)

    @property
    def all(self) -> tuple[Plugin, ...]:
        """All of them."""
        return (*self.filters, *self.scorers, *((self.strategy,) if self.strategy else ()))


NO_PLUGINS = Plugins()
"""Nothing plugged in: the planner's own rules, scorers and strategies alone."""
