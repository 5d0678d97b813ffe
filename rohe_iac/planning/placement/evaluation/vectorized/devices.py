"""Accelerators as arrays: a row for each device of a node, a column for each state that nodes are in."""

from __future__ import annotations

import numpy as np

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.scoring.fixed_point import scale_of
from rohe_iac.planning.placement.scoring.formulas import share_of
from rohe_iac.planning.placement.state.index import IndexedProblem


class DeviceArrays:
    """What the devices of each kind of node are; what is free of them is given with every question.

    free: basis points of every device, -1 where there is none. kinds: the kind of each column.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        self._offers = [indexed.nodes[example].devices for example in indexed.node_classes.representative]
        shape = (max((len(devices) for devices in self._offers), default=0), len(self._offers))
        self._capacity = np.zeros(shape, np.int64)
        self._shared = np.zeros(shape, np.bool_)
        for kind, devices in enumerate(self._offers):
            for row, device in enumerate(devices):
                self._capacity[row, kind] = device.capacity
                self._shared[row, kind] = not device.exclusive
        self._eligible: dict[tuple[str, tuple[str, ...]], Mask] = {}
        self._scales: dict[tuple[str, ...], tuple[Numbers, Numbers]] = {}

    def _of(self, kind: str, models: tuple[str, ...]) -> Mask:
        known = self._eligible.get((kind, models))
        if known is None:
            known = np.zeros(self._capacity.shape, np.bool_)
            for position, devices in enumerate(self._offers):
                for row, device in enumerate(devices):
                    known[row, position] = device.type == kind and (not models or device.model in models)
            self._eligible[kind, models] = known
        return known

    def missing(self, request: DeviceRequest, free: Numbers, kinds: Numbers) -> Numbers:
        """Whole devices, or basis points in the best device, that the request lacks in each column."""
        whole = request.count > 0
        most = self.most(request.type, request.models, free, kinds, whole=whole)
        return np.maximum((request.count if whole else request.share) - most, 0)

    def most(self, kind: str, models: tuple[str, ...], free: Numbers, kinds: Numbers, *, whole: bool) -> Numbers:
        """The most that each column can give of a type of device: whole devices, or basis points of one."""
        eligible = self._of(kind, models)[:, kinds]
        idle = free == self._capacity[:, kinds]
        most: Numbers
        if whole:
            most = (idle & eligible).sum(axis=0, dtype=np.int64)
        else:
            most = (free * (eligible & (self._shared[:, kinds] | idle))).max(axis=0, initial=0)
        return most

    def points(self, requests: tuple[DeviceRequest, ...], free: Numbers, kinds: Numbers) -> Numbers:
        """Share in use of the devices of the types asked for, once the replica is there, in millionths."""
        types = tuple(request.type for request in requests)
        known = self._scales.get(types)
        if known is None:
            total = np.zeros(len(self._offers), np.int64)
            for kind in types:
                total += (self._capacity * self._of(kind, ())).sum(axis=0)
            known = self._scales[types] = (total, np.array([scale_of(int(one)) for one in total], np.int64))
        capacity, scale = known[0][kinds], known[1][kinds]
        left = np.zeros(len(kinds), np.int64)
        for kind in types:
            left += (free * self._of(kind, ())[:, kinds]).sum(axis=0)
        used = np.clip(capacity - left + sum(request.share for request in requests), 0, capacity)
        return share_of(used, scale)
