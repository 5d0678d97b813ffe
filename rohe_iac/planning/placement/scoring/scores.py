"""Scoring: how good a node is for one more replica, as an integer; higher is better.

Each scorer gives a score in [0, 1000000], which counts times its weight:

| scorer | measures |
|---|---|
| cpu, memory | share of the node's capacity in use once the replica is there; with worst-fit, the share left free;
  with dot-product, share asked for times share free; with fragmentation, share in use before the replica |
| accelerator | the same over the devices of the types asked for; best on a node without where none is asked for |
| open | 1 where the node holds a replica already: best-fit and dot-product open a node only when no open one fits |
| wishes | share of the preferences that hold, by weight: near, avoid and maxSkew that are not required, of the demand
  and of others about it, and labels that the demand prefers |
| interference | where any demand is sensitive: 1 less what the replica loses to its neighbours and costs them, in
  parts of one replica's time, in whole percents (see node_interference.py) |
| fragmentation | with the strategy of that name: see fragmentation_score.py |
| taints | 1 where the node has no taint of PreferNoSchedule that the demand does not tolerate |
| plug-ins | what the stack's own scorers give, each with the weight that the stack gives it |

Where every node has accelerators, best-fit is that of Weng et al., "Beware of Fragmentation", USENIX ATC 2023: what is
left of cpu and of all accelerators of a node counts, each as a share of the most that any node has. Memory then takes
part where it is as scarce as accelerators, or where the stack or its service gives it more than its default weight.

Sensitivity doubles the weight of its own dimension. Scores are fixed-point integers (see formulas.py), so that they do
not depend on the processor, and NumPy gives the very same.
"""

from __future__ import annotations

from typing import NamedTuple

from rohe_iac.planning.model.node_interference import MAX_PERCENT
from rohe_iac.planning.model.problem import WEIGHT_ONE
from rohe_iac.planning.model.strategies import BEST_FIT, DOT_PRODUCT, FIRST_FIT, FRAGMENTATION, SCORERS, WORST_FIT
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT, scale_of
from rohe_iac.planning.placement.scoring.formulas import (
    WEIGHT_BITS,
    match_share,
    share_of,
    undisturbed_share,
    used_share,
    weighted,
)
from rohe_iac.planning.placement.scoring.fragmentation_score import FragmentationScore, fragmentation_by_type
from rohe_iac.planning.placement.scoring.plugged import plugin_scores
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.demand_size import devices_asked, memory_is_scarcer_than_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

FRAGMENTATION_WEIGHT = 10 << 10
"""A factor, not in 1024ths: more than all weights but those of preferences and taints together, so that fullness
decides only between nodes of one grade."""

MAX_PREFERENCES = 100
"""Preferences of a demand up to which each weighs more than all amounts; a larger number weighs as much as this one."""


MAX_WEIGHT = 1 << 40
"""About the largest weight: more would not leave room for scores in arrays of 64 bits."""


class ScoreWeights(NamedTuple):
    """Weights of the scorers for one demand, in 1024ths; 0 leaves a scorer out."""

    cpu: int
    memory: int
    accelerator: int
    open: int
    preferences: int
    interference: int


class Scoring:
    """Scores of nodes for one more replica with one strategy, as the ledger stands.

    Attributes:
        first: The strategy is first-fit: built-in scorers give nothing, so that the name of the node decides.
        worst: The strategy is worst-fit: what stays free is good.
        dot: The strategy is dot-product: an amount that is asked for fits where much of it is free.
        fragmentation: Score of that strategy, None with any other or where no demand asks for an accelerator.
        before_replica: Amounts are rated as they are before the replica: the grade of fragmentation decides first.
        against_largest: The strategy is best-fit and every node has accelerators: amounts left are shares of the most
            that any node has.
        largest_devices: Basis points of all devices of the node that has the most.
        cpu_capacity, rss_capacity: What amounts are shares of, by node, in millicores and KiB.
        cpu_scale, rss_scale: Their scales by node (see fixed_point.py).
        has_devices, any_devices: Whether each node, and any node, has accelerators.
        interference: Interference of the problem.
        weights: Weights by demand.
        preference_weights: Weight of one preference, or of a PreferNoSchedule taint, by demand.
        any_tainted: Whether any node has a PreferNoSchedule taint.
        own_weights: Weights of the plugged scorers, in their order.
    """

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, strategy: str) -> None:
        self.indexed = indexed
        self.ledger = ledger
        self.first = strategy == FIRST_FIT
        self.worst = strategy == WORST_FIT
        self.dot = strategy == DOT_PRODUCT
        fragmentation = fragmentation_by_type(indexed) if strategy == FRAGMENTATION else {}
        self.fragmentation = FragmentationScore(indexed, ledger, fragmentation) if fragmentation else None
        self.before_replica = bool(fragmentation)
        per_node = indexed.node_classes.per_node
        examples = [indexed.nodes[node] for node in indexed.node_classes.representative]
        self._device_sums: dict[tuple[DemandIndex, int], tuple[Row, int, int, int]] = {}
        self.has_devices = per_node([bool(node.devices) for node in examples])
        self.any_devices = any(self.has_devices)
        every_device = all(self.has_devices)
        self.against_largest = strategy == BEST_FIT and every_device
        cpu, rss = [node.cpu for node in examples], [node.rss >> MEMORY_SHIFT for node in examples]
        if self.against_largest:
            cpu, rss = [max(cpu)] * len(cpu), [max(rss)] * len(rss)
        self.largest_devices = max(sum(device.capacity for device in node.devices) for node in examples)
        self.cpu_capacity, self.rss_capacity = per_node(cpu), per_node(rss)
        self.cpu_scale = per_node([scale_of(capacity) for capacity in cpu])
        self.rss_scale = per_node([scale_of(capacity) for capacity in rss])
        by_devices = self.against_largest or (self.dot and every_device)
        self._memory_matters = not by_devices or memory_is_scarcer_than_devices(indexed)
        self.interference = ledger.interference
        self.weights: list[ScoreWeights] = []
        self.preference_weights: list[int] = []
        for demand in indexed.demand_indices:
            weights, preference = self._weights_of(demand)
            self.weights.append(weights)
            self.preference_weights.append(preference)
        self.any_tainted = any(taint.effect == "PreferNoSchedule" for node in examples for taint in node.taints)
        self.own_weights = [weight for _, weight in indexed.settings.scorers] if indexed.plugins.scorers else []
        self._has_rare_parts = bool(self.any_tainted or self.fragmentation or self.own_weights or self.interference.any)

    def _weights_of(self, position: DemandIndex) -> tuple[ScoreWeights, int]:
        """Returns the weights for a demand, and the weight of one of its preferences."""
        settings, demand = self.indexed.settings, self.indexed.demands[position]
        cpu = settings.cpu_weight << ("cpu" in demand.sensitivity)
        memory = settings.memory_weight << ("memory" in demand.sensitivity)
        if memory == WEIGHT_ONE and not self._memory_matters:
            memory = 0
        accelerator = settings.accelerator_weight if self.any_devices else 0
        # More than the amounts together: whether a node is open comes before how full it is.
        amounts = cpu + memory + accelerator
        opened = 0 if self.worst else amounts + WEIGHT_ONE
        others = amounts + opened + WEIGHT_ONE * (FRAGMENTATION_WEIGHT + 1 if self.fragmentation else 1)
        # One percent of interference weighs more than all of these: a node is opened rather than shared.
        interference = others * MAX_PERCENT if self.interference.any else 0
        # So does a preference, which somebody wrote: each by itself weighs more than all interference, too.
        preference = others + interference
        number = min(self.indexed.preference_total[position], MAX_PREFERENCES, max(1, MAX_WEIGHT // preference))
        return ScoreWeights(cpu, memory, accelerator, opened, preference * number, interference), preference

    def total(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns the sum of all parts."""
        # Not sum(parts), and `weighted` written out: a pass asks for the total of every node; the tuple would cost a
        # third more, the calls a twentieth. The tests hold total and parts equal.
        if self.first:
            return sum(self.own_parts(demand, node))
        cpu_weight, memory_weight, device_weight, open_weight, preference_weight, _ = self.weights[demand]
        ledger = self.ledger
        cpu, memory = self._amount_scores(demand, node)
        score = (cpu * cpu_weight >> WEIGHT_BITS) + (memory * memory_weight >> WEIGHT_BITS)
        if device_weight:
            score += self.device_score(demand, node, ledger.devices[node]) * device_weight >> WEIGHT_BITS
        if open_weight and ledger.replicas_on[node]:
            score += MILLION * open_weight >> WEIGHT_BITS
        if preference_weight:
            score += weighted(self.preference_score(demand, node), preference_weight)
        if self._has_rare_parts:
            score += sum(self._rare_parts(demand, node))
        return score

    def parts(self, demand: DemandIndex, node: NodeIndex) -> tuple[int, ...]:
        """Returns the weighted score of every scorer, in the order of `names`."""
        if self.first:
            return self.own_parts(demand, node)
        weights = self.weights[demand]
        preference = self.preference_score(demand, node) if weights.preferences else 0
        return (
            *self.amount_parts(demand, node),
            weighted(MILLION, weights.open) if self.ledger.replicas_on[node] else 0,
            weighted(preference, weights.preferences),
            *self._rare_parts(demand, node),
        )

    def amount_parts(self, demand: DemandIndex, node: NodeIndex) -> tuple[int, int, int]:
        """Returns the weighted scores of cpu, memory and accelerators."""
        weights = self.weights[demand]
        cpu, memory = self._amount_scores(demand, node)
        device = self.device_score(demand, node, self.ledger.devices[node]) if weights.accelerator else 0
        return weighted(cpu, weights.cpu), weighted(memory, weights.memory), weighted(device, weights.accelerator)

    def _rare_parts(self, demand: DemandIndex, node: NodeIndex) -> tuple[int, ...]:
        """Returns the parts of taints, fragmentation, interference and plugged scorers, which few problems have."""
        return (
            self.taint_part(demand, node) if self.any_tainted else 0,
            self.fragmentation.score(demand, node) * FRAGMENTATION_WEIGHT if self.fragmentation else 0,
            self.interference_part(demand, node),
            *self.own_parts(demand, node),
        )

    def names(self, demand: DemandIndex) -> tuple[str, ...]:
        """Returns the scorers' names in the order of `parts`, "" for one that does not take part for the demand."""
        own = tuple([scorer.name for scorer in self.indexed.plugins.scorers])
        if self.first:
            return own
        weights = self.weights[demand]
        takes_part = (
            True, True, bool(weights.accelerator), bool(weights.open), bool(weights.preferences), self.any_tainted,
            self.fragmentation is not None, self.interference.any,
        )  # fmt: skip
        return (*(name if part else "" for name, part in zip(SCORERS, takes_part, strict=True)), *own)

    def own_parts(self, demand: DemandIndex, node: NodeIndex) -> tuple[int, ...]:
        """Returns the weighted score of every plugged scorer, in their order."""
        if not self.own_weights:
            return ()
        scores = plugin_scores(self.indexed, self.ledger, demand, node)
        return tuple([weighted(score, weight) for score, weight in zip(scores, self.own_weights, strict=True)])

    def _amount_scores(self, demand: DemandIndex, node: NodeIndex) -> tuple[int, int]:
        """Returns the scores of cpu and memory."""
        asked, ledger = self.indexed.resources[demand], self.ledger
        cpu, rss, cpu_scale, rss_scale = ledger.cpu[node], ledger.rss[node], self.cpu_scale[node], self.rss_scale[node]
        if self.dot:
            memory = match_share(asked.rss >> MEMORY_SHIFT, rss >> MEMORY_SHIFT, rss_scale)
            return match_share(asked.cpu, cpu, cpu_scale), memory
        if not self.before_replica:
            cpu, rss = cpu - asked.cpu, rss - asked.rss
        used_cpu = used_share(self.cpu_capacity[node], cpu, cpu_scale)
        used_rss = used_share(self.rss_capacity[node], rss >> MEMORY_SHIFT, rss_scale)
        return (MILLION - used_cpu, MILLION - used_rss) if self.worst else (used_cpu, used_rss)

    def device_score(self, demand: DemandIndex, node: NodeIndex, devices: Row) -> int:
        """Returns the score of the accelerator scorer, without its weight, were so much of each device free."""
        asks = bool(self.indexed.resources[demand].devices)
        if not (asks or self.against_largest or (self.before_replica and self.has_devices[node])):
            return 0 if self.has_devices[node] else MILLION
        key = (demand, self.indexed.node_classes.class_of[node])
        known = self._device_sums.get(key)
        if known is None:
            known = self._device_sums[key] = self._sum_devices(demand, node)
        positions, capacity, scale, asked = known
        if self.dot:
            return match_share(asked, sum([devices[position] for position in positions]), scale)
        used = capacity + asked - sum([devices[position] for position in positions])
        score = share_of(max(0, min(capacity, used)), scale)
        return MILLION - score if self.worst else score

    def _sum_devices(self, demand: DemandIndex, node: NodeIndex) -> tuple[Row, int, int, int]:
        """Returns positions of the devices of the types asked for, their capacity, its scale, and the share asked for.

        Fragmentation rates all types where a demand asks for none, and what is in use before the replica. Best-fit
        rates all devices of the node against the most that any node has.
        """
        requests, devices = self.indexed.resources[demand].devices, self.indexed.nodes[node].devices
        if self.against_largest:
            capacity = self.largest_devices
            return tuple(range(len(devices))), capacity, scale_of(capacity), devices_asked(requests)
        types = {request.type for request in requests} or set(self.indexed.device_types)
        positions = tuple([position for position, device in enumerate(devices) if device.type in types])
        capacity = sum(devices[position].capacity for position in positions)
        if self.dot:
            return positions, capacity, scale_of(capacity), devices_asked(requests)
        asked = 0 if self.before_replica else sum(request.share for request in requests)
        return positions, capacity, scale_of(capacity), asked

    def preference_score(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns the share of the demand's preferences that hold on the node, by their weights, in millionths."""
        indexed, preferences = self.indexed, self.indexed.preferences[demand]
        total = indexed.preference_total[demand]
        if not total:
            return 0
        held = indexed.node_preferences.on[demand][node] if indexed.node_preferences.total[demand] else 0
        for skew in indexed.skews.preferred[demand]:
            domain = indexed.domains[skew[0]][node]
            held += domain >= 0 and not indexed.skews.closes(self.ledger, demand, skew, domain)
        for others, key, close in preferences:
            domain = indexed.domains[key][node] if key in indexed.domains else -1
            shared = domain >= 0 and any(self.ledger.counts[other][key][domain] for other in others)
            held += shared == close
        return held * MILLION // total

    def interference_part(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns the weighted score of interference; 0 where no demand is sensitive."""
        if not self.interference.any:
            return 0
        lost = self.interference.added(demand, self.interference.capacity[node], self.ledger.crowd[node])
        return weighted(undisturbed_share(min(lost, MAX_PERCENT)), self.weights[demand].interference)

    def taint_part(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns the weight of one preference where the demand tolerates all PreferNoSchedule taints, else 0."""
        tolerations = self.indexed.demands[demand].tolerations
        for taint in self.indexed.nodes[node].taints:
            if taint.effect == "PreferNoSchedule" and not any(
                toleration.covers(taint.key, taint.value, taint.effect) for toleration in tolerations
            ):
                return 0
        return weighted(MILLION, self.preference_weights[demand])
