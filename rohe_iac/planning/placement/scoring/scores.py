"""Scoring: how good a node is for a replica, in whole points; higher is better.

Each scorer gives [0, 1000000] points times its weight:

| scorer | measures |
|---|---|
| cpu, memory | share of the node's capacity in use once the replica is there; with worst-fit, the share left over; with
  dot-product, share asked times share free (of the node's capacity); with fragmentation, share in use before |
| accelerator | the same over the devices asked for; a node without devices is best for who asks for none |
| open | 1 where the node holds a replica already, so that best-fit opens a node only when no open one fits |
| wishes | share of the wishes (near and avoid rules that are not required, its own and others' about it) that hold |
| interference | for who is sensitive: 1 less the share of its time that neighbours cost, on the part of the node's cpu
  that is in use before the replica comes (1 on an idle node) |
| fragmentation | with the strategy of that name: how little of what the expected replicas will use of the node's
  accelerators the placement costs, in grades of 2 % of a device |
| taints | 1 where the node has no taint of PreferNoSchedule that is not tolerated |
| those plugged in | what the stack's own scorers give, each with the weight that the stack gives it |

Sensitivity doubles the weight of its own dimension. Points are fixed-point integers (40 binary places between a
capacity and its million), so that they do not depend on the processor, and NumPy gives the very same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.problem import WEIGHT_ONE
from rohe_iac.planning.model.strategies import DOT_PRODUCT, FIRST_FIT, FRAGMENTATION, SCORERS, WORST_FIT
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT, PLACES, scale_of
from rohe_iac.planning.placement.scoring.fragmentation import FINE, Fragmentation, Kind
from rohe_iac.planning.placement.scoring.plugged import plugin_scores
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.device_assignment import device_step
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

REMEMBERED = 500_000
"""How many ways in which nodes stand are remembered before all are forgotten."""

LOSS = 200 * FINE
"""Two percent of a device, of which one grade is lost; nodes of one grade are told apart by how full they are."""

GRADE = 1000
"""Points of one grade."""

UNLOST = 50
"""Grades that are kept for placements with which a node's devices become worth more."""

INTERFERENCE_WEIGHT = 4 * WEIGHT_ONE
"""Twice what sensitivity makes of its own dimension: who is slowed by more than half prefers the emptier node."""

FRAGMENT_WEIGHT = 10 << 10
"""More than all others but wishes and taints together: nodes of one grade are told apart by how full they are."""

WISHES = 100
"""Up to so many wishes of a service each weighs more than all amounts; points of more are those of so many."""


def fragments_of(indexed: IndexedProblem) -> dict[str, Fragmentation]:
    """For each type of device that anybody asks for, what the demands of the layout will use of it."""
    found = {}
    offers = [indexed.nodes[example].devices for example in indexed.node_classes.representative]
    for type_ in indexed.device_types:
        weights: Counter[Kind] = Counter()
        for position, (demand, asked) in enumerate(zip(indexed.demands, indexed.resources, strict=True)):
            refused = tuple([kind for kind, rule in enumerate(indexed.static_by_class(position)) if rule])
            for request in asked.devices:
                if request.type == type_ and demand.replicas:
                    rss = asked.rss >> MEMORY_SHIFT
                    weights[Kind(request.share, request.count, request.models, asked.cpu, rss, 1, refused)] += (
                        demand.replicas
                    )
        if weights:
            kinds = [replace(kind, weight=weight) for kind, weight in weights.items()]
            found[type_] = Fragmentation(kinds, offers, type_)
    return found


class Scoring:
    """Total points and their parts for one strategy; `first-fit` gives none, so that the name decides."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, strategy: str) -> None:
        self.indexed = indexed
        self.ledger = ledger
        self.first = strategy == FIRST_FIT
        self.worst = strategy == WORST_FIT
        self.dot = strategy == DOT_PRODUCT
        self.fragments = fragments_of(indexed) if strategy == FRAGMENTATION else {}
        # Nodes of one grade are told apart by how full they are, not by how well the replica would fill them.
        self.standing = bool(self.fragments)
        self._used: dict[tuple[int, int, int, Row], int] = {}
        self._served: dict[tuple[tuple[DeviceRequest, ...], int, Row], Row] = {}
        spread, examples = (
            indexed.node_classes.per_node,
            [indexed.nodes[example] for example in indexed.node_classes.representative],
        )
        self.cpu_capacity = spread([node.cpu for node in examples])
        self.rss_capacity = spread([node.rss >> MEMORY_SHIFT for node in examples])
        self.cpu_scale = spread([scale_of(node.cpu) for node in examples])
        self.rss_scale = spread([scale_of(node.rss >> MEMORY_SHIFT) for node in examples])
        self.has_devices = spread([bool(node.devices) for node in examples])
        self.any_devices = any(self.has_devices)
        settings = indexed.settings
        # A replica that takes twice as long beside others loses all that it can lose.
        self.slowdowns = [min(demand.slowdown, MILLION) for demand in indexed.demands]
        self.weights = []
        # What one wish, or a PreferNoSchedule taint, weighs for each demand.
        self.wish_weights: list[int] = []
        for demand in indexed.demands:
            cpu = settings.cpu_weight << ("cpu" in demand.sensitivity)
            memory = settings.memory_weight << ("memory" in demand.sensitivity)
            device = settings.accelerator_weight if self.any_devices else 0
            # More than the amounts together: whether a node is open comes before how full it is.
            others = cpu + memory + device + INTERFERENCE_WEIGHT * bool(demand.slowdown)
            opened = 0 if self.worst or self.dot else others + WEIGHT_ONE
            # And what somebody wrote as a wish before both: each by itself weighs more than all of these.
            wish = others + opened + WEIGHT_ONE * (FRAGMENT_WEIGHT + 1 if self.fragments else 1)
            number = min(len(indexed.preferences[indexed.index[demand.workload]]), WISHES)
            self.weights.append((cpu, memory, device, opened, wish * number))
            self.wish_weights.append(wish)
        self.any_tainted = any(taint.effect == "PreferNoSchedule" for node in examples for taint in node.taints)
        self.own_weights = [weight for _, weight in settings.scorers] if indexed.plugins.scorers else []

    def total(self, demand: int, node: int) -> int:
        """The sum of all parts."""
        if self.first:
            return sum(self.own_parts(demand, node))
        cpu_weight, memory_weight, device_weight, open_weight, wishes = self.weights[demand]
        ledger = self.ledger
        cpu, memory = self._amounts(demand, node)
        points = ((cpu * cpu_weight) >> 10) + ((memory * memory_weight) >> 10)
        if device_weight:
            points += (self.device_points(demand, node) * device_weight) >> 10
        if open_weight and ledger.replicas_on[node]:
            points += (MILLION * open_weight) >> 10
        if wishes:
            points += (self.wish_points(demand, node) * wishes) >> 10
        if self.any_tainted:
            points += self.taint_points(demand, node)
        if self.fragments:
            points += self.fragment_points(demand, node) * FRAGMENT_WEIGHT
        if self.slowdowns[demand]:
            points += (self.interference_points(demand, node) * INTERFERENCE_WEIGHT) >> 10
        if self.own_weights:
            points += sum(self.own_parts(demand, node))
        return points

    def own_parts(self, demand: int, node: int) -> tuple[int, ...]:
        """What each plugged scorer gives times its weight."""
        if not self.own_weights:
            return ()
        found = plugin_scores(self.indexed, self.ledger, demand, node)
        return tuple([(one * weight) >> 10 for one, weight in zip(found, self.own_weights, strict=True)])

    def _amounts(self, demand: int, node: int) -> tuple[int, int]:
        asked, ledger = self.indexed.resources[demand], self.ledger
        if self.dot:
            cpu = (asked.cpu * self.cpu_scale[node] >> PLACES) * (ledger.cpu[node] * self.cpu_scale[node] >> PLACES)
            free = (ledger.rss[node] >> MEMORY_SHIFT) * self.rss_scale[node] >> PLACES
            return cpu // MILLION, ((asked.rss >> MEMORY_SHIFT) * self.rss_scale[node] >> PLACES) * free // MILLION
        more_cpu, more_rss = (0, 0) if self.standing else (asked.cpu, asked.rss)
        cpu = ((self.cpu_capacity[node] - ledger.cpu[node] + more_cpu) * self.cpu_scale[node]) >> PLACES
        used = self.rss_capacity[node] - ((ledger.rss[node] - more_rss) >> MEMORY_SHIFT)
        memory = (used * self.rss_scale[node]) >> PLACES
        return (MILLION - cpu, MILLION - memory) if self.worst else (cpu, memory)

    def fragment_points(self, demand: int, node: int) -> int:
        """By how much less of the node's devices will be used by others, in [0, MILLION]; summed over their types."""
        ledger, asked = self.ledger, self.indexed.resources[demand]
        kind, cpu, rss, devices = (
            self.indexed.node_classes.class_of[node],
            ledger.cpu[node],
            ledger.rss[node],
            ledger.devices[node],
        )
        if not devices:
            return MILLION - GRADE * UNLOST
        after = self._after(asked.devices, node, devices)
        lost = self._usable(kind, cpu, rss, devices) - self._usable(kind, cpu - asked.cpu, rss - asked.rss, after)
        return MILLION - GRADE * max(0, min(MILLION // GRADE, lost // LOSS + UNLOST))

    def _after(self, requests: tuple[DeviceRequest, ...], node: int, devices: Row) -> Row:
        """The devices of a node once the requests, which fit, are served."""
        if not requests:
            return devices
        key = (requests, self.indexed.node_classes.class_of[node], devices)
        known = self._served.get(key)
        if known is None:
            taken = device_step(self.indexed, devices, node, requests)
            known = self._served[key] = devices if taken is None else taken[1]
        return known

    def _usable(self, kind: int, cpu: int, rss: int, devices: Row) -> int:
        key = (kind, cpu, rss, devices)
        known = self._used.get(key)
        if known is None:
            if len(self._used) > REMEMBERED:
                self._used.clear()
                self._served.clear()
            free = rss >> MEMORY_SHIFT
            known = self._used[key] = sum([one.usable(kind, cpu, free, devices) for one in self.fragments.values()])
        return known

    def parts(self, demand: int, node: int) -> tuple[int, ...]:
        """The parts of `total`, in the order of `names`."""
        if self.first:
            return self.own_parts(demand, node)
        cpu_weight, memory_weight, device_weight, open_weight, wishes = self.weights[demand]
        ledger = self.ledger
        cpu, memory = self._amounts(demand, node)
        return (
            (cpu * cpu_weight) >> 10,
            (memory * memory_weight) >> 10,
            (self.device_points(demand, node) * device_weight) >> 10 if device_weight else 0,
            (MILLION * open_weight) >> 10 if ledger.replicas_on[node] else 0,
            (self.wish_points(demand, node) * wishes) >> 10 if wishes else 0,
            self.taint_points(demand, node) if self.any_tainted else 0,
            self.fragment_points(demand, node) * FRAGMENT_WEIGHT if self.fragments else 0,
            (self.interference_points(demand, node) * INTERFERENCE_WEIGHT) >> 10 if self.slowdowns[demand] else 0,
            *self.own_parts(demand, node),
        )

    def names(self, demand: int) -> tuple[str, ...]:
        """The scorers that take part for the demand; the others are left out of what people see."""
        own = tuple(one.name for one in self.indexed.plugins.scorers)
        if self.first:
            return own
        _, _, device, opened, wishes = self.weights[demand]
        slowed = bool(self.slowdowns[demand])
        told = (True, True, bool(device), bool(opened), bool(wishes), self.any_tainted, bool(self.fragments), slowed)
        return (*(name if one else "" for name, one in zip(SCORERS, told, strict=True)), *own)

    def device_points(self, demand: int, node: int) -> int:
        """Points of the accelerator scorer, unweighted."""
        requests = self.indexed.resources[demand].devices
        if not requests and not (self.standing and self.has_devices[node]):
            return 0 if self.has_devices[node] else MILLION
        types = {request.type for request in requests} or set(self.indexed.device_types)
        capacity = free = 0
        for position, device in enumerate(self.indexed.nodes[node].devices):
            if device.type in types:
                capacity += device.capacity
                free += self.ledger.devices[node][position]
        asked = 0 if self.standing else sum(request.share for request in requests)
        used = (max(0, min(capacity, capacity - free + asked)) * scale_of(capacity)) >> PLACES
        return MILLION - used if self.worst else used

    def wish_points(self, demand: int, node: int) -> int:
        """Share of the wishes that hold on the node, in millionths."""
        wishes = self.indexed.preferences[demand]
        held = 0
        for others, key, close in wishes:
            domain = self.indexed.domains.get(key, [])[node] if key in self.indexed.domains else -1
            there = domain >= 0 and any(self.ledger.counts[other][key][domain] for other in others)
            held += there == close
        return held * MILLION // len(wishes) if wishes else 0

    def interference_points(self, demand: int, node: int) -> int:
        """A million less the share of its time that those on the node cost the replica."""
        used = (self.cpu_capacity[node] - self.ledger.cpu[node]) * self.cpu_scale[node] >> PLACES
        return MILLION - self.slowdowns[demand] * max(0, min(MILLION, used)) // MILLION

    def taint_points(self, demand: int, node: int) -> int:
        """What a wish weighs where no PreferNoSchedule taint speaks against the node, else 0."""
        tolerations = self.indexed.demands[demand].tolerations
        for taint in self.indexed.nodes[node].taints:
            if taint.effect == "PreferNoSchedule" and not any(
                item.covers(taint.key, taint.value, taint.effect) for item in tolerations
            ):
                return 0
        return MILLION * self.wish_weights[demand] >> 10
