"""Expressions in scalars always end, give plain values, and see nothing but the inputs."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.run_limits import Refused
from rohe_iac.blueprint.modules.template import compute_scalar

INPUTS: dict[str, Any] = {"n": 3, "share": 0.5, "name": "cam", "zones": ["a", "b"], "long": "a" * 10_000}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ inputs.n }}", 3),
        ("{{ inputs.n * 2 + 1 }}", 7),
        ("cam-{{ inputs.n }}", "cam-3"),
        ("{{ inputs.zones }}", ["a", "b"]),
        ("{{ inputs.share | round(1) }}", 0.5),
        ("{{ {'zone': inputs.zones[0]} }}", {"zone": "a"}),
        ("{{ none if inputs.n > 2 else 1 }}", None),
        ("{{ inputs['name'] | upper }}", "CAM"),
    ],
)
def test_an_expression_keeps_the_type_of_its_value(text: str, value: Any) -> None:
    assert compute_scalar(text, INPUTS) == value
    assert type(compute_scalar(text, INPUTS)) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ 1e309 }}", "too large"),
        ("{{ [1e308 * 10] }}", "too large"),
        ("{{ inputs.share * 1e308 * 1e308 }}", "too large"),
        ("{{ 1.5 | round(999999999, 'ceil') }}", "digits"),
        ("{{ 1.5 | round(precision=-999999999, method='floor') }}", "digits"),
        ("{{ inputs.long | replace('a', inputs.long) }}", "characters"),
        ("{{ 3 if inputs.n > 9 }}", "without 'else'"),
        ("{{ inputs }}", "name one of them"),
        ("{{ [inputs] }}", "name one of them"),
        ("{{ {'all': inputs} }}", "name one of them"),
        ("{{ inputs | string }}", "name one of them"),
        ("{{ 'x' ~ inputs }}", "name one of them"),
        ("{{ {1: 2} }}", "keys"),
        ("{{ inputs.missing }}", "no input 'missing'"),
        ("{{ [inputs.missing] }}", "no input 'missing'"),
        ("{{ {'a': [inputs.missing]} }}", "no input 'missing'"),
        ("{{ [{}[{}], 1] }}", "has no element"),
        ("{{ inputs.__class__ }}", "__class__"),
        ("{{ ''['__class__'] }}", "__class__"),
        ("{{ range(10**9) }}", "not allowed"),
        ("{% for i in inputs.zones %}x{% endfor %}", "only expressions"),
    ],
)
def test_what_is_not_computed_is_told_and_ends(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        compute_scalar(text, INPUTS)
