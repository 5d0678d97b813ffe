"""Points: what a replica is worth on nodes that stand alike, as arrays, for all that does not depend on other nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import (
    CPU,
    CPU_CAPACITY,
    CPU_SCALE,
    KIND,
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
from rohe_iac.planning.placement.scoring.scores import FRAGMENTATION_WEIGHT, INTERFERENCE_WEIGHT, Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem


class VectorizedScores:
    """The same points as `Scoring.total` without wishes and plugged scorers, of all columns of the states at once."""

    def __init__(self, indexed: IndexedProblem, scoring: Scoring, states: NodeStates, devices: DeviceArrays) -> None:
        self.indexed, self.scoring, self.states, self.devices = indexed, scoring, states, devices
        self._deviceless = ~np.array(
            [scoring.has_devices[example] for example in indexed.node_classes.representative], np.bool_
        )
        # Points of states for what the placement does to free accelerators, with their stamps, by what is asked for.
        self._graded: dict[tuple[int, int, tuple[DeviceRequest, ...]], tuple[Numbers, Numbers]] = {}

    def of(self, demand: int, table: Numbers, passes: Mask) -> Numbers:
        """Points of a demand in the columns of the table; `passes`: which of them pass."""
        scoring, asked = self.scoring, self.indexed.resources[demand]
        if scoring.first:
            return np.zeros(table.shape[1], np.int64)
        cpu_weight, memory_weight, device_weight, open_weight, _ = scoring.weights[demand]
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
        points: Numbers = weighted(cpu, cpu_weight) + weighted(memory, memory_weight)
        if device_weight:
            if scoring.before_replica:
                kinds = [request.type for request in asked.devices] or self.indexed.device_types
                requests = tuple(DeviceRequest(kind) for kind in kinds)
                free = self.states.devices
                device = self.devices.points(requests, free, table[KIND])
                if not asked.devices:
                    device = np.where(self._deviceless[table[KIND]], MILLION, device)
                points += weighted(device, device_weight)
            elif asked.devices:
                free = self.states.devices
                device = self.devices.points(asked.devices, free, table[KIND])
                points += weighted(MILLION - device if scoring.worst else device, device_weight)
            else:
                points += self._deviceless[table[KIND]] * weighted(MILLION, device_weight)
        if scoring.slowdowns[demand]:
            busy = np.clip(used_share(table[CPU_CAPACITY], table[CPU], table[CPU_SCALE]), 0, MILLION)
            points += weighted(undisturbed_share(scoring.slowdowns[demand], busy), INTERFERENCE_WEIGHT)
        if open_weight:
            points += table[OPEN] * weighted(MILLION, open_weight)
        if scoring.any_tainted:
            examples = self.indexed.node_classes.representative
            taints = np.array([scoring.taint_part(demand, example) for example in examples], np.int64)
            points += taints[table[KIND]]
        if scoring.fragmentation:
            points += self._fragments(demand, passes, scoring.fragmentation) * FRAGMENTATION_WEIGHT
        return points

    def _fragments(self, demand: int, passes: Mask, fragmentation: FragmentationScore) -> Numbers:
        """Asked of one node of each state that passes, once for all demands that ask for the same."""
        states, used = self.states, self.states.used
        asked = self.indexed.resources[demand]
        key = (asked.cpu, asked.rss, asked.devices)
        points, stamps = self._graded.get(key, (np.zeros(0, np.int64),) * 2)
        if len(points) < used:
            more = used + (used >> 1) - len(points)
            points, stamps = np.pad(points, (0, more)), np.pad(stamps, (0, more))
            self._graded[key] = (points, stamps)
        began = states.table[STAMP]
        fresh = np.flatnonzero(passes & (stamps[:used] != began))
        for column in fresh.tolist():
            points[column] = fragmentation.score(demand, states.nodes[column][0])
        stamps[fresh] = began[fresh]
        return points[:used]
