"""Expressions: a consumer's own metrics, compiled once from trees of the contract; cycles are refused."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rohe_iac.observation.contract import UnusableContract
from rohe_iac.observation.measuring.aggregates import aggregate, percentile, variance
from rohe_iac.observation.reports.sample import Sample, found, number_of

Expression = Callable[[Sequence[Sample]], float | None]


Filter = Callable[[Sample], bool]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


FOLDS = ("sum", "mean", "min", "max")


PAIRS = ("ratio", "difference")


NODES = ("count", *FOLDS, "percentile", "variance", *PAIRS, "metric")


def compile_metrics(trees: Mapping[str, Any]) -> dict[str, Expression]:
    """Every metric of a contract, ready to be evaluated on the samples of a window; None where it has no value.

    Errors: UnusableContract for an unknown node, a missing reference or a cycle.
    """
    return _Compiler(trees).all()


class _Compiler:
    def __init__(self, trees: Mapping[str, Any]) -> None:
        self._trees = trees
        self._done: dict[str, Expression] = {}

    def all(self) -> dict[str, Expression]:
        for name in self._trees:
            self._metric(name, ())
        return self._done

    def _metric(self, name: str, path: tuple[str, ...]) -> Expression:
        if name in path:
            raise UnusableContract(f"metric '{name}' is made of itself: {' -> '.join((*path, name))}")
        if name not in self._trees:
            raise UnusableContract(
                f"metric '{path[-1] if path else name}' refers to '{name}', which the contract does not define",
                hint=f"metrics of the contract: {', '.join(sorted(self._trees)) or 'none'}",
            )
        if name not in self._done:
            self._done[name] = self._node(self._trees[name], (*path, name))
        return self._done[name]

    def _node(self, tree: Any, path: tuple[str, ...]) -> Expression:
        number = number_of(tree)
        if number is not None:
            return lambda _: number
        if not isinstance(tree, dict) or len(tree) != 1:
            raise _fault(path, f"expected one of {', '.join(NODES)}")
        [(kind, argument)] = tree.items()
        if kind == "metric":
            return self._metric(str(argument), path)
        if kind in PAIRS:
            return self._pair(kind, argument, path)
        if kind == "count" and (argument is None or isinstance(argument, dict)):
            keep = _where((argument or {}).get("where"), path)
            return lambda samples: float(sum(keep(sample) for sample in samples))
        if kind in (*FOLDS, "percentile", "variance"):
            return _fold(kind, argument, path)
        raise _fault(path, f"'{kind}' is not known; expected one of {', '.join(NODES)}")

    def _pair(self, kind: str, argument: Any, path: tuple[str, ...]) -> Expression:
        if not isinstance(argument, list | tuple) or len(argument) != 2:
            raise _fault(path, f"'{kind}' needs two parts")
        first, second = (self._node(part, path) for part in argument)

        def value(samples: Sequence[Sample]) -> float | None:
            left, right = first(samples), second(samples)
            if left is None or right is None:
                return None
            if kind == "difference":
                return left - right
            quotient = left / right if right else math.inf
            return quotient if math.isfinite(quotient) else None

        return value


def _fold(kind: str, argument: Any, path: tuple[str, ...]) -> Expression:
    if not isinstance(argument, dict) or not isinstance(argument.get("of"), str):
        raise _fault(path, f"'{kind}' needs `of: NAME`")
    of, by = argument["of"], argument.get("by")
    keep = _where(argument.get("where"), path)
    p = argument.get("p", 50)
    if number_of(p) is None or not 0 <= p <= 100:
        raise _fault(path, f"'percentile' needs p from 0 to 100, not {p!r}")

    def value(samples: Sequence[Sample]) -> float | None:
        kept = [sample for sample in samples if keep(sample)]
        if kind == "variance" and by is not None:
            return _variance_by_model(kept, of)
        values = [number for sample in kept if (number := number_of(found(sample, of))) is not None]
        if not values:
            return None
        if kind == "percentile":
            return percentile(values, p)
        return variance(values) if kind == "variance" else aggregate(kind, values, 0.0)

    return value


def _variance_by_model(samples: Sequence[Sample], of: str) -> float | None:
    # Of the members' values for each request, then the mean over requests.
    each = []
    for sample in samples:
        values = [
            number for part in sample.parts if part.member and (number := number_of(part.values.get(of))) is not None
        ]
        if values:
            each.append(variance(values))
    return sum(each) / len(each) if each else None


def _where(conditions: Any, path: tuple[str, ...]) -> Filter:
    if conditions is None:
        return lambda _: True
    if not isinstance(conditions, dict):
        raise _fault(path, "`where` needs names with values or comparisons")
    tests: list[Filter] = []
    for name, wanted in conditions.items():
        if not isinstance(wanted, dict):
            tests.append(_test(name, "==", wanted))
            continue
        for sign, value in wanted.items():
            if sign not in COMPARISONS:
                raise _fault(path, f"'{sign}' is no comparison; comparisons: {', '.join(COMPARISONS)}")
            tests.append(_test(name, sign, value))
    return lambda sample: all(test(sample) for test in tests)


def _test(name: str, sign: str, wanted: Any) -> Filter:
    compare = COMPARISONS[sign]

    def test(sample: Sample) -> bool:
        value = found(sample, name)
        if value is None:
            return False
        try:
            return bool(compare(value, wanted))
        except TypeError:
            return False

    return test


def _fault(path: tuple[str, ...], message: str) -> UnusableContract:
    return UnusableContract(f"metric '{path[0]}': {message}")
