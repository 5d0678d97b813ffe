"""Shortfalls: for nodes that stand alike (the columns of States), the first rule that refuses them and what they lack
of what is asked, as arrays; several classes may be asked about at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers, Values
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import CORE_COUNT, CORES, CPU, KIND, RSS, VMS
from rohe_iac.planning.placement.rules.filters import RULES
from rohe_iac.planning.placement.state.index import IndexedProblem

NOWHERE = 1 << 62
"""More than any shortfall."""

CODES = {rule: number for number, rule in enumerate(RULES, 1)}
"""The number of a rule; 0 stands for none."""

LARGE = 1 << 48
"""Amounts from which on parts in floats could be taken for nothing: whole numbers are used."""

BIG = (1 << 63) - 1
"""The largest whole number of an array."""

LEAST = 1e-9
"""More than what is lost of a part to rounding, less than the part of one unit in anything below LARGE."""

LAST = len(RULES) + 1
"""More than the number of any rule."""


@dataclass(frozen=True, slots=True)
class Columns:
    """table, devices: as in States. of: positions of the classes that are asked about.

    One for each column where `of` is a row; a column of them is asked about all columns, and gives a table.
    """

    table: Numbers
    devices: Numbers
    of: Numbers


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
        missing = self.missing.astype(np.float64)
        missing[(self.rules == 0) | (members == 0)] = np.inf
        limits = np.where(members >= wanted, missing, np.inf).min(axis=1, initial=np.inf)
        near = missing <= limits[:, np.newaxis] + slack
        if missing.shape[1] > wanted and np.count_nonzero(near) > wanted * len(near):
            # Sorting is dear, and mostly a column of many nodes lacks little.
            limits = np.minimum(limits, np.partition(missing, wanted - 1, axis=1)[:, wanted - 1])
            near = missing <= limits[:, np.newaxis] + slack
        rows, columns = np.nonzero(near & (missing < np.inf))
        return rows, columns


def shortfalls(
    indexed: IndexedProblem, devices: DeviceArrays, demands: Sequence[int], columns: Columns, *, exact: bool = True
) -> Shortfalls:
    """The shortfalls of classes (positions of demands) in columns, as `shortage` counts them node by node."""
    return Asked(indexed, devices, demands).short(columns, exact=exact)


class Asked:
    """What classes (positions of demands) ask for, as arrays."""

    def __init__(self, indexed: IndexedProblem, devices: DeviceArrays, demands: Sequence[int]) -> None:
        resources = [indexed.resources[demand] for demand in demands]
        self._devices = devices
        self._static = _static(indexed, demands)
        amounts = [(one.cpu, one.rss, -NOWHERE if one.vms is None else one.vms) for one in resources]
        self._amounts = np.array(amounts, np.int64).T
        self._large = int(self._amounts.max()) >= LARGE
        self._numbers = np.array([len(one.cores) for one in resources], np.int64)
        deepest = int(self._numbers.max())
        # A core that is not there has -1 free: as much as a chunk that is not asked for takes.
        self._chunks = np.array([one.cores + (-1,) * (deepest - len(one.cores)) for one in resources], np.int64).T
        self._sums = np.array([sum(one.cores) for one in resources], np.int64)
        self._sorts = list(_sorts(resources))

    def short(self, columns: Columns, *, exact: bool = True) -> Shortfalls:
        """What is lacking in columns, and the first rule that refuses them."""
        found = _Sum(columns, exact=exact or self._large)
        table = columns.table
        if self._static.any():
            found.refuse(self._static[columns.of, table[KIND]])
        for rule, row, wanted in zip(("cpu", "rss", "vms"), (CPU, RSS, VMS), self._amounts, strict=True):
            found.add(rule, *found.lacking([wanted], [table[row]], wanted))
        if len(self._chunks):
            found.add("cores", *self._cores(table, found))
        for kind, models, whole, wanted in self._sorts:
            most = self._devices.most(kind, models, columns.devices, table[KIND], whole=whole)
            at = np.flatnonzero(wanted if found.grid else wanted.take(columns.of))
            found.add("accelerators", *found.lacking([wanted], [most], wanted, at), at)
        return Shortfalls(found.rules(), found.missing)

    def _cores(self, table: Numbers, found: _Sum) -> tuple[Mask, Values]:
        """Where distinct cores lack anything, and which part of what is asked."""
        # Chunks beyond the most cores that any column has are told by their number alone.
        pairs = list(zip(self._chunks, table[CORES:], strict=False))
        short, part = found.lacking([chunk for chunk, _ in pairs], [row for _, row in pairs], self._sums)
        if self._numbers.max() > table[CORE_COUNT].min(initial=NOWHERE):
            part = part.copy()
            few, lacking = found.lacking([self._numbers], [table[CORE_COUNT]], self._numbers)
            short, part = few | short, np.where(few, lacking, part)
        return short, part


class _Sum:
    """What is missing so far, and which rule refuses first: LAST less its number, so that the first is the largest."""

    def __init__(self, columns: Columns, *, exact: bool) -> None:
        self.of, self.grid, self.exact = columns.of, columns.of.ndim == 2, exact
        shape = np.broadcast_shapes(columns.of.shape, columns.table.shape[1:])
        self.missing: Values = np.zeros(shape, np.int64 if exact else np.float64)
        self.levels = np.zeros(shape, np.int8)
        # Memory that is used again and again is at hand; that which is asked for anew has to be cleared first.
        self._part, self._more = (np.empty(shape if self.grid and not exact else 0) for _ in range(2))

    def refuse(self, rules: npt.NDArray[np.int8]) -> None:
        """Adds rules that have no amounts, by their numbers; before all that have some."""
        refused = rules > 0
        self.levels[refused] = LAST - rules[refused]
        self.missing[refused] += MILLION

    def lacking(
        self, asked: Sequence[Numbers], free: Sequence[Numbers], whole: Numbers, at: Numbers | None = None
    ) -> tuple[Mask, Values]:
        """Where what is asked by class (in several rows) is more than the columns have free, and the part of the whole.

        at: the classes of a grid, else the columns, that are looked at; None: all. Parts are in millionths; they may be
        overwritten by the next question.
        """
        whole = np.maximum(whole, 1)
        if self.grid and not self.exact:
            # A product of matrices with two numbers for each class and column: asked and free, over the whole.
            unit = MILLION / (whole if at is None else whole[at])
            part: Values = self._part[: len(unit)]
            if not asked:
                part.fill(0)
            for number, (wanted, has) in enumerate(zip(asked, free, strict=True)):
                mine = wanted if at is None else wanted[at]
                one = self._more[: len(unit)] if number else part
                np.matmul(np.stack((mine * unit, -unit), 1), np.stack((np.ones(len(has)), has)), out=one)
                np.maximum(one, 0, out=one)
                if number:
                    part += one
            return part > LEAST, part
        of = self.of if at is None else self.of[at]
        rows = free if at is None or self.grid else [row[at] for row in free]
        short: Values = np.zeros((len(of), *self.missing.shape[1:]), np.int64)
        for one, row in zip(asked, rows, strict=True):
            short += np.maximum(one.take(of) - row, 0)
        whole = whole.take(of)
        if int(short.max(initial=0)) * MILLION > BIG:
            # More than 64 bits hold once it is in millionths.
            return short > 0, (short.astype(object) * MILLION // whole).astype(np.int64)
        return short > 0, short * MILLION // whole

    def add(self, rule: str, refused: Mask, part: Values, at: Numbers | None = None) -> None:
        """Adds what a rule refuses and finds lacking, in all classes and columns or those that `lacking` was asked."""
        level = refused.view(np.int8) * np.int8(LAST - CODES[rule])
        if at is None:
            np.maximum(self.levels, level, out=self.levels)
            self.missing += part
        else:
            self.levels[at] = np.maximum(self.levels[at], level)
            self.missing[at] += part

    def rules(self) -> npt.NDArray[np.int8]:
        """The numbers of the rules; 0 where none refuses."""
        found: npt.NDArray[np.int8] = (LAST - self.levels) * (self.levels > 0)
        return found


def _static(indexed: IndexedProblem, demands: Sequence[int]) -> Numbers:
    """The number of the rule of its own that refuses each kind of node, a row for each demand."""
    known: dict[int, list[int]] = {}
    rows = []
    for demand in demands:
        rules = indexed.static_by_class(demand)
        row = known.get(id(rules))
        if row is None:
            row = known[id(rules)] = [CODES.get(rule, 0) for rule in rules]
        rows.append(row)
    return np.array(rows, np.int8)


def _sorts(resources: Sequence[Resources]) -> Iterator[tuple[str, tuple[str, ...], bool, Numbers]]:
    """Type, models and whether they are whole, of the accelerators that are asked for; and how much each class asks.

    Classes that ask for the same devices, be it more or less of them, are told together; the others ask for 0.
    """
    asking: dict[tuple[str, tuple[str, ...], bool], Numbers] = {}
    for number, one in enumerate(resources):
        for request in one.devices:
            sort = (request.type, request.models, request.count > 0)
            asking.setdefault(sort, np.zeros(len(resources), np.int64))[number] = request.count or request.share
    for (kind, models, whole), wanted in asking.items():
        yield kind, models, whole, wanted
