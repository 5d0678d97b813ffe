"""Scores of states of nodes as arrays, for all that does not depend on other nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.node_interference import MAX_PERCENT
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import (
    CPU,
    CPU_CAPACITY,
    CPU_SCALE,
    NODE_CLASS,
    OPEN,
    RSS,
    RSS_CAPACITY,
    RSS_SCALE,
    STAMP,
    NodeStates,
)
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT
from rohe_iac.planning.placement.scoring.formulas import match_share, undisturbed_share, used_share, weighted
from rohe_iac.planning.placement.scoring.fragmentation_score import FragmentationScore
from rohe_iac.planning.placement.scoring.scores import FRAGMENTATION_WEIGHT, Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex


class VectorizedScores:
    """The scores of `Scoring.total` without preferred affinities and plugged scorers, of all states at once."""

    def __init__(self, indexed: IndexedProblem, scoring: Scoring, states: NodeStates, devices: DeviceArrays) -> None:
        self.indexed, self.scoring, self.states, self.devices = indexed, scoring, states, devices
        self._deviceless = ~np.array(
            [scoring.has_devices[node] for node in indexed.node_classes.representative], np.bool_
        )
        # What nodes have to share: by dimension of interference, of every node class.
        self._shared = np.array(
            [scoring.interference.capacity[node] for node in indexed.node_classes.representative], np.int64
        ).T
        # Scores for what a placement does to free accelerators, with the stamps of their states, by request.
        self._graded: dict[tuple[int, int, tuple[DeviceRequest, ...]], tuple[Numbers, Numbers]] = {}

    def of(self, demand: DemandIndex, table: Numbers, passes: Mask) -> Numbers:
        """Returns the score of every state for a demand; `passes`: states whose scores are needed."""
        scoring = self.scoring
        if scoring.first:
            return np.zeros(table.shape[1], np.int64)
        open_weight = scoring.weights[demand].open
        scores: Numbers = self._amounts(demand, table) + self._accelerators(demand, table)
        if scoring.interference.any:
            scores += self._interference(demand, table[NODE_CLASS])
        if open_weight:
            scores += table[OPEN] * weighted(MILLION, open_weight)
        if scoring.any_tainted:
            samples = self.indexed.node_classes.representative
            taints = np.array([scoring.taint_part(demand, node) for node in samples], np.int64)
            scores += taints[table[NODE_CLASS]]
        if scoring.fragmentation:
            scores += self._fragmentation(demand, passes, scoring.fragmentation) * FRAGMENTATION_WEIGHT
        return scores

    def _amounts(self, demand: DemandIndex, table: Numbers) -> Numbers:
        """Returns the weighted scores of cpu and memory."""
        scoring, asked = self.scoring, self.indexed.resources[demand]
        cpu_weight, memory_weight, *_ = scoring.weights[demand]
        cpu: Any
        memory: Any
        if scoring.dot:
            cpu = match_share(asked.cpu, table[CPU], table[CPU_SCALE])
            memory = match_share(asked.rss >> MEMORY_SHIFT, table[RSS] >> MEMORY_SHIFT, table[RSS_SCALE])
        else:
            more_cpu, more_rss = (0, 0) if scoring.before_replica else (asked.cpu, asked.rss)
            cpu = used_share(table[CPU_CAPACITY], table[CPU] - more_cpu, table[CPU_SCALE])
            memory = used_share(table[RSS_CAPACITY], (table[RSS] - more_rss) >> MEMORY_SHIFT, table[RSS_SCALE])
            if scoring.worst:
                cpu, memory = MILLION - cpu, MILLION - memory
        scores: Numbers = weighted(cpu, cpu_weight) + weighted(memory, memory_weight)
        return scores

    def _accelerators(self, demand: DemandIndex, table: Numbers) -> Any:
        """Returns the weighted scores of accelerators; 0 where they have no weight."""
        scoring, asked = self.scoring, self.indexed.resources[demand]
        weight = scoring.weights[demand].accelerator
        if not weight:
            return 0
        classes, free = table[NODE_CLASS], self.states.devices
        if scoring.before_replica:
            types = [request.type for request in asked.devices] or self.indexed.device_types
            used = self.devices.used_share(tuple(DeviceRequest(type_) for type_ in types), free, classes)
            if not asked.devices:
                used = np.where(self._deviceless[classes], MILLION, used)
            return weighted(used, weight)
        if scoring.against_largest:
            return weighted(self.devices.kept_share(asked.devices, free, scoring.largest_devices), weight)
        if asked.devices and scoring.dot:
            return weighted(self.devices.match_share(asked.devices, free, classes), weight)
        if asked.devices:
            used = self.devices.used_share(asked.devices, free, classes)
            return weighted(MILLION - used if scoring.worst else used, weight)
        return self._deviceless[classes] * weighted(MILLION, weight)

    def _interference(self, demand: DemandIndex, classes: Numbers) -> Numbers:
        """Returns the weighted scores of interference; classes: the node class of every state."""
        interference = self.scoring.interference
        lost = interference.added(demand, list(self._shared[:, classes]), list(self.states.crowds))
        share: Numbers = undisturbed_share(np.minimum(lost, MAX_PERCENT))
        return weighted(share, self.scoring.weights[demand].interference)

    def _fragmentation(self, demand: DemandIndex, passes: Mask, fragmentation: FragmentationScore) -> Numbers:
        """Returns scores that one node of each passing state was asked for, once for all demands of one request."""
        states, used = self.states, self.states.used
        asked = self.indexed.resources[demand]
        key = (asked.cpu, asked.rss, asked.devices)
        scores, stamps = self._graded.get(key, (np.zeros(0, np.int64),) * 2)
        if len(scores) < used:
            more = used + (used >> 1) - len(scores)
            scores, stamps = np.pad(scores, (0, more)), np.pad(stamps, (0, more))
            self._graded[key] = (scores, stamps)
        current = states.table[STAMP]
        fresh = np.flatnonzero(passes & (stamps[:used] != current))
        for state in fresh.tolist():
            scores[state] = fragmentation.score(demand, states.nodes[state][0])
        stamps[fresh] = current[fresh]
        return scores[:used]
