"""Shortfalls: for columns of nodes that stand alike, the first rule that refuses them and what they lack of what is
asked, as arrays; several classes may be asked about at once, each with columns of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.demand import Resources
from rohe_iac.planning.devices import DeviceArrays
from rohe_iac.planning.feasibility import RULES
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.states import CORE_COUNT, CORES, CPU, KIND, RSS, VMS

Numbers = npt.NDArray[np.int64]

MILLION = 1_000_000

NOWHERE = 1 << 62
"""More than any shortfall."""

CODES = {rule: number for number, rule in enumerate(RULES, 1)}
"""The number of a rule; 0 stands for none."""


@dataclass(frozen=True, slots=True)
class Columns:
    """of: the number of the class that each column belongs to. table, devices: as in States. members: nodes in each.

    beside: the number of the rule about neighbours that refuses a column, 0 for none.
    """

    of: Numbers
    table: Numbers
    devices: Numbers
    members: Numbers
    beside: Numbers


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """rules: the number of the first rule that refuses each column, 0 where none does.

    missing: what each lacks over what is asked, in millionths, summed over what fails.
    """

    columns: Columns
    classes: int
    rules: Numbers
    missing: Numbers

    def counted(self) -> list[tuple[tuple[str, int], ...]]:
        """For each class how many nodes each rule is the first to refuse, in the order of RULES."""
        places = self.columns.of * (len(RULES) + 1) + self.rules
        counts = np.bincount(places, self.columns.members, self.classes * (len(RULES) + 1)).astype(np.int64)
        return [
            tuple([(rule, count) for rule, count in zip(RULES, row, strict=True) if count])
            for row in counts.reshape(self.classes, -1)[:, 1:].tolist()
        ]

    def closest(self, wanted: int) -> list[list[tuple[int, int]]]:
        """For each class the refused columns that lack least: enough for so many nodes, and all that lack as little.

        Told of a column: what it lacks, and its number among those of its class.
        """
        of = self.columns.of
        widths = np.bincount(of, minlength=self.classes)
        order = np.argsort(of, kind="stable")
        among = np.empty(len(of), np.int64)
        among[order] = np.arange(len(of)) - np.repeat(np.cumsum(widths) - widths, widths)
        square = np.full((self.classes, max(wanted, int(widths.max()))), NOWHERE)
        square[of, among] = np.where((self.rules > 0) & (self.columns.members > 0), self.missing, NOWHERE)
        limits = np.minimum(np.partition(square, wanted - 1, axis=1)[:, wanted - 1], NOWHERE - 1)
        classes, positions = np.nonzero(square <= limits[:, np.newaxis])
        found: list[list[tuple[int, int]]] = [[] for _ in range(self.classes)]
        lacking = square[classes, positions]
        for number, position, missing in zip(classes.tolist(), positions.tolist(), lacking.tolist(), strict=True):
            found[number].append((missing, position))
        return found


def shortfalls(layout: Layout, devices: DeviceArrays, demands: Sequence[int], columns: Columns) -> Shortfalls:
    """The shortfalls of demands (by position), each in its own columns; as `shortage` counts them node by node."""
    of, table = columns.of, columns.table
    resources = [layout.resources[demand] for demand in demands]
    asked = [(one.cpu, one.rss, -NOWHERE if one.vms is None else one.vms) for one in resources]
    wanted = np.array(asked, np.int64).T
    short = np.maximum(wanted.take(of, axis=1) - table[CPU : VMS + 1], 0)
    missing: Numbers = (short * MILLION // np.maximum(wanted, 1).take(of, axis=1)).sum(axis=0)
    rules = columns.beside.copy()
    missing += np.where(rules > 0, MILLION, 0)
    lacks = _devices(devices, resources, columns)
    if lacks is not None:
        missing += lacks
        rules[lacks > 0] = CODES["accelerators"]
    rules[short[VMS] > 0] = CODES["vms"]
    rules[short[RSS] > 0] = CODES["rss"]
    lacks = _cores(resources, of, table)
    if lacks is not None:
        missing += lacks
        rules[lacks > 0] = CODES["cores"]
    rules[short[CPU] > 0] = CODES["cpu"]
    own = _static(layout, demands)
    if own.any():
        refused = own[of, table[KIND]]
        rules = np.where(refused > 0, refused, rules)
        missing += np.where(refused > 0, MILLION, 0)
    return Shortfalls(columns, len(demands), rules, missing)


def _static(layout: Layout, demands: Sequence[int]) -> Numbers:
    """The number of the rule of its own that refuses each kind of node, a row for each demand."""
    known: dict[int, list[int]] = {}
    rows = []
    for demand in demands:
        rules = layout.static_kinds(demand)
        row = known.get(id(rules))
        if row is None:
            row = known[id(rules)] = [CODES.get(rule, 0) for rule in rules]
        rows.append(row)
    return np.array(rows, np.int64)


def _cores(resources: Sequence[Resources], of: Numbers, table: Numbers) -> Numbers | None:
    """What distinct cores lack; None where nobody asks for any."""
    deepest = min(max(len(one.cores) for one in resources), len(table) - CORES)
    numbers = [len(one.cores) for one in resources]
    if not any(numbers):
        return None
    # A core that is not there has -1 free: as much as a chunk that is not asked for takes.
    chunks = np.array([(*one.cores, *(-1,) * deepest)[:deepest] for one in resources], np.int64).T
    sums = np.array([max(sum(one.cores), 1) for one in resources], np.int64)
    short = np.maximum(chunks.take(of, axis=1) - table[CORES : CORES + deepest], 0).sum(axis=0)
    lacking: Numbers = short * MILLION // sums.take(of)
    asked = np.array(numbers, np.int64).take(of)
    few = asked > table[CORE_COUNT]
    if few.any():
        lacking = np.where(few, (asked - table[CORE_COUNT]) * MILLION // np.maximum(asked, 1), lacking)
    return lacking


def _devices(devices: DeviceArrays, resources: Sequence[Resources], columns: Columns) -> Numbers | None:
    """What accelerators lack; None where nobody asks for any."""
    # Classes that ask for the same devices, be it more or less of them, are asked about together.
    asking: dict[tuple[str, tuple[str, ...], bool], dict[int, int]] = {}
    for number, one in enumerate(resources):
        for request in one.devices:
            alike = asking.setdefault((request.type, request.models, request.count > 0), {})
            alike[number] = request.count or request.share
    if not asking:
        return None
    lacking = np.zeros(len(columns.of), np.int64)
    for (kind, models, whole), amounts in asking.items():
        wanted = np.zeros(len(resources), np.int64)
        wanted[list(amounts)] = list(amounts.values())
        asked = wanted.take(columns.of)
        mine = np.flatnonzero(asked)
        asked = asked[mine]
        best = devices.most(kind, models, columns.devices[:, mine], columns.table[KIND, mine], whole=whole)
        lacking[mine] += np.maximum(asked - best, 0) * MILLION // asked
    return lacking
