"""Accelerators as arrays: a row for each device of a node, a column for each class or state of nodes."""

from __future__ import annotations

import numpy as np

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.vectorized.arrays import LARGEST, Mask, Numbers
from rohe_iac.planning.placement.scoring.fixed_point import scale_of
from rohe_iac.planning.placement.scoring.formulas import match_share, share_of
from rohe_iac.planning.placement.state.demand_size import devices_asked
from rohe_iac.planning.placement.state.index import IndexedProblem


class DeviceArrays:
    """The devices of each class of nodes.

    Methods take `free`, the basis points that are free of every device in each state, -1 where a node has no such
    device, with the bytes of memory of every device below them where any demand asks for some, and `classes`, the class
    of each state's nodes.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        self._offers = [indexed.nodes[node].devices for node in indexed.node_classes.representative]
        shape = (max((len(devices) for devices in self._offers), default=0), len(self._offers))
        self._capacity = np.zeros(shape, np.int64)
        self._shared = np.zeros(shape, np.bool_)
        for number, devices in enumerate(self._offers):
            for row, device in enumerate(devices):
                self._capacity[row, number] = device.capacity
                self._shared[row, number] = not device.exclusive
        self._eligible: dict[tuple[str, tuple[str, ...]], Mask] = {}
        self._scales: dict[tuple[str, ...], tuple[Numbers, Numbers]] = {}

    def missing(self, request: DeviceRequest, free: Numbers, classes: Numbers) -> Numbers:
        """Returns the whole devices, or the basis points in the best device, that the request lacks in each state.

        Of a request for memory as well, the parts that it lacks, in millionths, as `missing_part`.
        """
        if request.memory:
            return self.missing_part(request, free, classes)
        whole = request.count > 0
        most = self.most(request.type, request.models, free, classes, whole=whole)
        return np.maximum((request.count if whole else request.share) - most, 0)

    def missing_part(self, request: DeviceRequest, free: Numbers, classes: Numbers) -> Numbers:
        """Returns what a request for memory lacks in each state over what it asks for, in millionths.

        It is `part` of the shortage of devices, see rules/devices.py.
        """
        depth = len(self._capacity)
        shares, memory = free[:depth], free[depth : 2 * depth]
        eligible = self._accepted(request.type, request.models)[:, classes]
        idle = shares == self._capacity[:, classes]
        short = np.maximum(request.memory - memory, 0) * eligible
        if request.count:
            serving = (idle & eligible & (short == 0)).sum(axis=0, dtype=np.int64)
            missing: Numbers = np.maximum(request.count - serving, 0) * MILLION // request.count
            return missing
        usable = np.where(self._shared[:, classes] | idle, shares, 0)
        parts = np.maximum(request.share - usable, 0) * MILLION // request.share
        # Exact, whatever the amounts: a product with a million may have more than 64 bits.
        exact = short if request.memory * MILLION <= LARGEST else short.astype(object)
        parts += (exact * MILLION // request.memory).astype(np.int64)
        least: Numbers = np.where(eligible, parts, MILLION).min(axis=0, initial=MILLION)
        return least

    def most(self, type_: str, models: tuple[str, ...], free: Numbers, classes: Numbers, *, whole: bool) -> Numbers:
        """Returns the most that each state can give of a type: idle devices (`whole`), or basis points of one."""
        eligible = self._accepted(type_, models)[:, classes]
        free = free[: len(self._capacity)]
        idle = free == self._capacity[:, classes]
        most: Numbers
        if whole:
            most = (idle & eligible).sum(axis=0, dtype=np.int64)
        else:
            most = (free * (eligible & (self._shared[:, classes] | idle))).max(axis=0, initial=0)
        return most

    def used_share(self, requests: tuple[DeviceRequest, ...], free: Numbers, classes: Numbers) -> Numbers:
        """Returns the share in use of the devices of the types asked for, with the replica placed, in millionths."""
        capacity, scale, left = self._amounts(requests, free, classes)
        used = np.clip(capacity - left + sum(request.share for request in requests), 0, capacity)
        return share_of(used, scale)

    def match_share(self, requests: tuple[DeviceRequest, ...], free: Numbers, classes: Numbers) -> Numbers:
        """Returns the share of the devices of the types asked for times the share of them free, in millionths."""
        _, scale, left = self._amounts(requests, free, classes)
        return match_share(devices_asked(requests), left, scale)

    def kept_share(self, requests: tuple[DeviceRequest, ...], free: Numbers, largest: int) -> Numbers:
        """Returns a million less what is left of all devices of a node, as a share of the most that any node has."""
        left = np.maximum(free, 0).sum(axis=0) - devices_asked(requests)
        kept: Numbers = np.clip(largest - left, 0, largest)
        return share_of(kept, np.full_like(kept, scale_of(largest)))

    def _amounts(
        self, requests: tuple[DeviceRequest, ...], free: Numbers, classes: Numbers
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Returns of the devices of the types asked for the capacity, its scale and what is free."""
        types = tuple(request.type for request in requests)
        known = self._scales.get(types)
        if known is None:
            total = np.zeros(len(self._offers), np.int64)
            for type_ in types:
                total += (self._capacity * self._accepted(type_, ())).sum(axis=0)
            scales = np.array([scale_of(int(capacity)) for capacity in total], np.int64)
            known = self._scales[types] = (total, scales)
        free = free[: len(self._capacity)]
        capacity, scale = known[0][classes], known[1][classes]
        left = np.zeros(len(classes), np.int64)
        for type_ in types:
            left += (free * self._accepted(type_, ())[:, classes]).sum(axis=0)
        return capacity, scale, left

    def _accepted(self, type_: str, models: tuple[str, ...]) -> Mask:
        """Returns the devices of each class that a request for the type and models accepts."""
        known = self._eligible.get((type_, models))
        if known is None:
            request = DeviceRequest(type_, models=models)
            known = np.zeros(self._capacity.shape, np.bool_)
            for number, devices in enumerate(self._offers):
                for row, device in enumerate(devices):
                    known[row, number] = request.accepts(device)
            self._eligible[type_, models] = known
        return known
