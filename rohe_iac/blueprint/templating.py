"""Expressions in a module's scalars: Jinja's, cut down to what always ends and never looks outside.

Allowed are the inputs, constants, lists and mappings, arithmetic without powers, comparisons, conditions, tests and the
filters below. There are no calls, no statements and no macros, and every intermediate text is short, so an expression
takes microseconds whatever is written in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

LONGEST_SCALAR = 1000
"""The longest scalar, in characters, that may hold an expression."""
LONGEST_VALUE = 10_000
"""The longest text or list that an expression may make on its way."""
MOST_DIGITS = 30
"""So many digits before or after the point may be rounded to."""

_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.List,
    nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv,
    nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat,
)  # fmt: skip
_FILTERS = (
    "abs", "count", "d", "default", "first", "float", "int", "join", "last", "length", "lower", "max", "min", "replace",
    "round", "sort", "string", "trim", "upper",
)  # fmt: skip
_TESTS = (
    "boolean", "defined", "divisibleby", "eq", "even", "false", "float", "ge", "gt", "in", "integer", "le", "lt",
    "mapping", "ne", "none", "number", "odd", "sequence", "string", "true", "undefined",
)  # fmt: skip


class Refused(ValueError):
    """An expression that is not allowed or cannot be computed; the message says why."""


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("+", "*", "%"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "+" and not numbers:
            _short(left)
            _short(right)
        elif not numbers:
            raise Refused(f"'{operator}' is for numbers")
        return super().call_binop(context, operator, left, right)


def _short(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict) and len(value) > LONGEST_VALUE:
        raise Refused(f"a value of more than {LONGEST_VALUE} characters or items comes out on the way")
    if isinstance(value, int) and value.bit_length() > 256:
        raise Refused("a number of more than 77 digits comes out on the way")
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(_TOO_LARGE)
    return value


_TOO_LARGE = "a number comes out that is too large to be computed with"


def _bounded(name: str) -> Callable[..., Any]:
    function = FILTERS[name]

    def filtered(*arguments: Any, **options: Any) -> Any:
        for argument in (*arguments, *options.values()):
            _short(argument)
        if name == "round":
            _few_digits(*arguments[1:2], *options.values())
        return _short(function(*arguments, **options))

    for mark in ("jinja_pass_arg",):
        if hasattr(function, mark):
            setattr(filtered, mark, getattr(function, mark))
    return filtered


def _few_digits(*precisions: Any) -> None:
    # Rounding up or down raises ten to that power, which for a large one takes for ever.
    for precision in precisions:
        if isinstance(precision, int | float) and not -MOST_DIGITS <= precision <= MOST_DIGITS:
            raise Refused(f"'round' takes from {-MOST_DIGITS} to {MOST_DIGITS} digits")


@cache
def _environment() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.filters = {name: _bounded(name) for name in _FILTERS}
    environment.tests = {name: TESTS[name] for name in _TESTS}
    return environment


def holds_expression(text: str) -> bool:
    """Whether a scalar is to be computed."""
    return "{{" in text or "{%" in text or "{#" in text


def computed(text: str, inputs: Mapping[str, Any]) -> Any:
    """What the scalar comes to. A scalar that is one expression keeps that expression's type; else it is text.

    Errors: Refused.
    """
    if len(text) > LONGEST_SCALAR:
        raise Refused(f"a scalar with an expression has at most {LONGEST_SCALAR} characters")
    environment = _environment()
    names = SimpleNamespace()
    for name, value in inputs.items():
        setattr(names, name, value)
    try:
        parts = _checked(environment.parse(text))
        if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
            expression = environment.compile_expression(text.strip()[2:-2].strip("-+ \n\t"), undefined_to_none=False)
            value = expression(inputs=names)
        else:
            value = environment.from_string(text).render(inputs=names)
        value = _plain(_short(value))
    except TemplateError as error:
        raise Refused(_words(error, inputs)) from error
    except NameError as error:
        # A constant that has become infinite is compiled to the name `inf`, and no other name gets past the check.
        raise Refused(_TOO_LARGE) from error
    except (TypeError, ArithmeticError, ValueError, AttributeError, LookupError, RecursionError) as error:
        raise Refused(str(error) or type(error).__name__) from error
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Refused("the keys of a mapping are text")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, StrictUndefined):
        str(value)  # raises with the name in its message
    return _short(value)


def _checked(template: nodes.Template) -> list[nodes.Expr]:
    parts: list[nodes.Expr] = []
    for node in template.body:
        if not isinstance(node, nodes.Output):
            raise Refused("only expressions in {{ }} are computed, no statements")
        parts += node.nodes
    taken = {id(node.node) for node in template.find_all(nodes.Getattr)}
    taken |= {id(node.node) for node in template.find_all(nodes.Getitem)}
    for node in template.find_all(nodes.Node):
        if not isinstance(node, _NODES):
            raise Refused(f"{type(node).__name__.lower()} is not allowed in an expression")
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            raise Refused("an 'if' without 'else' comes to nothing where it does not hold; add else")
        if isinstance(node, nodes.Name) and node.name != "inputs":
            raise Refused(f"'{node.name}' is not known; expressions see inputs.NAME only")
        if isinstance(node, nodes.Name) and id(node) not in taken:
            raise Refused("'inputs' is all inputs; name one of them, as inputs.NAME")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise Refused(f"no filter '{node.name}'; filters: {', '.join(_FILTERS)}")
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise Refused(f"no test '{node.name}'")
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise Refused(f"'{node.attr}' is not reachable")
    return parts


def _words(error: TemplateError, inputs: Mapping[str, Any]) -> str:
    message = str(error)
    if "has no attribute" in message and "SimpleNamespace" in message:
        name = message.rpartition("'")[0].rpartition("'")[2]
        return f"there is no input '{name}'" + (f"; inputs: {', '.join(inputs)}" if inputs else "")
    return message
