"""Matrices: the field as NumPy arrays, for problems of many nodes; the same points and refusals as the plain field.

What is asked of a node alone is worked out for the states that nodes are in (see states), what depends on the others
for each node. NumPy is imported with this file and those that it takes its arrays from, and they only where it pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.demand import DeviceRequest
from rohe_iac.planning.devices import DeviceArrays
from rohe_iac.planning.feasibility import RULES
from rohe_iac.planning.field import CLOSEST, Ranked, View
from rohe_iac.planning.layout import NODE_KEY, Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.neighbours import Neighbours
from rohe_iac.planning.outlook import own_refusal
from rohe_iac.planning.scoring import FRAGMENT_WEIGHT, MEMORY_SHIFT, MILLION, PLACES, Scoring
from rohe_iac.planning.states import (
    CORE_COUNT,
    CORES,
    CPU,
    CPU_CAPACITY,
    CPU_SCALE,
    KIND,
    NOBODY,
    OPEN,
    RSS,
    RSS_CAPACITY,
    RSS_SCALE,
    VMS,
    States,
)  # fmt: skip

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEVER = -1
"""Points of a state that does not pass; all others have none or more."""

NOWHERE = 1 << 62
"""More than any shortfall."""

AT_ONCE = 32
"""States that are brought from arrays at a time: a class seldom sees more of the best."""

SPARE_ROOM = 4
"""How many times the nodes that replicas need are looked at first where domains may close."""


class ArrayField:
    """The field on arrays; nodes that were touched are looked at anew before the next evaluation."""

    def __init__(self, layout: Layout, ledger: Ledger, scoring: Scoring) -> None:
        self.layout, self.ledger, self.scoring = layout, ledger, scoring
        self.states = States(layout, ledger, scoring)
        self.devices = DeviceArrays(layout)
        self.neighbours = Neighbours(layout, ledger)
        self.deviceless = ~np.array([scoring.has_devices[example] for example in layout.kinds.examples], np.bool_)
        self._behind = np.arange(len(layout.nodes) - 1, -1, -1, dtype=np.int64)
        self._static: dict[int, tuple[list[tuple[str, Mask]], Mask]] = {}
        self._touched: set[int] = set()
        self._alike: dict[tuple[int, int], list[int]] = {}

    def touch(self, node: int) -> None:
        """See Field."""
        self._touched.add(node)

    def touch_alike(self, node: int, alike: int, taken: int) -> None:
        """See Field."""
        self._alike.setdefault((alike, taken), []).append(node)

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> View:
        """See Field."""
        view, passes = self._seen(demand, explain=explain, by_node=True)
        if view.fits and wanted:
            self._rank(demand, passes, view, wanted, beside=view.known)
        return view

    def look(self, demand: int, *, explain: bool) -> View:
        """See Field."""
        domains = any(rule.key != NODE_KEY for rule in self.layout.demands[demand].spread)
        view, passes = self._seen(demand, explain=explain, by_node=domains)
        if view.fits:
            points = np.where(passes, self._points(demand, self.states.table[:, : self.states.used], passes), NEVER)
            view.known = (points, view.known)
        return view

    def ranked(self, view: View) -> Iterator[Ranked]:
        """See Field."""
        if not view.fits:
            return
        points, beside = view.known
        order = np.argsort(-points, kind="stable")
        nodes, passes = self.states.nodes, view.passes
        columns: list[int] = []
        best = NEVER
        for start in range(0, len(order), AT_ONCE):
            some = order[start : start + AT_ONCE]
            for column, worth in zip(some.tolist(), points[some].tolist(), strict=True):
                if worth != best:
                    yield from _merged(columns, best, nodes, passes if beside else None)
                    columns, best = [], worth
                if worth == NEVER:
                    return
                columns.append(column)
        yield from _merged(columns, best, nodes, passes if beside else None)

    def _seen(self, demand: int, *, explain: bool, by_node: bool) -> tuple[View, Mask]:
        """What passes and what is refused, the states that pass by themselves; `known`: whether neighbours count.

        by_node: the view tells which nodes pass even where neighbours do not count.
        """
        if self._touched or self._alike:
            self.states.move(self._touched, self._alike.values())
            self._touched, self._alike = set(), {}
        states = self.states
        table, members = states.table[:, : states.used], states.members[: states.used]
        refused: dict[str, int] = {}
        standing = len(self.layout.nodes)
        passes: Mask = table[CPU] > NOBODY
        for rule, mask in self._amounts(demand, table):
            passes &= mask
            if explain:
                standing = _told(refused, rule, standing, int(members.dot(passes)))
        open_to: Mask | None = passes[states.of] if by_node else None
        beside = False
        for rule, mask in self.neighbours.rules(demand):
            beside = True
            open_to = passes[states.of] if open_to is None else open_to
            open_to &= mask
            if explain:
                standing = _told(refused, rule, standing, int(np.count_nonzero(open_to)))
        if self.layout.extensions.filters:
            beside = True
            open_to = passes[states.of] if open_to is None else open_to
            self._ask_own(demand, open_to, refused)
        fits = int(members.dot(passes)) if open_to is None else int(np.count_nonzero(open_to))
        view = View([], fits, open_to, refused, known=beside)
        if explain and fits < len(self.layout.nodes):
            view.closest = self._closest(demand, table, view, passes, beside)
        return view, passes

    def _ask_own(self, demand: int, passes: Mask, refused: dict[str, int]) -> None:
        """Asks the plugged filters of every node that passes so far, node by node."""
        for node in np.flatnonzero(passes).tolist():
            rule = own_refusal(self.layout, self.ledger, demand, node)[0]
            if rule:
                passes[node] = False
                refused[rule] = refused.get(rule, 0) + 1

    def close(self, view: View, nodes: Sequence[int]) -> int:
        """See Field."""
        number = int(np.count_nonzero(view.passes[nodes]))
        view.passes[nodes] = False
        return number

    def _rank(self, demand: int, passes: Mask, view: View, wanted: int, *, beside: bool) -> None:
        """Fills the heap with the best nodes."""
        layout, scoring, of = self.layout, self.scoring, self.states.of
        table = self.states.table[:, : self.states.used]
        number = len(layout.nodes)
        points = np.where(passes, self._points(demand, table, passes), NEVER)
        if layout.wishes[demand] or scoring.own_weights:
            passing = np.flatnonzero(view.passes)
            keys = -((points[of] + self._points_beside(demand, passing)) * number + self._behind)
            view.heap = sorted(keys[passing].tolist())
            return
        domains = any(rule.key != "node" for rule in layout.demands[demand].spread)
        # What is placed of the class fills a node each: more than that, and one to come second, is never seen, unless
        # a domain closes.
        most = wanted * SPARE_ROOM + 8 if domains else wanted + 2
        view.known = (points, -1, most)
        candidates = view.passes
        if not beside and most < len(points):
            # Every state that passes has a node in it: that many of the best states have enough of them.
            least = max(0, int(np.partition(points, len(points) - most)[len(points) - most]))
            candidates = (points >= least)[of]
            view.whole = False
        view.heap = self._keys(view, np.flatnonzero(candidates))

    def _keys(self, view: View, nodes: npt.NDArray[np.intp]) -> list[int]:
        """The best of the nodes as entries, sorted; the view knows whether there are more."""
        points, _, most = view.known
        keys = -(points[self.states.of[nodes]] * len(self._behind) + self._behind[nodes])
        if len(keys) > most:
            keys = np.partition(keys, most - 1)[:most]
            view.whole = False
        keys.sort()
        found: list[int] = keys.tolist()
        view.known = (points, found[-1] if found else 0, most)
        return found

    def refill(self, view: View) -> list[int]:
        """See Field."""
        points, last, most = view.known
        nodes = np.flatnonzero(view.passes)
        keys = -(points[self.states.of[nodes]] * len(self._behind) + self._behind[nodes])
        view.known = (points, last, most * SPARE_ROOM)
        view.whole = True
        return self._keys(view, nodes[keys > last])

    def _amounts(self, demand: int, table: Numbers) -> Iterable[tuple[str, Mask]]:
        """Each rule that asks of a node alone with the states that it lets pass, in the order of RULES."""
        asked = self.layout.resources[demand]
        for rule, mask in self._static_rules(demand)[0]:
            yield rule, mask[table[KIND]]
        enough = table[: VMS + 1] >= _column(asked.cpu, asked.rss, asked.vms or 0)
        yield "cpu", enough[CPU]
        if asked.cores:
            yield "cores", self._cores_mask(asked.cores, table)
        yield "rss", enough[RSS]
        if asked.vms is not None:
            yield "vms", enough[VMS]
        for request in asked.devices:
            free = self.states.devices[:, : table.shape[1]]
            yield "accelerators", self.devices.missing(request, free, table[KIND]) == 0

    def _static_rules(self, demand: int) -> tuple[list[tuple[str, Mask]], Mask]:
        """By kind, the rules that refuse any with the kinds that they let pass, and the kinds that none refuses."""
        rules = self.layout.static_kinds(demand)
        known = self._static.get(id(rules))
        if known is None:
            named = np.array(rules)
            found = [(rule, named != rule) for rule in RULES if rule in set(rules)]
            known = self._static[id(rules)] = (found, named == "")
        return known

    def _cores_mask(self, chunks: tuple[int, ...], table: Numbers) -> Mask:
        if len(chunks) > self.states.width:
            return np.zeros(table.shape[1], np.bool_)
        mask: Mask = np.logical_and.reduce(table[CORES : CORES + len(chunks)] >= _column(*chunks))
        return mask

    def _points(self, demand: int, table: Numbers, passes: Mask) -> Numbers:
        """Points of the states for what does not depend on other nodes."""
        scoring, asked = self.scoring, self.layout.resources[demand]
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
                kinds = [request.type for request in asked.devices] or self.layout.device_types
                requests = tuple(DeviceRequest(kind) for kind in kinds)
                free = self.states.devices[:, : table.shape[1]]
                device = self.devices.points(requests, free, table[KIND])
                if not asked.devices:
                    device = np.where(self.deviceless[table[KIND]], MILLION, device)
                points += (device * device_weight) >> 10
            elif asked.devices:
                free = self.states.devices[:, : table.shape[1]]
                device = self.devices.points(asked.devices, free, table[KIND])
                points += ((MILLION - device if scoring.worst else device) * device_weight) >> 10
            else:
                points += self.deviceless[table[KIND]] * ((MILLION * device_weight) >> 10)
        if open_weight:
            points += table[OPEN] * ((MILLION * open_weight) >> 10)
        if scoring.any_tainted:
            examples = self.layout.kinds.examples
            taints = np.array([scoring.taint_points(demand, example) for example in examples], np.int64)
            points += taints[table[KIND]]
        if scoring.fragments:
            # Asked of one node of each state that passes.
            columns, nodes = np.unique(self.states.of, return_index=True)
            for column, node in zip(columns.tolist(), nodes.tolist(), strict=True):
                if passes[column]:
                    points[column] += scoring.fragment_points(demand, node) * FRAGMENT_WEIGHT
        return points

    def _points_beside(self, demand: int, nodes: npt.NDArray[np.intp]) -> Numbers:
        """Points of nodes for what depends on other nodes, and of plugged scorers; 0 for nodes that are not asked."""
        scoring = self.scoring
        wishes = scoring.weights[demand][4]
        points = np.zeros(len(self.layout.nodes), np.int64)
        if wishes and not scoring.first:
            held = self.neighbours.wishes(demand)
            points += (held * wishes) >> 10
        if scoring.own_weights:
            points[nodes] += np.array([sum(scoring.own_parts(demand, node)) for node in nodes.tolist()], np.int64)
        return points

    def _closest(self, demand: int, table: Numbers, view: View, passes: Mask, beside: bool) -> list[tuple[int, int]]:
        """The nodes of the smallest shortfall, by name where equal; as `shortage` counts it."""
        layout, of = self.layout, self.states.of
        total = self._shortfall(demand, table)
        if not beside:
            # What passes counts with what stands for no node.
            total[passes] = NOWHERE
            return self._closest_states(total)
        nodes = np.flatnonzero(~view.passes)
        mine = total[of[nodes]] + np.where(self.neighbours.mask(demand)[nodes], 0, MILLION)
        if layout.extensions.filters:
            # They are asked of what lacks nothing else.
            for position in np.flatnonzero(mine == 0).tolist():
                if own_refusal(layout, self.ledger, demand, int(nodes[position]))[0]:
                    mine[position] = MILLION
        if len(mine) > CLOSEST:
            limit = np.partition(mine, CLOSEST - 1)[CLOSEST - 1]
            nodes, mine = nodes[mine <= limit], mine[mine <= limit]
        best = np.argsort(mine, kind="stable")[:CLOSEST]
        return list(zip(mine[best].tolist(), nodes[best].tolist(), strict=True))

    def _closest_states(self, total: Numbers) -> list[tuple[int, int]]:
        """The nodes of the states of the smallest shortfall."""
        found: list[tuple[int, int]] = []
        order = np.argsort(total, kind="stable")
        # No state that counts is empty, so that the first few have enough nodes; those that lack as much come after.
        sure = order[:CLOSEST]
        limit = int(total[sure[-1]]) if len(sure) else NEVER
        order = order[: int(np.searchsorted(total[order], limit, side="right"))]
        for lacking, column in zip(total[order].tolist(), order.tolist(), strict=True):
            if lacking >= NOWHERE or (len(found) >= CLOSEST and lacking > found[-1][0]):
                break
            found += [(lacking, node) for node in self.states.nodes[column][:CLOSEST]]
        return sorted(found)[:CLOSEST]

    def _shortfall(self, demand: int, table: Numbers) -> Numbers:
        """What the states lack of all that is asked of a node alone, over what is asked, in millionths."""
        asked = self.layout.resources[demand]
        rules, clear = self._static_rules(demand)
        amounts = (asked.cpu, asked.rss) if asked.vms is None else (asked.cpu, asked.rss, asked.vms)
        wanted = _column(*amounts)
        lacks = np.maximum(wanted - table[: len(amounts)], 0) * MILLION // np.maximum(wanted, 1)
        total: Numbers = lacks.sum(axis=0)
        if rules:
            total += np.where(clear[table[KIND]], 0, MILLION)
        if asked.cores:
            number = len(asked.cores)
            lacking = np.maximum(_column(*asked.cores[: self.states.width]) - table[CORES : CORES + number], 0)
            lacking = lacking.sum(axis=0) * MILLION // max(sum(asked.cores), 1)
            if number > self.states.fewest_cores:
                few = table[CORE_COUNT] < number
                lacking = np.where(few, (number - table[CORE_COUNT]) * MILLION // number, lacking)
            total += lacking
        for request in asked.devices:
            free = self.states.devices[:, : table.shape[1]]
            total += self.devices.missing(request, free, table[KIND]) * MILLION // (request.count or request.share)
        # What stands for no node lacks more than all others.
        total[table[CPU] == NOBODY] = NOWHERE
        return total


def _merged(columns: list[int], points: int, nodes: list[list[int]], passes: Mask | None) -> Iterator[Ranked]:
    """The nodes of states of equal points, by name; only those that pass, where that is told."""
    if len(columns) == 1 and passes is None:
        (column,) = columns
        for node in nodes[column]:
            yield points, node, column
        return
    for node, column in merge(*[zip(nodes[column], repeat(column)) for column in columns]):
        if passes is None or passes[node]:
            yield points, node, column


def _column(*amounts: int) -> Numbers:
    """Amounts to hold rows of the table against."""
    return np.array(amounts, np.int64)[:, np.newaxis]


def _told(refused: dict[str, int], rule: str, standing: int, left: int) -> int:
    if left < standing:
        refused[rule] = refused.get(rule, 0) + standing - left
    return left
