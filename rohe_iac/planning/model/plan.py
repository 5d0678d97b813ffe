"""Plan: which replica goes to which node, core, device and port, and why; frozen, printable, comparable.

Values that a plan has thousands of are msgspec structs, which are made many times faster than frozen dataclasses. They
hold nothing that could form a cycle, so that Python's garbage collector need not walk them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.saved_fields import BRIEF, JSON_NAME, UNSAVED
from rohe_iac.planning.model.share import Share

SPARE_LIMIT = 200
"""Nodes up to which `survive` looks for one to keep free, and for nodes whose failure would break something."""


class CoreUse(msgspec.Struct, frozen=True, gc=False):
    """`amount` millicores on the core of that index of the node."""

    core: int
    amount: int


class DeviceUse(msgspec.Struct, frozen=True, gc=False):
    """`amount` basis points of one device, named as in the inventory (`GPU0`; `GPU0-3` where the entry has a count).

    `memory` is in bytes; 0 where the replica asks for none.
    """

    type: str
    device: str
    amount: int
    memory: int = 0


class PortUse(msgspec.Struct, frozen=True, gc=False):
    """The number that a named port has on the node."""

    name: str
    number: int


class ScorePart(msgspec.Struct, frozen=True, gc=False):
    """The weighted score of one scorer: `points` in [0, 1000000] times its weight; higher is better."""

    scorer: str
    points: int


class RunnerUp(msgspec.Struct, frozen=True, gc=False):
    """The node that would have been next, with its total score."""

    node: str
    points: int


class Placement(msgspec.Struct, frozen=True, gc=False):
    """One replica on one node.

    Attributes:
        replica: Its full address.
        instance: Its name in processes and reports.
        workload: Address of its class.
        pipeline, service, member: Names of the pipeline, the service, and the member of an ensemble or "".
        index: Its number among the replicas of the class.
        node: Name of the node.
        reason: One sentence for people.
        variant: The variant that was chosen, or "".
        was: Node it had before, or "".
        system: Whether the stack runs it for itself.
        cores, devices, ports: What it has of the node.
        points: Total score of the node.
        parts: Score of every scorer that takes part.
        runner_up: The node that would have been next, if any fitted.
        decided: What chose the node: DECIDED_BY_SEARCH, DECIDED_BY_PREVIOUS, or "" for the strategy's own pass.
        late: Whether it was placed after all others had had their turn in the queue.
        slowdown: How much longer its requests take beside its neighbours, in millionths of its time alone; 0 where it
            is not sensitive, or has none.
    """

    replica: str
    instance: str
    workload: str
    pipeline: str
    service: str
    member: str
    index: int
    node: str
    reason: str
    variant: str = ""
    was: str = ""
    system: bool = False
    cores: tuple[CoreUse, ...] = ()
    devices: tuple[DeviceUse, ...] = ()
    ports: tuple[PortUse, ...] = ()
    points: int = 0
    parts: tuple[ScorePart, ...] = ()
    runner_up: RunnerUp | None = None
    decided: str = ""
    late: bool = False
    slowdown: int = 0


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why a node was refused.

    Attributes:
        node: Name of the node.
        rule: The first rule that refuses it.
        missing: What is missing, for people ("memory.rss: 12Mi of 57Mi missing").
        shortfall: Missing over asked, in millionths, summed over the failing amounts; orders nodes by closeness.
    """

    node: str
    rule: str
    missing: str
    shortfall: int


class Refusals(msgspec.Struct, frozen=True, gc=False):
    """Nodes that were refused when the last replica of a workload was decided: a count a rule, and the closest ones."""

    workload: str
    by_rule: tuple[tuple[str, int], ...]
    closest: tuple[Rejection, ...]


class Unplaced(msgspec.Struct, frozen=True, gc=False):
    """A replica without a node, with the closest ones."""

    replica: str
    workload: str
    pipeline: str
    service: str
    member: str
    index: int
    closest: tuple[Rejection, ...]

    @property
    def nearest(self) -> Rejection | None:
        """The closest node, of those that have no replica of the workload where each node has one at most."""
        return nearest_of(self.closest)

    @property
    def is_room(self) -> bool:
        """Whether it is room for an update that is missing, and no replica."""
        return self.workload.startswith(f"{ROOM}/")


def nearest_of(closest: Sequence[Rejection]) -> Rejection | None:
    """Returns the first node that does not have the one replica of the workload that it may have, else the first."""
    without = (item for item in closest if f"spread: 1 in this {NODE_KEY} already" not in item.missing)
    return next(without, closest[0] if closest else None)


def missing_words(unplaced: Sequence[Unplaced]) -> str:
    """Returns how many replicas have no node, and for how many updates room is missing, as a phrase for people."""
    rooms = sum(item.is_room for item in unplaced)
    replicas = f"{counted(len(unplaced) - rooms, 'replica')} without a node" if len(unplaced) > rooms else ""
    room = f"no room to update {counted(rooms, 'replica')}" if rooms else ""
    return " and ".join(filter(None, (replicas, room)))


@dataclass(frozen=True, slots=True)
class Bound:
    """The fewest nodes that any plan of the same replicas needs, by which arguments; `proven` when equal."""

    nodes_used: int
    at_least: int
    arguments: tuple[str, ...]
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What a solver says of one term of the objective; proven where both numbers are equal.

    Attributes:
        term: Name of the term; `placed` once a priority, the largest first, and `moves` for those above --max-moves.
        reached: What the plan reaches; costs in millionths an hour.
        limit: What no plan exceeds that is as good in all terms before it.
    """

    term: str
    reached: int
    limit: int


class Loss(msgspec.Struct, frozen=True, gc=False, rename={"unplaceable": "homeless", "outages": "silent"}):
    """A node, or a zone (`zone/NAME`), whose failure breaks something.

    Attributes:
        node: Name of the node, or the address of the zone.
        unplaceable: Lost replicas that fit nowhere else.
        outages: Workloads that have no replica left.
    """

    node: str
    unplaceable: tuple[str, ...]
    outages: tuple[str, ...]


class LeftOutGang(msgspec.Struct, frozen=True):
    """A pipeline that is placed whole or not at all, and is not placed.

    Attributes:
        pipeline: Its name.
        replicas: How many it has, without those of the stack itself.
        missing: Replicas for which there is no room beside the placed ones and the others of the pipeline, by address;
            empty where a solver has set the pipeline back for replicas that count more.
        refusals: Why nodes refuse these, by workload.
    """

    pipeline: str
    replicas: int
    missing: tuple[str, ...]
    refusals: tuple[Refusals, ...]

    def __str__(self) -> str:
        """Returns that the pipeline is left out, and which of its replicas has no room, as one phrase for people."""
        whole = f"pipeline {self.pipeline} (gang: true) is left out with its {counted(self.replicas, 'replica')}"
        if not self.missing:
            return f"{whole}: other replicas count more"
        more = len(self.missing) - 1
        names = f"{self.missing[0]}{f' and {more} more have' if more else ' has'} no room beside the others"
        nearest = nearest_of([near for refusals in self.refusals for near in refusals.closest])
        return f"{whole}: {names}" + (f"; closest is {nearest.node}: {nearest.missing}" if nearest else "")


class Relaxed(msgspec.Struct, frozen=True):
    """A workload that is spread for fewer failures of nodes, and for none of zones, so that more replicas fit."""

    workload: str
    failures: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What replicas that could have stayed on their nodes move for.

    Attributes:
        moves: How many replicas move beside those that have to.
        term: The most important term of the objective that gets better.
        before: Its value if they stayed: replicas placed, of the highest priority that has more of them, slack in basis
            points, what sensitive replicas lose in percent of one replica's time, nodes, cost in millionths an hour,
            balance in square thousandths, preferences in millionths.
        after: Its value with the moves.
    """

    moves: int
    term: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one stack. Placements, unplaced and refusals are sorted by address.

    Attributes:
        stack: Name of the stack.
        strategy, objective: How it was decided.
        placements: Replicas that have a node.
        unplaced: Replicas that have none.
        refusals: Refused nodes, by workload.
        bound: The fewest nodes that any plan needs.
        proofs: With the strategy `exact`, a proof for each term of the objective.
        losses: Where the stack has to survive failures, the nodes whose failure the plan does not survive, by name;
            not looked for in inventories of more than SPARE_LIMIT nodes.
        relaxed: Workloads that are spread for fewer failures, by workload.
        spare: The node that is kept free for the replicas of one that fails, "" where there is none.
        gain: What replicas that could stay move for; None where none does.
        reserved: Room that is kept so that services can be updated, as placements, by address.
        left_out: Pipelines that are placed whole or not at all and have no place, by name.
        shares: What each agent hears, where several observe one pipeline, by pipeline and index of the agent.
        problem: The problem that the plan solves; None where it is not known. Plan files have it beside the plan.
    """

    stack: str
    strategy: str
    objective: tuple[str, ...]
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    refusals: tuple[Refusals, ...]
    bound: Bound
    proofs: tuple[Proof, ...] = ()
    losses: tuple[Loss, ...] = ()
    relaxed: tuple[Relaxed, ...] = field(default=(), metadata={BRIEF: True, JSON_NAME: "eased"})
    spare: str = field(default="", metadata={BRIEF: True})
    gain: Gain | None = field(default=None, metadata={BRIEF: True})
    reserved: tuple[Placement, ...] = field(default=(), metadata={BRIEF: True})
    left_out: tuple[LeftOutGang, ...] = field(default=(), metadata={BRIEF: True})
    shares: tuple[Share, ...] = field(default=(), metadata={BRIEF: True})
    problem: Problem | None = field(default=None, compare=False, repr=False, metadata={UNSAVED: True})


ROOM = "update"
"""How addresses begin of room that is kept so that services can be updated."""

DECIDED_BY_SEARCH = "search"
"""A search, or the solver, chose the node together with the nodes of all other replicas."""

DECIDED_BY_PREVIOUS = "previous"
"""The replica kept the node of the previous plan; no score decided that."""

BRIEF_FIELDS: Mapping[type[msgspec.Struct], frozenset[str]] = {
    Placement: frozenset(("decided", "late", "slowdown")),
    DeviceUse: frozenset(("memory",)),
}
"""Fields of structs that are not written where they are empty."""
