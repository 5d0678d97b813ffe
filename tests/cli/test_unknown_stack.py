"""Commands on a stack that neither the blueprint nor the state folder has."""

from __future__ import annotations

from typing import Any

import pytest

COMMANDS = (
    ("status",),
    ("status", "-o", "json"),
    ("destroy", "--yes"),
    ("observe",),
    ("violations",),
    ("logs", "service/classify", "--stack"),
    ("explain", "service/classify"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_unknown_stack_is_refused_with_the_names_that_there_are(rohe: Any, words: tuple[str, ...]) -> None:
    result = rohe(*words, "digit")
    assert (result.returncode, result.stdout) == (64, "")
    assert "there is no stack 'digit'" in result.stderr
    assert "stacks: digits" in result.stderr
    assert "did you mean 'digits'?" in result.stderr


def test_a_stack_of_the_blueprint_that_is_not_applied_is_no_error(rohe: Any) -> None:
    status = rohe("status", "digits")
    assert (status.returncode, "digits is not applied" in status.stdout) == (0, True)
    assert rohe("destroy", "digits", "--yes").returncode == 0
