"""Shortfalls as arrays: for states of nodes, the first rule that refuses them and what they lack of what is asked.

Several demands may be asked about at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.vectorized.arrays import LARGEST, Mask, Numbers, Values
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import CORE_COUNT, CORES, CPU, NODE_CLASS, RSS, VMS
from rohe_iac.planning.placement.rules.registry import CODES, RULE_NAMES
from rohe_iac.planning.placement.rules.resources import AMOUNT_RULES, EXTRA_RULES
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex

NOWHERE = 1 << 62
"""More than any shortfall."""

LARGE = 1 << 48
"""Amounts from which on parts in floats could be taken for nothing: whole numbers are used."""

LEAST = 1e-9
"""More than what is lost of a part to rounding, less than the part of one unit in anything below LARGE."""

BEHIND_ALL = len(RULE_NAMES) + 1
"""More than the code of any rule."""

AMOUNT_ROWS = tuple(zip(AMOUNT_RULES, (CPU, RSS, VMS), strict=True))
"""Rules about one amount, and the rows of the table that have what is free of it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """States that demands are held against.

    Attributes:
        table, devices: as in NodeStates.
        demand_of: positions among the demands; one for each column where it is a row. Where it is a column itself, each
            of its demands is held against all states, so that results are tables.
    """

    table: Numbers
    devices: Numbers
    demand_of: Numbers


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """What states lack, in the shape of the question; rules about other replicas are not in it.

    Attributes:
        rules: the code of the first rule that refuses, 0 where none does.
        missing: what is lacking over what is asked, in millionths, summed over what fails: approximate, in floats, or
            each part of the sum rounded down where exact.
    """

    rules: npt.NDArray[np.int8]
    missing: Values

    def beside(self, rows: Sequence[int], codes: Sequence[int]) -> Shortfalls:
        """Returns rows of a table, some several times, that rules about other replicas refuse too.

        Args:
            rows: positions of the rows.
            codes: the code of such a rule for each of them, 0 for none.
        """
        code = np.array(codes, np.int8)[:, np.newaxis]
        rules = self.rules[rows]
        return Shortfalls(np.where(rules > 0, rules, code), self.missing[rows] + (code > 0) * MILLION)

    def counted(self, demand_of: Numbers, demands: int, sizes: Values) -> list[tuple[tuple[str, int], ...]]:
        """Returns for each demand how many nodes each rule is the first to refuse, in the order of RULES.

        Args:
            demand_of: the demands of the states; of a shape that stretches to that of the rules.
            demands: how many demands there are.
            sizes: how many nodes are in each state; of such a shape too.
        """
        width = len(RULE_NAMES) + 1
        places, sizes = demand_of * width + self.rules, np.broadcast_to(sizes, self.rules.shape)
        counts = np.bincount(places.ravel(), sizes.ravel(), demands * width).astype(np.int64)
        refused = counts.reshape(demands, width)[:, 1:]
        found: list[list[tuple[str, int]]] = [[] for _ in range(demands)]
        numbers, rules = np.nonzero(refused)
        for number, rule, count in zip(numbers.tolist(), rules.tolist(), refused[numbers, rules].tolist(), strict=True):
            found[number].append((RULE_NAMES[rule], count))
        return [tuple(by_rule) for by_rule in found]

    def closest(self, sizes: Values, wanted: int, slack: int) -> tuple[Numbers, Numbers]:
        """Returns rows and columns of the refused states of a table that lack least, by row.

        They have at least so many nodes of each row, and are all that lack no more than `slack` millionths above them.
        """
        missing = self.missing.astype(np.float64)
        missing[(self.rules == 0) | (sizes == 0)] = np.inf
        limits = np.where(sizes >= wanted, missing, np.inf).min(axis=1, initial=np.inf)
        near = missing <= limits[:, np.newaxis] + slack
        if missing.shape[1] > wanted and np.count_nonzero(near) > wanted * len(near):
            # Sorting is expensive, and mostly a state of many nodes lacks little.
            limits = np.minimum(limits, np.partition(missing, wanted - 1, axis=1)[:, wanted - 1])
            near = missing <= limits[:, np.newaxis] + slack
        rows, columns = np.nonzero(near & (missing < np.inf))
        return rows, columns


class RequestArrays:
    """What demands ask for of one node, as arrays with a place for each demand."""

    def __init__(self, indexed: IndexedProblem, devices: DeviceArrays, demands: Sequence[DemandIndex]) -> None:
        resources = [indexed.resources[demand] for demand in demands]
        self._devices = devices
        self._static = _static_codes(indexed, demands)
        amounts = [[rule.asked(asked) for asked in resources] for rule, _ in AMOUNT_ROWS]
        self._amounts = np.array([[-NOWHERE if asked is None else asked for asked in row] for row in amounts], np.int64)
        self._large = int(self._amounts.max()) >= LARGE
        extras = EXTRA_RULES if indexed.has_extras else ()
        self._extras = [
            (rule.name, row - len(extras), np.array([rule.asked(asked) or -NOWHERE for asked in resources], np.int64))
            for row, rule in enumerate(extras)
        ]
        self._large |= any(int(asked.max()) >= LARGE for _, _, asked in self._extras)
        self._core_counts = np.array([len(asked.cores) for asked in resources], np.int64)
        most = int(self._core_counts.max())
        # A core that is not there has -1 free: as much as a chunk that is not asked for takes.
        self._chunks = np.array([asked.cores + (-1,) * (most - len(asked.cores)) for asked in resources], np.int64).T
        self._core_sums = np.array([sum(asked.cores) for asked in resources], np.int64)
        self._device_requests = list(_device_requests(resources))
        self._memory_requests = [
            (number, request) for number, asked in enumerate(resources) for request in asked.devices if request.memory
        ]

    def shortfalls(self, columns: Columns, *, exact: bool = True) -> Shortfalls:
        """Returns what states lack, and the first rule that refuses them."""
        found = _Sum(columns, exact=exact or self._large)
        table = columns.table
        if self._static.any():
            found.refuse(self._static[columns.demand_of, table[NODE_CLASS]])
        for (rule, row), asked in zip(AMOUNT_ROWS, self._amounts, strict=True):
            found.add(rule.name, *found.lacking([asked], [table[row]], asked))
        for name, row, asked in self._extras:
            found.add(name, *found.lacking([asked], [columns.devices[row]], asked))
        if len(self._chunks):
            found.add("cores", *self._lacking_cores(table, found))
        for type_, models, whole, asked in self._device_requests:
            most = self._devices.most(type_, models, columns.devices, table[NODE_CLASS], whole=whole)
            at = np.flatnonzero(asked if found.grid else asked.take(columns.demand_of))
            found.add("accelerators", *found.lacking([asked], [most], asked, at), at)
        for number, request in self._memory_requests:
            at = np.array([number]) if found.grid else np.flatnonzero(columns.demand_of == number)
            states = slice(None) if found.grid else at
            part = self._devices.missing_part(request, columns.devices[:, states], table[NODE_CLASS, states])
            # A row of the grid, or a place for each state that is looked at.
            rows = part[np.newaxis] if found.grid else part
            found.add("accelerators", rows > 0, rows, at)
        return Shortfalls(found.rules(), found.missing)

    def _lacking_cores(self, table: Numbers, found: _Sum) -> tuple[Mask, Values]:
        """Returns where distinct cores lack anything, and which part of what is asked."""
        # Chunks beyond the most cores that any state has are refused by their number alone.
        pairs = list(zip(self._chunks, table[CORES:], strict=False))
        short, part = found.lacking([chunk for chunk, _ in pairs], [row for _, row in pairs], self._core_sums)
        if self._core_counts.max() > table[CORE_COUNT].min(initial=NOWHERE):
            part = part.copy()
            few, lacking = found.lacking([self._core_counts], [table[CORE_COUNT]], self._core_counts)
            short, part = few | short, np.where(few, lacking, part)
        return short, part


class _Sum:
    """What is missing so far, and which rule refuses first.

    Attributes:
        grid: whether each demand is held against all states.
        missing: the sum of the parts, in millionths.
        levels: BEHIND_ALL less the code of the rule that refuses first, so that the first is the largest; 0 for none.
    """

    def __init__(self, columns: Columns, *, exact: bool) -> None:
        self.demand_of, self.grid, self.exact = columns.demand_of, columns.demand_of.ndim == 2, exact
        shape = np.broadcast_shapes(columns.demand_of.shape, columns.table.shape[1:])
        self.missing: Values = np.zeros(shape, np.int64 if exact else np.float64)
        self.levels = np.zeros(shape, np.int8)
        # Memory that is used again and again is at hand; that which is asked for anew has to be cleared first.
        self._part, self._more = (np.empty(shape if self.grid and not exact else 0) for _ in range(2))

    def refuse(self, rules: npt.NDArray[np.int8]) -> None:
        """Adds rules that have no amounts, by their codes; must be called before `add`."""
        refused = rules > 0
        self.levels[refused] = BEHIND_ALL - rules[refused]
        self.missing[refused] += MILLION

    def lacking(
        self, asked: Sequence[Numbers], free: Sequence[Numbers], whole: Numbers, at: Numbers | None = None
    ) -> tuple[Mask, Values]:
        """Returns where more is asked than is free, and what is lacking over the whole, in millionths.

        The parts may be overwritten by the next call.

        Args:
            asked: amounts by demand, in one or several rows.
            free: amounts by state, in as many rows.
            whole: by demand, what the parts are parts of.
            at: the demands of a grid, else the states, that are looked at; None: all.
        """
        whole = np.maximum(whole, 1)
        if self.grid and not self.exact:
            # A product of matrices with two numbers for each demand and state: asked and free, over the whole.
            unit = MILLION / (whole if at is None else whole[at])
            part: Values = self._part[: len(unit)]
            if not asked:
                part.fill(0)
            for number, (wanted, has) in enumerate(zip(asked, free, strict=True)):
                chosen = wanted if at is None else wanted[at]
                out = self._more[: len(unit)] if number else part
                np.matmul(np.stack((chosen * unit, -unit), 1), np.stack((np.ones(len(has)), has)), out=out)
                np.maximum(out, 0, out=out)
                if number:
                    part += out
            return part > LEAST, part
        demand_of = self.demand_of if at is None else self.demand_of[at]
        rows = free if at is None or self.grid else [row[at] for row in free]
        short: Values = np.zeros((len(demand_of), *self.missing.shape[1:]), np.int64)
        for wanted, row in zip(asked, rows, strict=True):
            short += np.maximum(wanted.take(demand_of) - row, 0)
        whole = whole.take(demand_of)
        if int(short.max(initial=0)) * MILLION > LARGEST:
            # More than 64 bits hold once it is in millionths.
            return short > 0, (short.astype(object) * MILLION // whole).astype(np.int64)
        return short > 0, short * MILLION // whole

    def add(self, rule: str, refused: Mask, part: Values, at: Numbers | None = None) -> None:
        """Adds what a rule refuses and finds lacking; `at` as in `lacking`."""
        level = refused.view(np.int8) * np.int8(BEHIND_ALL - CODES[rule])
        if at is None:
            np.maximum(self.levels, level, out=self.levels)
            self.missing += part
        else:
            self.levels[at] = np.maximum(self.levels[at], level)
            self.missing[at] += part

    def rules(self) -> npt.NDArray[np.int8]:
        """Returns the code of the first rule that refuses; 0 where none does."""
        codes: npt.NDArray[np.int8] = (BEHIND_ALL - self.levels) * (self.levels > 0)
        return codes


def _static_codes(indexed: IndexedProblem, demands: Sequence[DemandIndex]) -> Numbers:
    """Returns the code of the rule about a node itself that refuses each class of nodes, a row for each demand."""
    known: dict[int, list[int]] = {}
    rows = []
    for demand in demands:
        rules = indexed.static_by_class(demand)
        row = known.get(id(rules))
        if row is None:
            row = known[id(rules)] = [CODES.get(rule, 0) for rule in rules]
        rows.append(row)
    return np.array(rows, np.int8)


def _device_requests(resources: Sequence[Resources]) -> Iterator[tuple[str, tuple[str, ...], bool, Numbers]]:
    """Yields type, models and whether they are whole of devices that are asked for, and how much each demand asks.

    Requests for memory as well are left out.
    Demands that ask for the same devices, in whatever amounts, are yielded together; the others ask for 0.
    """
    amounts: dict[tuple[str, tuple[str, ...], bool], Numbers] = {}
    for number, asked in enumerate(resources):
        for request in asked.devices:
            if request.memory:
                continue
            key = (request.type, request.models, request.count > 0)
            amounts.setdefault(key, np.zeros(len(resources), np.int64))[number] = request.count or request.share
    for (type_, models, whole), by_demand in amounts.items():
        yield type_, models, whole, by_demand
