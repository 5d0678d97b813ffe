"""Metric expressions: the metrics that a contract defines, compiled once from their trees.

A compiled metric says which numbers it reads from each sample, so that they are read once, and makes its value of them.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rohe_iac.observation.contract import UnusableContract
from rohe_iac.observation.measuring.aggregates import aggregate, variance
from rohe_iac.observation.measuring.selection import Reading, SampleSelection
from rohe_iac.observation.measuring.summary import Numbers
from rohe_iac.observation.reports.sample import Sample, number_of, value_of


@dataclass(frozen=True, slots=True)
class CompiledMetric:
    """A compiled metric.

    Attributes:
        readings: What it reads from each sample.
        estimate: Returns the metric of the samples of a window, None where it has no value, and its largest absolute
            error, which is 0 unless it is made of percentiles of numbers that are not kept.
    """

    readings: tuple[Reading, ...]
    estimate: Callable[[SampleSelection], tuple[float | None, float]]

    def value(self, samples: SampleSelection) -> float | None:
        """Returns the metric of the samples of a window; None where it has no value."""
        return self.estimate(samples)[0]


SampleFilter = Callable[[Sample], bool]
"""Checks whether a sample is taken."""

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
"""Comparison operators as contracts write them."""

FOLDS = ("sum", "mean", "min", "max")
"""Nodes that aggregate one value of each sample with the aggregate of the same name."""

BINARY_NODES = ("ratio", "difference")
"""Nodes with two operands."""

NODES = ("count", *FOLDS, "percentile", "variance", *BINARY_NODES, "metric")
"""All nodes of an expression; a number stands for itself."""


def compile_metrics(trees: Mapping[str, Any]) -> dict[str, CompiledMetric]:
    """Compiles every metric of a contract.

    Args:
        trees: Expression trees by name of the metric.

    Returns:
        The compiled metrics by name.

    Raises:
        UnusableContract: A node is unknown or malformed, a referenced metric is missing, or references form a cycle.
    """
    return _Compiler(trees).compile()


class _Compiler:
    """Compiles metrics in the order of their references."""

    def __init__(self, trees: Mapping[str, Any]) -> None:
        self._trees = trees
        self._compiled: dict[str, CompiledMetric] = {}

    def compile(self) -> dict[str, CompiledMetric]:
        """Compiles all metrics."""
        for name in self._trees:
            self._metric(name, ())
        return self._compiled

    def _metric(self, name: str, path: tuple[str, ...]) -> CompiledMetric:
        """Compiles one metric; `path` names the metrics that refer to it, outermost first."""
        if name in path:
            raise UnusableContract(f"metric '{name}' is made of itself: {' -> '.join((*path, name))}")
        if name not in self._trees:
            raise UnusableContract(
                f"metric '{path[-1] if path else name}' refers to '{name}', which the contract does not define",
                hint=f"metrics of the contract: {', '.join(sorted(self._trees)) or 'none'}",
            )
        if name not in self._compiled:
            self._compiled[name] = self._node(self._trees[name], (*path, name))
        return self._compiled[name]

    def _node(self, tree: Any, path: tuple[str, ...]) -> CompiledMetric:
        number = number_of(tree)
        if number is not None:
            return CompiledMetric((), lambda _: (number, 0.0))
        if not isinstance(tree, dict) or len(tree) != 1:
            raise _fault(path, f"expected one of {', '.join(NODES)}")
        [(kind, argument)] = tree.items()
        if kind == "metric":
            return self._metric(str(argument), path)
        if kind in BINARY_NODES:
            return self._binary(kind, argument, path)
        if kind == "count" and (argument is None or isinstance(argument, dict)):
            return _compile_count((argument or {}).get("where"), path)
        if kind in (*FOLDS, "percentile", "variance"):
            return _compile_fold(kind, argument, path)
        raise _fault(path, f"'{kind}' is not known; expected one of {', '.join(NODES)}")

    def _binary(self, kind: str, argument: Any, path: tuple[str, ...]) -> CompiledMetric:
        if not isinstance(argument, list | tuple) or len(argument) != 2:
            raise _fault(path, f"'{kind}' needs two parts")
        first, second = (self._node(operand, path) for operand in argument)

        def evaluate(samples: SampleSelection) -> tuple[float | None, float]:
            (left, left_error), (right, right_error) = first.estimate(samples), second.estimate(samples)
            if left is None or right is None:
                return None, 0.0
            if kind == "difference":
                return left - right, left_error + right_error
            quotient = left / right if right else math.inf
            if not math.isfinite(quotient):
                return None, 0.0
            least = abs(right) - right_error
            return quotient, (left_error + abs(quotient) * right_error) / least if least > 0 else math.inf

        return CompiledMetric((*first.readings, *second.readings), evaluate)


def _compile_count(conditions: Any, path: tuple[str, ...]) -> CompiledMetric:
    """Returns a count of samples; without a value where no sample has any of the fields that it looks at.

    What nobody reports did not happen 0 times: it is not known.
    """
    keep, names = _compile_where(conditions, path), list(conditions or ())
    if not names:
        return CompiledMetric((), lambda samples: (float(samples.count), 0.0))
    kept = Reading(_key("count", conditions), lambda sample: 1.0 if keep(sample) else math.nan)
    known = Reading(
        _key("known", names),
        lambda sample: 1.0 if any(value_of(sample, name) is not None for name in names) else math.nan,
    )

    def evaluate(samples: SampleSelection) -> tuple[float | None, float]:
        if samples.count and not samples.numbers(known).count:
            return None, 0.0
        return float(samples.numbers(kept).count), 0.0

    return CompiledMetric((kept, known), evaluate)


def _key(*parts: Any) -> tuple[str, ...]:
    """Returns the identity of what is read; equal trees read equal numbers."""
    return tuple(json.dumps(part, sort_keys=True, default=repr) for part in parts)


def _compile_fold(kind: str, argument: Any, path: tuple[str, ...]) -> CompiledMetric:
    if not isinstance(argument, dict) or not isinstance(argument.get("of"), str):
        raise _fault(path, f"'{kind}' needs `of: NAME`")
    of, by = argument["of"], argument.get("by")
    keep = _compile_where(argument.get("where"), path)
    p = argument.get("p", 50)
    if number_of(p) is None or not 0 <= p <= 100:
        raise _fault(path, f"'percentile' needs p from 0 to 100, not {p!r}")

    def number(sample: Sample) -> float | None:
        if not keep(sample):
            return None
        if kind == "variance" and by is not None:
            return _variance_by_model(sample, of)
        return number_of(value_of(sample, of))

    def read(sample: Sample) -> float:
        found = number(sample)
        return found if found is not None else math.nan

    by_model = kind == "variance" and by is not None
    reading = Reading(
        _key("by model" if by_model else "of", of, argument.get("where")),
        read,
        ordered=by_model,
        squared=kind == "variance" and not by_model,
    )

    def evaluate(samples: SampleSelection) -> tuple[float | None, float]:
        numbers = samples.numbers(reading)
        if not numbers.count:
            return None, 0.0
        if kind == "percentile":
            value, error = numbers.percentile(p, numbers.count)
            return value, abs(value) * error
        if kind == "variance":
            return (_mean if by is not None else _variance)(numbers), 0.0
        return aggregate(kind, numbers, 0.0)[0], 0.0

    return CompiledMetric((reading,), evaluate)


def _mean(numbers: Numbers) -> float:
    values = numbers.values()
    return sum(values) / len(values) if numbers.are_kept else numbers.total / numbers.count


def _variance(numbers: Numbers) -> float:
    return variance(numbers.values()) if numbers.are_kept else numbers.variance


def _variance_by_model(sample: Sample, of: str) -> float | None:
    """Returns the variance of the members' values in one request."""
    values = [number for part in sample.parts if part.member and (number := number_of(part.values.get(of))) is not None]
    return variance(values) if values else None


def _compile_where(conditions: Any, path: tuple[str, ...]) -> SampleFilter:
    if conditions is None:
        return lambda _: True
    if not isinstance(conditions, dict):
        raise _fault(path, "`where` needs names with values or comparisons")
    tests: list[SampleFilter] = []
    for name, condition in conditions.items():
        if not isinstance(condition, dict):
            tests.append(_compile_comparison(name, "==", condition))
            continue
        for sign, bound in condition.items():
            if sign not in COMPARISONS:
                raise _fault(path, f"'{sign}' is no comparison; comparisons: {', '.join(COMPARISONS)}")
            tests.append(_compile_comparison(name, sign, bound))
    return lambda sample: all(test(sample) for test in tests)


def _compile_comparison(name: str, sign: str, bound: Any) -> SampleFilter:
    compare = COMPARISONS[sign]

    def test(sample: Sample) -> bool:
        value = value_of(sample, name)
        if value is None:
            return False
        try:
            return bool(compare(value, bound))
        except TypeError:
            return False

    return test


def _fault(path: tuple[str, ...], message: str) -> UnusableContract:
    return UnusableContract(f"metric '{path[0]}': {message}")
