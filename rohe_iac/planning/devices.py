"""Accelerators of all nodes as arrays: a row for each device of a node, a column for each node."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.demand import DeviceRequest
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.scoring import PLACES, scale_of

Numbers = npt.NDArray[np.int64]


class DeviceArrays:
    """Free basis points of every device, mirrored from the ledger; -1 where a node has no such device."""

    def __init__(self, layout: Layout, ledger: Ledger) -> None:
        self.layout = layout
        nodes = layout.nodes
        shape = (max((len(node.devices) for node in nodes), default=0), len(nodes))
        self.free = np.full(shape, -1, np.int64)
        self.capacity = np.zeros(shape, np.int64)
        self.shared = np.zeros(shape, np.bool_)
        for position, node in enumerate(nodes):
            for row, device in enumerate(node.devices):
                self.free[row, position] = ledger.devices[position][row]
                self.capacity[row, position] = device.capacity
                self.shared[row, position] = not device.exclusive
        self._eligible: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.bool_]] = {}
        self._offers: dict[tuple[str, ...], tuple[Numbers, Numbers]] = {}

    def sync(self, ledger: Ledger, nodes: list[int]) -> None:
        """Mirrors the nodes anew."""
        for node in nodes:
            row = ledger.devices[node]
            if row:
                self.free[: len(row), node] = row

    def _of(self, kind: str, models: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        known = self._eligible.get((kind, models))
        if known is None:
            known = np.zeros(self.free.shape, np.bool_)
            for position, node in enumerate(self.layout.nodes):
                for row, device in enumerate(node.devices):
                    known[row, position] = device.type == kind and (not models or device.model in models)
            self._eligible[kind, models] = known
        return known

    def missing(self, request: DeviceRequest) -> Numbers:
        """Whole devices, or basis points in the best device, that the request lacks on each node."""
        eligible = self._of(request.type, request.models)
        lacking: Numbers
        if request.count:
            lacking = request.count - ((self.free == self.capacity) & eligible).sum(axis=0, dtype=np.int64)
        else:
            usable = eligible & (self.shared | (self.free == self.capacity))
            lacking = request.share - (self.free * usable).max(axis=0, initial=0)
        return np.maximum(lacking, 0)

    def points(self, requests: tuple[DeviceRequest, ...]) -> Numbers:
        """Share in use of the devices of the types asked for, once the replica is there, in millionths."""
        types = tuple(request.type for request in requests)
        known = self._offers.get(types)
        if known is None:
            capacity = np.zeros(self.free.shape[1], np.int64)
            for kind in types:
                capacity += (self.capacity * self._of(kind, ())).sum(axis=0)
            known = self._offers[types] = (capacity, np.array([scale_of(int(one)) for one in capacity], np.int64))
        capacity, scale = known
        free = np.zeros(self.free.shape[1], np.int64)
        for kind in types:
            free += (self.free * self._of(kind, ())).sum(axis=0)
        used = np.clip(capacity - free + sum(request.share for request in requests), 0, capacity)
        points: Numbers = (used * scale) >> PLACES
        return points
