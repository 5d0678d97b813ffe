"""Expressions are walked and not compiled; each comes to what Jinja itself would make of it."""

# ruff: noqa: E501 - expressions side by side

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rohe_iac.blueprint.language.run_limits import Refused, WorkBudget
from rohe_iac.blueprint.modules.template import compute_scalar

INPUTS: dict[str, Any] = {
    "n": 3, "zero": 0, "share": 0.5, "name": "cam", "zones": ["b", "a"], "map": {"x": 1, "y": [2, 3]}, "flag": True,
    "empty": "", "nothing": None, "words": "one two",
}  # fmt: skip
EXPRESSIONS = [
    "1 + 2 * 3 - 4", "7 // 2", "-7 // 2", "7 % 4", "7 / 2", "-inputs.n", "+inputs.n", "- - 1", "(1 + 2) * 3",
    "inputs.n > 2 and inputs.n < 5", "1 < inputs.n < 3", "1 < inputs.n <= 3", "inputs.n == 3.0", "inputs.flag + 1",
    "inputs.zero or 5", "inputs.n and 'x'", "not inputs.flag", "'a' in inputs.zones", "'c' not in inputs.zones",
    "'ca' in inputs.name", "'x' in inputs.map", "inputs.name ~ '-' ~ inputs.n", "'a' 'b'", "inputs.share ~ inputs.n",
    "inputs.zones + ['c']", "[1, 2][0]", "inputs.zones[-1]", "inputs.name[0]", "inputs.map.x", "inputs.map['y'][1]",
    "{'a': inputs.n, 'b': [1]}", "[inputs.zones, inputs.map]", "(1, 2)", "inputs.zones | sort", "inputs.zones | first",
    "inputs.zones | last", "inputs.zones | join('-')", "inputs.zones | join", "inputs.zones | length", "inputs.map | count",
    "inputs.zones | sort(reverse=true) | join(', ')", "inputs.zones | max", "[3, 1, 2] | min", "inputs.name | upper",
    "'Ab' | lower", "' x ' | trim", "'xxaxx' | trim('x')", "inputs.words | replace(' ', '-')", "'aaa' | replace('a', 'b', 2)",
    "inputs.share | round", "2.567 | round(2)", "2.5 | round(0, 'floor')", "'7' | int", "'x' | int(9)", "'1.5' | float",
    "inputs.n | string", "inputs.name | string", "-3 | abs", "inputs.missing | default(4)", "inputs.empty | d('x', true)",
    "inputs.missing is defined", "inputs.n is defined", "inputs.missing is undefined", "inputs.n is odd",
    "inputs.n is even", "inputs.n is divisibleby(3)", "inputs.name is string", "inputs.n is number", "inputs.share is float",
    "inputs.zones is sequence", "inputs.map is mapping", "inputs.nothing is none", "inputs.flag is true", "inputs.n is eq 3",
    "inputs.n is gt 2", "inputs.n is in [1, 3]", "inputs.flag is boolean", "inputs.n is not integer",
    "'a' if inputs.flag else 'b'", "'a' if not inputs.flag else 'b'", "inputs.nothing", "inputs['name']", "1e3", "0x1f", "1_000",
    "inputs.missing + 1", "inputs.name + 1", "1 / inputs.zero", "inputs.zones[9]", "inputs.n.x", "'a' < 1", "inputs.missing",
]  # fmt: skip


@pytest.fixture(scope="module")
def jinja() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_lone_expression_has_the_value_that_jinja_gives(expression: str, jinja: Any) -> None:
    try:
        expected = jinja.compile_expression(expression, undefined_to_none=False)(inputs=INPUTS)
        str(expected)  # an undefined value raises here
    except Exception:  # noqa: BLE001 - whatever Jinja raises, ours is one word for it
        with pytest.raises(Refused):
            compute_scalar(f"{{{{ {expression} }}}}", INPUTS)
        return
    value = compute_scalar(f"{{{{ {expression} }}}}", INPUTS)
    assert value == (list(expected) if isinstance(expected, tuple) else expected)


@pytest.mark.parametrize("text", ["a-{{ inputs.n }}-b", "{{inputs.name}}{{inputs.n}}", "{{ inputs.n + 1 }}x{{ inputs.name }}",
                                  "x {{- inputs.n -}} y", "{{ inputs.n }}\n", "a\n{{ inputs.n }}\nb", "}} {{ inputs.n }}"])  # fmt: skip
def test_text_around_expressions_is_as_jinja_renders_it(text: str, jinja: Any) -> None:
    value = compute_scalar(text, INPUTS)
    assert str(value) == jinja.from_string(text).render(inputs=INPUTS)


def test_all_expressions_of_a_run_share_what_they_may_take() -> None:
    work = WorkBudget(left=20_000)
    assert compute_scalar("{{ inputs.n + 1 }}", INPUTS, work) == 4
    first = work.left
    assert compute_scalar("{{ inputs.n + 1 }}", INPUTS, work) == 4
    assert work.left > first - 100  # it is read already
    for number in range(10, 19):
        assert compute_scalar(f"{{{{ inputs.n + {number} }}}}", INPUTS, work) == 3 + number
    with pytest.raises(Refused, match="together"):
        compute_scalar("{{ inputs.n + 19 }}", INPUTS, work)
    assert work.exhausted


@pytest.mark.parametrize(
    "expression",
    ["[1] | join(attribute='real')", "['b'] | sort(attribute='upper')", "['b'] | max(false, 'upper')", "inputs.name.upper"],
)  # fmt: skip
def test_no_attribute_of_an_object_is_reached(expression: str) -> None:
    with pytest.raises(Refused):
        compute_scalar(f"{{{{ {expression} }}}}", INPUTS)
