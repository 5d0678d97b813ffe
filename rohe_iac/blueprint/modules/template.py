"""Expressions in the scalars of modules and stacks: Jinja's, reduced to what always ends and never looks outside.

Allowed are the inputs, constants, lists and mappings, arithmetic without powers, comparisons, conditions, tests and the
filters below. There are no calls, no statements and no macros, every intermediate value is short, and all expressions
of a run share a bounded amount of work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from rohe_iac.blueprint.language.run_limits import Refused, WorkBudget
from rohe_iac.blueprint.modules.compute import TOO_LARGE, Computation, UnknownName, check_size, weight
from rohe_iac.blueprint.text.expression_marks import holds_expression

LONGEST_SCALAR = 1000
"""The longest scalar, in characters, that may hold an expression."""


_PARSING = 100
"""The work of parsing one character of an expression; a step of computing it takes ten."""


_END = "end of print statement"
"""What Jinja calls the end of an expression."""


_PLAIN = {name: re.compile(r"\{\{ *" + name + r"\.([a-zA-Z][a-zA-Z0-9_]*) *\}\}") for name in ("inputs", "values")}

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


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.filters = {name: FILTERS[name] for name in _FILTERS}
    environment.tests = {name: TESTS[name] for name in _TESTS}
    return environment


def compute_scalar(
    text: str, inputs: Mapping[str, Any], work: WorkBudget | None = None, namespace: str = "inputs"
) -> Any:
    """Returns the value of a scalar. A scalar that is one expression keeps the expression's type; others are text.

    Args:
        text: The scalar as written.
        inputs: The values that expressions may use, by name.
        work: The budget of all expressions of the run; None for a budget of its own.
        namespace: What expressions call the values: `inputs` in a module, `values` in other documents of a stack.

    Raises:
        Refused: The expression is not allowed or cannot be computed.
    """
    if len(text) > LONGEST_SCALAR:
        raise Refused(f"a scalar with an expression has at most {LONGEST_SCALAR} characters")
    work = work if work is not None else WorkBudget()
    computation = Computation(_environment(), inputs, work, namespace)
    try:
        parts = _parse(text, work, namespace)
        alone = len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData)
        value = computation.value(parts[0]) if alone else computation.text(parts)
        if isinstance(value, list | dict):
            work.spend(weight(value))
        return _yaml_value(check_size(value))
    except UnknownName as error:
        raise Refused(str(error), error.name) from error
    except TemplateSyntaxError as error:
        raise Refused(_syntax_fault(str(error))) from error
    except TemplateError as error:
        raise Refused(str(error)) from error
    except RecursionError as error:
        raise Refused("the expression is nested too deep") from error
    except OverflowError as error:
        raise Refused(TOO_LARGE) from error
    except (TypeError, ArithmeticError, ValueError, AttributeError, LookupError) as error:
        raise Refused(str(error) or type(error).__name__) from error


def _syntax_fault(message: str) -> str:
    """Returns what is wrong with the text of an expression, in words of the language."""
    if message == f"unexpected '{_END}'":
        return "the expression ends where a value is expected"
    if match := re.fullmatch(rf"expected token '{_END}', got '(.*)'", message):
        return f"the expression should end before '{match[1]}': an operator, or a filter with |, is missing"
    if match := re.fullmatch(r"unexpected char (.*) at \d+", message):
        return f"{match[1]} has no meaning in an expression"
    return message


def _parse(text: str, work: WorkBudget, namespace: str) -> list[nodes.Expr]:
    """Returns the parts of a scalar: literal text and expressions."""
    pieces = _PLAIN[namespace].split(text)
    if "\n" not in text and "\r" not in text and not any(holds_expression(piece) for piece in pieces[::2]):
        # Most scalars name plain inputs only; parsing these with Jinja would take a hundred times as long.
        parts: list[nodes.Expr] = []
        for index, piece in enumerate(pieces):
            if index % 2:
                parts.append(nodes.Getattr(nodes.Name(namespace, "load"), piece, "load"))
            elif piece:
                parts.append(nodes.TemplateData(piece))
        return parts
    known = f"{namespace}:{text}"
    parts_of_text = work.parsed.get(known)
    if parts_of_text is None:
        work.spend(_PARSING * len(text))
        parts_of_text = work.parsed[known] = _checked_parts(_environment().parse(text), namespace)
    return parts_of_text


def _yaml_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_yaml_value(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Refused("the keys of a mapping are text")
        return {key: _yaml_value(item) for key, item in value.items()}
    if isinstance(value, StrictUndefined):
        str(value)  # raises with the name in its message
    if value is not None and not isinstance(value, str | int | float):
        raise Refused("the expression comes to no value that YAML has")
    return check_size(value)


def _checked_parts(template: nodes.Template, namespace: str) -> list[nodes.Expr]:
    parts: list[nodes.Expr] = []
    for node in template.body:
        if not isinstance(node, nodes.Output):
            raise Refused("only expressions in {{ }} are computed, no statements")
        parts += node.nodes
    noun = "an input" if namespace == "inputs" else "a value"
    for node in template.find_all(nodes.Sub):
        if isinstance(node.left, nodes.Getattr) and isinstance(node.right, nodes.Name) and node.right.name != namespace:
            name = f"{node.left.attr}-{node.right.name}"
            raise Refused(f"'{node.right.name}' is not known; {noun} with a hyphen is named {namespace}['{name}']")
    with_element = {id(node.node) for node in template.find_all(nodes.Getattr)}
    with_element |= {id(node.node) for node in template.find_all(nodes.Getitem)}
    for node in template.find_all(nodes.Node):
        if not isinstance(node, _NODES):
            raise Refused(f"{type(node).__name__.lower()} is not allowed in an expression")
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            raise Refused("an 'if' without 'else' comes to nothing where it does not hold; add else")
        if isinstance(node, nodes.Name) and node.name != namespace:
            raise Refused(f"'{node.name}' is not known; expressions see {namespace}.NAME only")
        if isinstance(node, nodes.Name) and id(node) not in with_element:
            raise Refused(f"'{namespace}' is all {namespace}; name one of them, as {namespace}.NAME")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise Refused(f"no filter '{node.name}'; filters: {', '.join(_FILTERS)}")
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise Refused(f"no test '{node.name}'")
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise Refused(f"'{node.attr}' is not reachable")
    return parts
