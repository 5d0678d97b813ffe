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
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT, PLACES
from rohe_iac.planning.placement.scoring.scores import FRAGMENT_WEIGHT, INTERFERENCE_WEIGHT, Scoring
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
            cpu = (asked.cpu * table[CPU_SCALE] >> PLACES) * (table[CPU] * table[CPU_SCALE] >> PLACES) // MILLION
            free = (table[RSS] >> MEMORY_SHIFT) * table[RSS_SCALE] >> PLACES
            memory = ((asked.rss >> MEMORY_SHIFT) * table[RSS_SCALE] >> PLACES) * free // MILLION
        else:
            more_cpu, more_rss = (0, 0) if scoring.standing else (asked.cpu, asked.rss)
            cpu = ((table[CPU_CAPACITY] - table[CPU] + more_cpu) * table[CPU_SCALE]) >> PLACES
            used = table[RSS_CAPACITY] - ((table[RSS] - more_rss) >> MEMORY_SHIFT)
            memory = (used * table[RSS_SCALE]) >> PLACES
            if scoring.worst:
                cpu, memory = MILLION - cpu, MILLION - memory
        points: Numbers = ((cpu * cpu_weight) >> 10) + ((memory * memory_weight) >> 10)
        if device_weight:
            if scoring.standing:
                kinds = [request.type for request in asked.devices] or self.indexed.device_types
                requests = tuple(DeviceRequest(kind) for kind in kinds)
                free = self.states.devices
                device = self.devices.points(requests, free, table[KIND])
                if not asked.devices:
                    device = np.where(self._deviceless[table[KIND]], MILLION, device)
                points += (device * device_weight) >> 10
            elif asked.devices:
                free = self.states.devices
                device = self.devices.points(asked.devices, free, table[KIND])
                points += ((MILLION - device if scoring.worst else device) * device_weight) >> 10
            else:
                points += self._deviceless[table[KIND]] * ((MILLION * device_weight) >> 10)
        if scoring.slowdowns[demand]:
            busy = np.clip(((table[CPU_CAPACITY] - table[CPU]) * table[CPU_SCALE]) >> PLACES, 0, MILLION)
            points += ((MILLION - scoring.slowdowns[demand] * busy // MILLION) * INTERFERENCE_WEIGHT) >> 10
        if open_weight:
            points += table[OPEN] * ((MILLION * open_weight) >> 10)
        if scoring.any_tainted:
            examples = self.indexed.node_classes.representative
            taints = np.array([scoring.taint_points(demand, example) for example in examples], np.int64)
            points += taints[table[KIND]]
        if scoring.fragments:
            points += self._fragments(demand, passes) * FRAGMENT_WEIGHT
        return points

    def _fragments(self, demand: int, passes: Mask) -> Numbers:
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
            points[column] = self.scoring.fragment_points(demand, states.nodes[column][0])
        stamps[fresh] = began[fresh]
        return points[:used]
