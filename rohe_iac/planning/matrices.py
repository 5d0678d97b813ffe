"""Matrices: the field as NumPy arrays, for problems of many nodes; the same points and refusals as the plain field.

NumPy is imported with this file, and this file only where it pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify
from typing import Any

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.devices import DeviceArrays
from rohe_iac.planning.feasibility import NEIGHBOURHOOD, RULES, placement_refusal, refusal
from rohe_iac.planning.field import CLOSEST, View
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.outlook import own_refusal
from rohe_iac.planning.scoring import FRAGMENT_WEIGHT, MEMORY_SHIFT, MILLION, PLACES, Scoring

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


class ArrayField:
    """The field with mirrors of the ledger; nodes that were touched are mirrored anew before the next evaluation."""

    def __init__(self, layout: Layout, ledger: Ledger, scoring: Scoring) -> None:
        self.layout, self.ledger, self.scoring = layout, ledger, scoring
        self.cpu = np.array(ledger.cpu, np.int64)
        self.rss = np.array(ledger.rss, np.int64)
        self.vms = np.array(ledger.vms, np.int64)
        self.width = max((len(row) for row in ledger.cores), default=0)
        self.cores = np.full((self.width, len(layout.nodes)), -1, np.int64)
        for node, row in enumerate(ledger.sorted_cores):
            self.cores[: len(row), node] = row
        self.core_counts = np.array([len(row) for row in ledger.cores], np.int64)
        self.open = np.array([count > 0 for count in ledger.replicas_on])
        self.cpu_capacity = np.array(scoring.cpu_capacity, np.int64)
        self.rss_capacity = np.array(scoring.rss_capacity, np.int64)
        self.cpu_scale = np.array(scoring.cpu_scale, np.int64)
        self.rss_scale = np.array(scoring.rss_scale, np.int64)
        self.deviceless = ~np.array(scoring.has_devices)
        self.domains = {key: np.array(numbers, np.int64) for key, numbers in layout.domains.items()}
        self.devices = DeviceArrays(layout, ledger)
        self._static: dict[int, list[tuple[str, int, Mask]]] = {}
        self._clear: dict[int, Mask] = {}
        self._touched: set[int] = set()

    def touch(self, node: int) -> None:
        """See Field."""
        self._touched.add(node)

    def _sync(self) -> None:
        if not self._touched:
            return
        ledger = self.ledger
        nodes = list(self._touched)
        self._touched.clear()
        self.cpu[nodes] = [ledger.cpu[node] for node in nodes]
        self.rss[nodes] = [ledger.rss[node] for node in nodes]
        self.vms[nodes] = [ledger.vms[node] for node in nodes]
        rows = [ledger.sorted_cores[node] for node in nodes]
        width = self.width
        if all(len(row) == width for row in rows):
            self.cores[:, nodes] = np.array(rows, np.int64).reshape(len(nodes), width).T
        else:
            for node, row in zip(nodes, rows, strict=True):
                self.cores[: len(row), node] = row
        self.devices.sync(ledger, nodes)
        self.open[nodes] = [ledger.replicas_on[node] > 0 for node in nodes]

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> View:
        """See Field."""
        self._sync()
        number = len(self.layout.nodes)
        refused = {rule: count for rule, count, _ in self._static_rules(demand)}
        passes = self._static_mask(demand).copy()
        standing = number - sum(refused.values())
        for rule, mask in self._rules(demand):
            np.logical_and(passes, mask, out=passes)
            now = int(np.count_nonzero(passes))
            if now < standing:
                refused[rule] = refused.get(rule, 0) + standing - now
                standing = now
        if self.layout.extensions.filters:
            standing -= self._ask_own(demand, passes, refused)
        nodes = np.flatnonzero(passes)
        view = View([], standing, passes, refused)
        if standing and wanted:
            keys = -(self._points(demand, nodes) * number + (number - 1) - nodes)
            # What is placed of the class touches a node each: more than that, and one to come second, is never seen.
            if standing > wanted + 2:
                keys = np.partition(keys, wanted + 1)[: wanted + 2]
            view.heap = keys.tolist()
            heapify(view.heap)
        if explain and standing < number:
            view.closest = self._closest(demand, np.flatnonzero(~passes))
        return view

    def _ask_own(self, demand: int, passes: Mask, refused: dict[str, int]) -> int:
        """Asks the plugged filters of every node that passes so far, node by node; says how many they refuse."""
        number = 0
        for node in np.flatnonzero(passes).tolist():
            rule = own_refusal(self.layout, self.ledger, demand, node)[0]
            if rule:
                passes[node] = False
                refused[rule] = refused.get(rule, 0) + 1
                number += 1
        return number

    def close(self, view: View, nodes: Sequence[int]) -> int:
        """See Field."""
        number = int(np.count_nonzero(view.passes[nodes]))
        view.passes[nodes] = False
        return number

    def _static_mask(self, demand: int) -> Mask:
        self._static_rules(demand)
        return self._clear[id(self.layout.static(demand))]

    def _static_rules(self, demand: int) -> list[tuple[str, int, Mask]]:
        rules = self.layout.static(demand)
        known = self._static.get(id(rules))
        if known is None:
            named = np.array(rules)
            known = [(rule, rules.count(rule), named == rule) for rule in RULES if rule in set(rules)]
            self._static[id(rules)] = known
            self._clear[id(rules)] = named == ""
        return known

    def _rules(self, demand: int) -> Iterable[tuple[str, Mask]]:
        """Each rule with the nodes it lets pass, in the order of RULES."""
        layout, ledger = self.layout, self.ledger
        asked = layout.resources[demand]
        yield "cpu", self.cpu >= asked.cpu
        if asked.cores:
            yield "cores", self._cores_mask(asked.cores)
        yield "rss", self.rss >= asked.rss
        if asked.vms is not None:
            yield "vms", self.vms >= asked.vms
        if asked.devices:
            yield "accelerators", self._devices_mask(demand)
        if layout.host_ports[demand] or layout.numbered[demand] > ledger.numbers:
            yield "ports", self._ports_mask(demand)
        wanted = layout.demands[demand]
        for rule in wanted.spread:
            domains = self.domains[rule.key]
            counts = np.array(ledger.counts[demand][rule.key], np.int64)
            # Where no node carries the label there is no domain, and so none that is eligible.
            yield "spread", (domains >= 0) & (counts[domains] < rule.limit) if len(counts) else domains >= 0
        for key in layout.avoid_keys[demand]:
            yield "avoid", self.domains[key] >= 0
        for other, key in layout.avoid[demand]:
            domains = self.domains[key]
            counts = np.array(ledger.counts[other][key], np.int64)
            yield "avoid", (domains < 0) | (counts[domains] == 0) if len(counts) else domains < 0
        if layout.near[demand] or layout.edges[demand]:
            yield from self._slow_masks(demand)

    def _cores_mask(self, chunks: tuple[int, ...]) -> Mask:
        if len(chunks) > self.width:
            return np.zeros(len(self.layout.nodes), np.bool_)
        mask: Mask = self.cores[0] >= chunks[0]
        for position in range(1, len(chunks)):
            mask &= self.cores[position] >= chunks[position]
        return mask

    def _devices_mask(self, demand: int) -> Mask:
        mask = np.ones(len(self.layout.nodes), np.bool_)
        for request in self.layout.resources[demand].devices:
            mask &= self.devices.missing(request) == 0
        return mask

    def _ports_mask(self, demand: int) -> Mask:
        layout, ledger = self.layout, self.ledger
        ports = layout.host_ports[demand]
        if layout.numbered[demand] > ledger.numbers or len(set(ports)) < len(ports):
            return np.zeros(len(layout.nodes), np.bool_)
        return np.array([not any(port in taken for port in ports) for taken in ledger.ports])

    def _slow_masks(self, demand: int) -> Iterable[tuple[str, Mask]]:
        # Neighbours and links depend on where others are: asked node by node, for what passes the static rules.
        found = [refusal(self.layout, self.ledger, demand, node) for node in range(len(self.layout.nodes))]
        for rule in ("near", "latency", "bandwidth"):
            yield rule, np.array([name != rule for name in found])

    def _points(self, demand: int, nodes: Positions) -> Numbers:
        scoring, asked = self.scoring, self.layout.resources[demand]
        if scoring.first:
            own = [sum(scoring.own_parts(demand, node)) for node in nodes.tolist()] if scoring.own_weights else 0
            return np.zeros(len(nodes), np.int64) + np.array(own, np.int64)
        cpu_weight, memory_weight, device_weight, open_weight, wishes = scoring.weights[demand]
        cpu: Any
        memory: Any
        if scoring.dot:
            found = [scoring.total(demand, node) for node in nodes.tolist()]
            return np.array(found, np.int64)
        cpu = ((self.cpu_capacity[nodes] - self.cpu[nodes] + asked.cpu) * self.cpu_scale[nodes]) >> PLACES
        used = self.rss_capacity[nodes] - ((self.rss[nodes] - asked.rss) >> MEMORY_SHIFT)
        memory = (used * self.rss_scale[nodes]) >> PLACES
        if scoring.worst:
            cpu, memory = MILLION - cpu, MILLION - memory
        points: Numbers = ((cpu * cpu_weight) >> 10) + ((memory * memory_weight) >> 10)
        if device_weight:
            if asked.devices:
                device = self.devices.points(asked.devices)[nodes]
                points += ((MILLION - device if scoring.worst else device) * device_weight) >> 10
            else:
                points += self.deviceless[nodes] * ((MILLION * device_weight) >> 10)
        if open_weight:
            points += self.open[nodes] * ((MILLION * open_weight) >> 10)
        if wishes:
            held = np.array([scoring.wish_points(demand, node) for node in nodes.tolist()], np.int64)
            points += (held * wishes) >> 10
        if scoring.any_tainted:
            points += np.array([scoring.taint_points(demand, node) for node in nodes.tolist()], np.int64)
        if scoring.fragments:
            grades = np.array([scoring.fragment_points(demand, node) for node in nodes.tolist()], np.int64)
            points += grades * FRAGMENT_WEIGHT
        if scoring.own_weights:
            points += np.array([sum(scoring.own_parts(demand, node)) for node in nodes.tolist()], np.int64)
        return points

    def _closest(self, demand: int, refused: Positions) -> list[tuple[int, int]]:
        """The nodes of the smallest shortfall, by name where equal; as `shortage` counts it."""
        asked = self.layout.resources[demand]
        total = np.where(self._static_mask(demand), 0, MILLION)
        total += _missing(asked.cpu, self.cpu) + _missing(asked.rss, self.rss)
        if asked.cores:
            total += self._cores_missing(asked.cores)
        if asked.vms is not None:
            total += _missing(asked.vms, self.vms)
        if asked.devices:
            total += self._devices_missing(demand)
        total += np.where(self._neighbours_mask(demand), 0, MILLION)
        mine = total[refused]
        if self.layout.extensions.filters:
            # Nothing but a plugged filter refuses what lacks nothing.
            mine[mine == 0] = MILLION
        if len(mine) > CLOSEST:
            limit = np.partition(mine, CLOSEST - 1)[CLOSEST - 1]
            refused, mine = refused[mine <= limit], mine[mine <= limit]
        best = np.argsort(mine, kind="stable")[:CLOSEST]
        return list(zip(mine[best].tolist(), refused[best].tolist(), strict=True))

    def _cores_missing(self, chunks: tuple[int, ...]) -> Numbers:
        number = len(chunks)
        few = self.core_counts < number
        lacking = np.zeros(len(self.layout.nodes), np.int64)
        for row, chunk in zip(self.cores, chunks, strict=False):
            lacking += np.maximum(chunk - row, 0)
        return np.where(few, (number - self.core_counts) * MILLION // number, lacking * MILLION // max(sum(chunks), 1))

    def _devices_missing(self, demand: int) -> Numbers:
        total = np.zeros(len(self.layout.nodes), np.int64)
        for request in self.layout.resources[demand].devices:
            total += self.devices.missing(request) * MILLION // (request.count or request.share)
        return total

    def _neighbours_mask(self, demand: int) -> Mask:
        mask = np.ones(len(self.layout.nodes), np.bool_)
        if self.layout.near[demand] or self.layout.edges[demand]:
            for node in range(len(mask)):
                mask[node] = not placement_refusal(self.layout, self.ledger, demand, node)
            return mask
        for rule, passed in self._rules(demand):
            if rule in NEIGHBOURHOOD:
                mask &= passed
        return mask


def _missing(asked: int, free: Numbers) -> Numbers:
    return np.maximum(asked - free, 0) * MILLION // max(asked, 1)
