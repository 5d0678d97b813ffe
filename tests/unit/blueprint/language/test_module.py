"""An input of a module objects to values that do not fit, within the work that patterns may take."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.module import Input
from rohe_iac.blueprint.language.run_limits import Allowance


@pytest.mark.parametrize(
    ("declaration", "value", "words"),
    [
        ({"type": "integer", "minimum": 1.0}, 0, "at least 1"),
        ({"type": "integer", "maximum": 5.0}, 6, "at most 5"),
        ({"type": "integer"}, True, "expected an integer, found true"),
        ({"type": "string", "enum": ("a", "b")}, "c", "one of a, b"),
        ({"type": "string", "pattern": "[a-z]+"}, "A1", "does not match"),
        ({"type": "string", "pattern": "[a-z]+"}, "ab", ""),
    ],
)
def test_an_input_objects_to_what_does_not_fit(declaration: dict[str, object], value: object, words: str) -> None:
    objection = Input.model_validate(declaration).objection(value)
    assert words in objection
    assert bool(words) == bool(objection)


def test_an_input_without_a_default_is_required() -> None:
    assert Input.model_validate({"type": "string"}).required
    assert not Input.model_validate({"type": "string", "default": ""}).required


def test_patterns_share_the_work_of_a_run() -> None:
    declaration = Input.model_validate({"type": "string", "pattern": "a*"})
    assert declaration.objection("aaa", Allowance()) == ""
    assert "too long together" in declaration.objection("aaa", Allowance(matching=3))
