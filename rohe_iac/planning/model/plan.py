"""Plan: which replica goes to which node, core, device and port, and why; frozen, printable, comparable.

What a plan has thousands of are msgspec structs, which are made many times faster than frozen dataclasses. No cycle can
come of what they hold, so that Python's search for cycles need not walk them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

SPARE_LIMIT = 200
"""Nodes up to which `survive` looks for one to keep free, and for nodes whose failure would break something."""

BRIEF = "brief"
"""Marks a field that is not written where it is empty, so that plan files of before it have the same bytes."""

JSON_NAME = "json"
"""Marks a field that plan files call otherwise than the code does; the value is that name."""


class CoreUse(msgspec.Struct, frozen=True, gc=False):
    """`amount` millicores on the core of that index of the node."""

    core: int
    amount: int


class DeviceUse(msgspec.Struct, frozen=True, gc=False):
    """`amount` basis points of one device, named as in the inventory (`GPU0`; `GPU0-3` where the entry has a count)."""

    type: str
    device: str
    amount: int


class PortUse(msgspec.Struct, frozen=True, gc=False):
    """The number that a named port has on the node."""

    name: str
    number: int


class ScorePart(msgspec.Struct, frozen=True, gc=False):
    """What one scorer gave, weighted: points in [0, 1000000] times its weight; higher is better."""

    scorer: str
    points: int


class RunnerUp(msgspec.Struct, frozen=True, gc=False):
    """The node that would have been next, with its total points."""

    node: str
    points: int


class Placement(msgspec.Struct, frozen=True, gc=False):
    """One replica on one node.

    replica: its full address. instance: its name in processes and reports. workload: address of what it is one of.
    variant: the alternative chosen, or "". reason: one sentence for people. was: node it had before, or "".
    decided: what chose the node: DECIDED_BY_SEARCH, DECIDED_BY_PREVIOUS, or "" for the strategy's own pass.
    late: whether the replica was placed after all others had had their turn in the queue.
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


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why a node was refused: the rule, and what was missing as a person reads it ("memory.rss: 12Mi of 57Mi missing").

    shortfall: missing over asked, in millionths, summed over the failing dimensions; orders nodes by closeness.
    """

    node: str
    rule: str
    missing: str
    shortfall: int


class Refusals(msgspec.Struct, frozen=True, gc=False):
    """For one workload, the nodes refused when its last replica was decided: a count a rule, and the five closest."""

    workload: str
    by_rule: tuple[tuple[str, int], ...]
    closest: tuple[Rejection, ...]


class Unplaced(msgspec.Struct, frozen=True, gc=False):
    """A replica that fits on no node, with the closest ones."""

    replica: str
    workload: str
    pipeline: str
    service: str
    member: str
    index: int
    closest: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """How many nodes any plan of the same replicas needs at least, by which arguments; `proven` when equal."""

    nodes_used: int
    at_least: int
    arguments: tuple[str, ...]
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What a solver says of one term of the objective: what the plan reaches, and what no plan exceeds.

    The limit is of plans that are as good in all terms before it; proven where both are equal. term: as in the
    objective, `placed` once a priority, the largest first, and `moves` for those above --max-moves. Costs in millionths
    an hour.
    """

    term: str
    reached: int
    limit: int


class Loss(msgspec.Struct, frozen=True, gc=False, rename={"unplaceable": "homeless", "outages": "silent"}):
    """A node whose failure breaks something: replicas that fit nowhere else, workloads that have none left."""

    node: str
    unplaceable: tuple[str, ...]
    outages: tuple[str, ...]


class Relaxed(msgspec.Struct, frozen=True):
    """A workload that is spread for fewer failures than the stack asks to survive: more replicas have a place so."""

    workload: str
    failures: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one stack. Placements, unplaced and refusals are sorted by address.

    proofs: with the strategy `exact`, term by term of the objective. losses: where the stack asks to survive failures,
    the nodes whose failure the plan does not survive, by name; not looked for in inventories of more than SPARE_LIMIT.
    eased: by workload. spare: the node that is kept free for the replicas of one that fails, "" where there is none.
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


DECIDED_BY_SEARCH = "search"
"""A search, or the solver, chose the node together with the nodes of all other replicas."""

DECIDED_BY_PREVIOUS = "previous"
"""The replica kept the node of the previous plan; no score decided that."""

BRIEF_FIELDS: Mapping[type[msgspec.Struct], frozenset[str]] = {Placement: frozenset(("decided", "late"))}
"""Fields of structs that are not written where they are empty."""
