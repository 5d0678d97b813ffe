"""Shortfalls: for nodes that stand alike (the columns of States), the first rule that refuses them and what they lack
of what is asked, as arrays; several classes may be asked about at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.demand import Resources
from rohe_iac.planning.devices import DeviceArrays
from rohe_iac.planning.feasibility import RULES
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.states import CORE_COUNT, CORES, CPU, KIND, RSS, VMS

Numbers = npt.NDArray[np.int64]
Values = npt.NDArray[Any]

MILLION = 1_000_000

NOWHERE = 1 << 62
"""More than any shortfall."""

CODES = {rule: number for number, rule in enumerate(RULES, 1)}
"""The number of a rule; 0 stands for none."""


@dataclass(frozen=True, slots=True)
class Columns:
    """table, devices: as in States. of: positions of the classes that are asked about.

    One for each column where `of` is a row; a column of them is asked about all columns, and gives a table.
    """

    table: Numbers
    devices: Numbers
    of: Numbers

    def against(self, rows: Values) -> Values:
        """Rows of the table, to be held against what the classes ask for."""
        return rows[:, np.newaxis] if self.of.ndim == 2 else rows


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """rules: the number of the first rule that refuses, 0 where none does.

    missing: what is lacking over what is asked, in millionths, summed over what fails; about, in floats, or each part
    of the sum rounded down where exact. What depends on neighbours is not in it.
    """

    rules: npt.NDArray[np.int8]
    missing: Values

    def beside(self, rows: Sequence[int], codes: Sequence[int]) -> Shortfalls:
        """Rows of a table, some several times, where the rules about neighbours of these codes refuse too; 0: none."""
        rule = np.array(codes, np.int8)[:, np.newaxis]
        rules = self.rules[rows]
        return Shortfalls(np.where(rules > 0, rules, rule), self.missing[rows] + (rule > 0) * MILLION)

    def counted(self, of: Numbers, classes: int, members: Values) -> list[tuple[tuple[str, int], ...]]:
        """For each class how many nodes each rule is the first to refuse, in the order of RULES.

        of: the classes of the columns. members: nodes in each; both of a shape that stretches to that of the rules.
        """
        width = len(RULES) + 1
        places, members = of * width + self.rules, np.broadcast_to(members, self.rules.shape)
        counts = np.bincount(places.ravel(), members.ravel(), classes * width).astype(np.int64)
        refused = counts.reshape(classes, width)[:, 1:]
        found: list[list[tuple[str, int]]] = [[] for _ in range(classes)]
        numbers, rules = np.nonzero(refused)
        for number, rule, count in zip(numbers.tolist(), rules.tolist(), refused[numbers, rules].tolist(), strict=True):
            found[number].append((RULES[rule], count))
        return [tuple(told) for told in found]

    def closest(self, members: Values, wanted: int, slack: int) -> tuple[Numbers, Numbers]:
        """Of a table the places, by row, of the refused columns that lack least.

        They are enough for so many nodes of each row, and all that lack no more than `slack` millionths above them.
        """
        missing = np.where((self.rules > 0) & (members > 0), self.missing, np.inf)
        limits = np.where(members >= wanted, missing, np.inf).min(axis=1, initial=np.inf)
        if missing.shape[1] > wanted:
            limits = np.minimum(limits, np.partition(missing, wanted - 1, axis=1)[:, wanted - 1])
        rows, columns = np.nonzero((missing <= limits[:, np.newaxis] + slack) & (missing < np.inf))
        return rows, columns


def shortfalls(
    layout: Layout, devices: DeviceArrays, demands: Sequence[int], columns: Columns, *, exact: bool = True
) -> Shortfalls:
    """The shortfalls of classes (positions of demands) in columns, as `shortage` counts them node by node."""
    of, table = columns.of, columns.table if exact else columns.table.astype(np.float64)
    resources = [layout.resources[demand] for demand in demands]
    asked = [(one.cpu, one.rss, -NOWHERE if one.vms is None else one.vms) for one in resources]
    wanted = np.array(asked, table.dtype).T
    short = _short(wanted.take(of, axis=1), columns.against(table[[CPU, RSS, VMS]]))
    missing = _parts(short, np.maximum(wanted, 1), of).sum(axis=0)
    rules = np.zeros(missing.shape, np.int8)
    kinds = columns.table[KIND]
    for mine, lacks, part in _devices(devices, resources, columns, table.dtype):
        missing[mine] += part
        rules[mine] = np.where(lacks > 0, np.int8(CODES["accelerators"]), rules[mine])
    np.putmask(rules, short[2] > 0, CODES["vms"])
    np.putmask(rules, short[1] > 0, CODES["rss"])
    if any(one.cores for one in resources):
        lacks, part = _cores(resources, columns, table)
        missing += part
        np.putmask(rules, lacks > 0, CODES["cores"])
    np.putmask(rules, short[0] > 0, CODES["cpu"])
    own = _static(layout, demands)
    if own.any():
        refused = own[of, kinds]
        np.putmask(rules, refused > 0, refused)
        missing += (refused > 0) * MILLION
    return Shortfalls(rules, missing)


def _short(asked: Values, free: Values) -> Values:
    found: Values = asked - free
    np.maximum(found, 0, out=found)
    return found


def _parts(short: Values, asked: Values, of: Numbers) -> Values:
    """What is short over what is asked by class, in millionths; rounded down where it is whole numbers."""
    if short.dtype == np.int64:
        return short * MILLION // asked.take(of, axis=-1)
    found: Values = short * (MILLION / asked).take(of, axis=-1)
    return found


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
    return np.array(rows, np.int8)


def _cores(resources: Sequence[Resources], columns: Columns, table: Values) -> tuple[Values, Values]:
    """What distinct cores lack, and the same as parts of what is asked."""
    deepest = min(max(len(one.cores) for one in resources), len(table) - CORES)
    # A core that is not there has -1 free: as much as a chunk that is not asked for takes.
    chunks = np.array([(*one.cores, *(-1,) * deepest)[:deepest] for one in resources], table.dtype).T
    sums = np.array([max(sum(one.cores), 1) for one in resources], table.dtype)
    numbers = np.array([len(one.cores) for one in resources], table.dtype)
    short = _short(chunks.take(columns.of, axis=1), columns.against(table[CORES : CORES + deepest])).sum(axis=0)
    part = _parts(short, sums, columns.of)
    if numbers.max() > table[CORE_COUNT].min():
        few = _short(numbers.take(columns.of), table[CORE_COUNT])
        part = np.where(few > 0, _parts(few, np.maximum(numbers, 1), columns.of), part)
        short = np.where(few > 0, few, short)
    return short, part


def _devices(
    devices: DeviceArrays, resources: Sequence[Resources], columns: Columns, kind_of_number: npt.DTypeLike
) -> Iterator[tuple[Numbers, Values, Values]]:
    """Which classes or columns ask for accelerators, what is lacking there, and the same as parts of what is asked.

    Classes that ask for the same devices, be it more or less of them, are told together.
    """
    asking: dict[tuple[str, tuple[str, ...], bool], dict[int, int]] = {}
    for number, one in enumerate(resources):
        for request in one.devices:
            alike = asking.setdefault((request.type, request.models, request.count > 0), {})
            alike[number] = request.count or request.share
    for (kind, models, whole), amounts in asking.items():
        wanted = np.zeros(len(resources), kind_of_number)
        wanted[list(amounts)] = list(amounts.values())
        mine = np.flatnonzero(wanted.take(columns.of))
        of = columns.of[mine]
        most = devices.most(kind, models, columns.devices, columns.table[KIND], whole=whole)
        short = _short(wanted.take(of), most if of.ndim == 2 else most[mine])
        yield mine, short, _parts(short, np.maximum(wanted, 1), of)
