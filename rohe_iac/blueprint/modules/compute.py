"""The value of a scalar's parsed expression: walked part by part, never compiled and never called into.

Every intermediate value is short, every step counts against the run's budget, and attributes are keys of mappings and
nothing else, so that no object of Python's can be reached.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context
from functools import partial
from itertools import chain
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateRuntimeError, UndefinedError, nodes
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import _PassArg

from rohe_iac.blueprint.language.run_limits import Refused, WorkBudget
from rohe_iac.blueprint.text.written_numbers import WrittenFloat, WrittenInt

LONGEST_VALUE = 10_000
"""The longest text or list that an expression may have as an intermediate value."""


MAX_DIGITS = 30
"""The most digits before or after the point that `round` takes."""


MAX_WEIGHT = 100_000
"""The most items and characters, at all levels, of a list or mapping that is compared, sorted or made text."""


_STEP = 10

_ARITHMETIC: dict[type[nodes.Node], Callable[[Any, Any], Any]] = {
    nodes.Add: operator.add, nodes.Sub: operator.sub, nodes.Mul: operator.mul, nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv, nodes.Mod: operator.mod,
}  # fmt: skip


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gteq": operator.ge, "lt": operator.lt,
    "lteq": operator.le, "in": lambda a, b: a in b, "notin": lambda a, b: a not in b,
}  # fmt: skip


_CONSTANT_TIME = frozenset(("count", "d", "default", "defined", "first", "last", "length", "none", "undefined"))
"""The filters and tests whose effort does not depend on the size of their value."""


_DECIMAL = Context(prec=34, rounding=ROUND_HALF_EVEN)
"""Decimals of IEEE 754-2008, decimal128: sums, differences and products of numbers as people write them are exact."""


_MAX_ARGUMENTS = {"join": 2, "max": 2, "min": 2, "replace": 4}
"""The most arguments of a filter, its value included; one more would name an attribute."""


class UnknownName(UndefinedError):
    """An expression asks for an input, or a value, that there is not; `name` is its name."""

    def __init__(self, name: str, message: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class Computation:
    """The computation of one scalar with the inputs of its module, or the values of its stack."""

    def __init__(
        self,
        environment: ImmutableSandboxedEnvironment,
        inputs: Mapping[str, Any],
        work: WorkBudget,
        namespace: str = "inputs",
    ) -> None:
        self.environment, self.inputs, self.work, self.namespace = environment, inputs, work, namespace

    def text(self, parts: list[nodes.Expr]) -> str:
        """Returns the values of the parts, joined as text."""
        return "".join(self._as_text(self.value(part)) for part in parts)

    def value(self, node: nodes.Expr) -> Any:
        """Returns the value of one part.

        Raises:
            Refused: The part is not allowed; also whatever Jinja's filters and Python's arithmetic raise.
        """
        value = self._value(node)
        self.work.spend(_STEP + (len(value) if isinstance(value, str | list | tuple | dict) else 0))
        return check_size(value)

    def _value(self, node: nodes.Expr) -> Any:
        kind = type(node)
        if isinstance(node, nodes.Const):
            return node.value
        if isinstance(node, nodes.TemplateData):
            return node.data
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            return self._element(node)
        if isinstance(node, nodes.BinExpr) and kind in _ARITHMETIC:
            return self._arithmetic(node)
        if isinstance(node, nodes.And):
            return self.value(node.left) and self.value(node.right)
        if isinstance(node, nodes.Or):
            return self.value(node.left) or self.value(node.right)
        if isinstance(node, nodes.Not):
            return not self.value(node.node)
        if isinstance(node, nodes.Neg):
            return -self.value(node.node)
        if isinstance(node, nodes.Pos):
            return +self.value(node.node)
        if isinstance(node, nodes.Concat):
            return "".join([self._as_text(self.value(part)) for part in node.nodes])
        if isinstance(node, nodes.Compare):
            return self._compare(node)
        if isinstance(node, nodes.CondExpr):
            assert node.expr2 is not None, "an 'if' without 'else' is refused before"
            return self.value(node.expr1 if self.value(node.test) else node.expr2)
        if isinstance(node, nodes.List | nodes.Tuple):
            return [self.value(item) for item in node.items]
        if isinstance(node, nodes.Dict):
            return {self.value(pair.key): self.value(pair.value) for pair in node.items}
        if isinstance(node, nodes.Filter | nodes.Test):
            return self._apply(node)
        raise Refused(f"{kind.__name__.lower()} is not allowed in an expression")

    def _element(self, node: nodes.Getattr | nodes.Getitem) -> Any:
        step = node.attr if isinstance(node, nodes.Getattr) else self.value(node.arg)
        if isinstance(node.node, nodes.Name):
            if isinstance(step, str) and step in self.inputs:
                return self.inputs[step]
            name = str(step)[:63]
            raised = cast("type[TemplateRuntimeError]", partial(UnknownName, name))
            return StrictUndefined(f"there is no {self.namespace[:-1]} '{name}'", exc=raised)
        container = self.value(node.node)
        if isinstance(container, dict) and step.__hash__ is not None and step in container:
            return container[step]
        if isinstance(container, list | str) and isinstance(step, int) and -len(container) <= step < len(container):
            return container[step]
        if isinstance(container, StrictUndefined):
            str(container)  # raises with the name in its message
        return StrictUndefined(f"{_describe(container)} has no element {_describe(step)}")

    def _arithmetic(self, node: nodes.BinExpr) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers and not isinstance(node, nodes.Add):
            for side in (left, right):
                if isinstance(side, StrictUndefined):
                    str(side)
            raise Refused(f"'{node.operator}' is for numbers")
        if numbers and isinstance(node, nodes.Add | nodes.Sub | nodes.Mul) and float in map(_type, (left, right)):
            return _exact(type(node), left, right)
        return _ARITHMETIC[type(node)](left, right)

    def _compare(self, node: nodes.Compare) -> bool:
        left = self.value(node.expr)
        for operand in node.ops:
            right = self.value(operand.expr)
            self._spend_weight(left, right)
            if not _COMPARISONS[operand.op](left, right):
                return False
            left = right
        return True

    def _apply(self, node: nodes.Filter | nodes.Test) -> Any:
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Refused("a filter takes its arguments one by one")
        values = [self.value(part) for part in (node.node, *node.args)]
        options: dict[str, Any] = {str(item.key): self.value(item.value) for item in node.kwargs}
        self._check_arguments(node.name, values, options)
        functions: Mapping[str, Any] = (
            self.environment.filters if isinstance(node, nodes.Filter) else self.environment.tests
        )
        if isinstance(node, nodes.Filter) and node.name in _TEXT_FILTERS:
            values[0] = _with_yaml_text(values[0], items=node.name == "join")
        extra = getattr(functions[node.name], "jinja_pass_arg", None)
        if extra is _PassArg.eval_context:
            values.insert(0, EvalContext(self.environment))
        elif extra is _PassArg.environment:
            values.insert(0, self.environment)
        return functions[node.name](*values, **options)

    def _check_arguments(self, name: str, values: list[Any], options: Mapping[str, Any]) -> None:
        given = [*values, *options.values()]
        if "attribute" in options or len(values) > _MAX_ARGUMENTS.get(name, 3):
            raise Refused(f"'{name}' is not known with these arguments")
        if name not in _CONSTANT_TIME:
            self._spend_weight(*given)
        if name == "round":
            # Rounding up or down computes ten to that power, which takes for ever where it is large.
            for precision in given[1:]:
                if isinstance(precision, int | float) and not -MAX_DIGITS <= precision <= MAX_DIGITS:
                    raise Refused(f"'round' takes from {-MAX_DIGITS} to {MAX_DIGITS} digits")
        elif name in ("join", "replace") and isinstance(values[0], str | list | dict):
            longest = max((len(str(value)) for value in given[1:]), default=0)
            if longest * (len(values[0]) + 1) > MAX_WEIGHT:
                raise Refused(_TOO_LONG)

    def _spend_weight(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, list | dict):
                self.work.spend(weight(value))

    def _as_text(self, value: Any) -> str:
        self._spend_weight(value)
        return str(check_size(yaml_text(value)))


def _type(number: float) -> type[float]:
    return float if isinstance(number, float) else int


def _exact(kind: type[nodes.Node], left: float, right: float) -> float:
    """Returns the sum, difference or product of two numbers as written, so that 0.1 + 0.2 is 0.3."""
    first, second = _DECIMAL.create_decimal(repr(left + 0)), _DECIMAL.create_decimal(repr(right + 0))
    if kind is nodes.Add:
        return float(_DECIMAL.add(first, second))
    return float(_DECIMAL.subtract(first, second) if kind is nodes.Sub else _DECIMAL.multiply(first, second))


_TEXT_FILTERS = frozenset(("join", "lower", "replace", "string", "trim", "upper"))
"""The filters that make text of their value, or of its items."""


def _with_yaml_text(value: Any, *, items: bool) -> Any:
    """Returns the value, or each of its items, as YAML text where Python would write it in its own way."""
    if items:
        return [_with_yaml_text(item, items=False) for item in value] if isinstance(value, list | tuple) else value
    own = isinstance(value, bool | list | tuple | dict | WrittenInt | WrittenFloat)
    return yaml_text(value) if value is None or own else value


def yaml_text(value: Any) -> str:
    """Returns a value as YAML writes it in text: `true`, `null`, `[1, "a"]`, `{"a": 1}`; text and numbers stay."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key, ensure_ascii=False)}: {_item_text(value[key])}' for key in value)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_item_text, value))}]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return value.text if isinstance(value, WrittenInt | WrittenFloat) else str(value)


def _item_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else yaml_text(value)


_TOO_LONG = f"a value of more than {LONGEST_VALUE} characters or items comes out on the way"


TOO_LARGE = "a number comes out that is too large to be computed with"


def weight(value: Any) -> int:
    """Returns the number of items and characters in a value, at all levels.

    Raises:
        Refused: There are more than MAX_WEIGHT.
    """
    total, pending = 0, [value]
    while pending:
        part = pending.pop()
        total += 1 + (len(part) if isinstance(part, str) else 0)
        if isinstance(part, list | dict):
            pending += part if isinstance(part, list) else chain.from_iterable(part.items())
        if total + len(pending) > MAX_WEIGHT:
            raise Refused(_TOO_LONG)
    return total


def check_size(value: Any) -> Any:
    """Returns the value itself.

    Raises:
        Refused: The value is too long or too large.
    """
    if isinstance(value, str | list | dict) and len(value) > LONGEST_VALUE:
        raise Refused(_TOO_LONG)
    if isinstance(value, int) and value.bit_length() > 256:
        raise Refused("a number of more than 77 digits comes out on the way")
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(TOO_LARGE)
    return value


def _describe(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"'{value[:40]}'" if isinstance(value, str) else str(value)
