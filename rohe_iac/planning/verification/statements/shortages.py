"""Checks what a plan says that refused nodes lack.

That belongs to the moment when the last replica of a workload was decided, which a plan does not keep: no node had
more room then than an empty one, and where all replicas were placed in one pass none had less than in the end.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Placement, Plan, Refusals, Rejection
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.reasons import HEADS, first_static_rule
from rohe_iac.planning.verification.requests import amounts_by_head, requested
from rohe_iac.planning.verification.shown_amount import bounds_of
from rohe_iac.planning.verification.statements.order import RULE_ORDER
from rohe_iac.planning.verification.statements.room import Lack, Room, lacks, node_kinds, room_of

_ONLY = re.compile(r"(?:cpu|memory\.rss|memory\.vms|disk|network): needs \S+, (?:only (?P<free>\S+)|none) is free")

_IDLE = re.compile(
    r"accelerators: needs (?P<count>\d+) whole (?P<type>\S+) .*devices?, (?:only (?P<idle>\d+)|none) is idle"
)

_ABSENT = re.compile(r"accelerators: the node has no (?P<type>\S+).*")
"""What a node without any device that a request takes is said to lack; that depends on the node alone."""


_MEMORY = re.compile(r"(?P<type>\S+) memory: \S+ asked, (?P<free>\S+) free on \S+$")
"""What a device is said to lack of its memory."""


def shortage_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each refused node that does not lack what the plan says, or that is not among the closest."""
    rooms = _Rooms(problem, plan)
    chosen = {item.workload: item.variant for item in plan.placements}
    withdrawn = plan.unplaced or any(demand.near for demand in problem.demands)
    in_one_pass = not withdrawn and not any(item.decided or item.late for item in plan.placements)
    for refusals in (*plan.refusals, *(refusals for gang in plan.left_out for refusals in gang.refusals)):
        demand = rooms.demands.get(refusals.workload)
        if demand is None or (demand.variants and refusals.workload not in chosen):
            continue
        request = requested(demand, chosen.get(refusals.workload, ""))
        refused = _RefusedNodes(rooms, refusals, demand, request)
        for message in (*_count_faults(refused), *_rejection_faults(refused, in_one_pass=in_one_pass)):
            yield Fault("refusals", refusals.workload, message)


class _Rooms:
    """The rooms of all nodes, empty and with the plan in place, each made when it is first needed."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.nodes = {node.name: node for node in problem.nodes}
        self.kinds = node_kinds(problem)
        self.demands = {demand.workload: demand for demand in problem.demands}
        self._ratio = problem.settings.vms_ratio
        self._items: dict[str, list[tuple[Placement, Demand]]] = defaultdict(list)
        for item in plan.placements:
            if item.workload in self.demands:
                self._items[item.node].append((item, self.demands[item.workload]))
        self._final: dict[str, Room] = {}
        self._empty: dict[str, Room] = {}

    def final(self, name: str) -> Room:
        """Returns what the plan leaves free on a node."""
        if name not in self._final:
            self._final[name] = room_of(self.nodes[name], self._items[name], self._ratio)
        return self._final[name]

    def empty(self, name: str) -> Room:
        """Returns what is free on a node without any replica of the plan."""
        if name not in self._empty:
            self._empty[name] = room_of(self.nodes[name], (), self._ratio)
        return self._empty[name]


@dataclass(frozen=True, slots=True)
class _RefusedNodes:
    """The refused nodes of one workload, with what the problem says of it."""

    rooms: _Rooms
    refusals: Refusals
    demand: Demand
    request: Resources
    _lacks: dict[Room, tuple[Lack, ...]] = field(default_factory=dict)

    @property
    def listed(self) -> list[Rejection]:
        """Returns the refused nodes that the plan lists and the problem has."""
        return [rejection for rejection in self.refusals.closest if rejection.node in self.rooms.nodes]

    def lacks_of(self, room: Room) -> tuple[Lack, ...]:
        """Returns what does not fit into a room."""
        if room not in self._lacks:
            self._lacks[room] = tuple(lacks(room, self.request))
        return self._lacks[room]


def _count_faults(refused: _RefusedNodes) -> Iterator[str]:
    """Yields the rules up to which fewer nodes are said to refuse than refuse with nothing on them."""
    least: Counter[str] = Counter()
    for kind in refused.rooms.kinds:
        rule = first_static_rule(refused.demand, kind.node)
        found = next(lacks(kind.room, refused.request), None)
        if rule or found:
            least[rule or (found.rule if found else "")] += kind.number
    stated, wanted, total = dict(refused.refusals.by_rule), 0, 0
    for rule in RULE_ORDER:
        wanted, total = wanted + least[rule], total + stated.get(rule, 0)
        if total < wanted:
            yield f"{total} nodes refuse by {rule} and the rules before it, and empty {wanted} do"
            return


def _rejection_faults(refused: _RefusedNodes, *, in_one_pass: bool) -> Iterator[str]:
    """Yields what no moment of the planning can have shown."""
    for rejection in refused.listed:
        texts = rejection.missing.split("; ")
        amounts: dict[str, list[str]] = defaultdict(list)
        for text in texts:
            if (head := text.partition(": ")[0]) in HEADS.values():
                amounts[head].append(text)
        empty = _by_head(refused.lacks_of(refused.rooms.empty(rejection.node)))
        final = _by_head(refused.lacks_of(refused.rooms.final(rejection.node)))
        for head, (words, _) in empty.items():
            if head not in amounts:
                yield f"{rejection.node} does not lack '{words}', which it lacks with nothing on it"
        absent = {lack.words for lack in refused.lacks_of(refused.rooms.empty(rejection.node))}
        for text in texts:
            if _ABSENT.fullmatch(text) and text not in absent:
                yield f"{rejection.node} lacks '{text}', and has such a device"
        least = most = MILLION * (len(texts) - sum(map(len, amounts.values())))
        for head, found in amounts.items():
            parts, text = [_stated_part(text, head, refused) for text in found], "; ".join(found)
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                least, most = 0, 1 << 62
                break
            low, high = sum(part[0] for part in known), sum(part[1] for part in known)
            least, most = least + low, most + high
            if head in empty and high < empty[head][1]:
                yield f"{rejection.node} lacks '{text}', and empty it lacks '{empty[head][0]}'"
            if in_one_pass and (head not in final or low > final[head][1]):
                yield f"{rejection.node} lacks '{text}', and in the end it does not lack that much"
        if not least <= rejection.shortfall <= most:
            yield f"{rejection.node} falls short by {rejection.shortfall} millionths, and lacks '{rejection.missing}'"


def _by_head(found: Iterable[Lack]) -> dict[str, tuple[str, int]]:
    """Returns what is lacking by the head of its words, with its part of what is asked, summed over devices."""
    by_head: dict[str, tuple[str, int]] = {}
    for lack in found:
        words, part = by_head.get(HEADS[lack.rule], ("", 0))
        by_head[HEADS[lack.rule]] = (f"{words}; {lack.words}" if words else lack.words, part + lack.part)
    return by_head


def _stated_part(text: str, head: str, refused: _RefusedNodes) -> tuple[int, int] | None:
    """Returns the least and the most that is missing over asked by the words, in millionths; None for other words."""
    request = refused.request
    found = _ONLY.fullmatch(text)
    if found is not None:
        asked = amounts_by_head(request)[head]
        bounds = bounds_of(found["free"] or "0", cpu=head == "cpu")
        if bounds is None:
            return None
        least, most = (max(0, asked - bound) * MILLION // max(asked, 1) for bound in reversed(bounds))
        # What is free may be less than nothing, and is then shown as nothing.
        return least, most if any(bounds) else 1 << 62
    if _ABSENT.fullmatch(text):
        return MILLION, MILLION
    idle = _IDLE.fullmatch(text)
    if idle is not None:
        part = (int(idle["count"]) - int(idle["idle"] or 0)) * MILLION // int(idle["count"])
        asked_for = any((share.type, share.count) == (idle["type"], int(idle["count"])) for share in request.devices)
        return (part, part) if asked_for else None
    memory = _MEMORY.search(text)
    if memory is not None:
        return _device_memory_part(text, memory, request)
    missing = re.search(r", (?P<amount>[0-9.]+)(?P<unit>m?%?) of it (?:does not fit|is missing)$", text)
    if missing is None:
        return None
    number = float(missing["amount"])
    if head == "cores":
        amount, asked = round(number * (1 if missing["unit"] == "m" else 1000)), sum(request.cores)
    else:
        kind = re.search(r"needs \S+ (\S+)", text)
        devices = [share for share in request.devices if kind is not None and share.type == kind[1]]
        if not devices:
            return None
        amount, asked = round(number * (100 if missing["unit"] else 1)), devices[0].count or devices[0].share
    part = amount * MILLION // max(asked, 1)
    return part, part


def _device_memory_part(text: str, memory: re.Match[str], request: Resources) -> tuple[int, int] | None:
    """Returns as `_stated_part` what a request for memory of devices lacks, with the share that is named before it."""
    asked = next((item for item in request.devices if item.type == memory["type"] and item.memory), None)
    free = bounds_of(memory["free"], cpu=False)
    if asked is None or free is None:
        return None
    if asked.count:
        return 0, MILLION
    share = re.search(r", (?P<amount>[0-9.]+)% of it does not fit, and ", text)
    missing = round(float(share["amount"]) * 100) * MILLION // asked.share if share is not None else 0
    least, most = (max(0, asked.memory - bound) * MILLION // asked.memory for bound in reversed(free))
    return missing + least, missing + most if any(free) else 1 << 62
