"""What a command reads from its user."""

from __future__ import annotations

import pytest

from rohe_iac.cli.question import confirm, span
from rohe_iac.foundation.errors import UsageError


def test_a_yes_on_the_command_line_is_not_asked_for() -> None:
    assert confirm("Apply to stack digits?", command="apply", yes=True)


def test_without_a_terminal_the_error_names_the_command_and_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(UsageError) as caught:
        confirm("Apply to stack digits?", command="apply", yes=False)
    assert caught.value.brief == "apply needs a yes, and there is no terminal to ask for it"
    assert caught.value.hint == "add --yes"


def test_a_span_of_time_is_in_seconds() -> None:
    assert span("5m") == 300.0
    with pytest.raises(UsageError):
        span("soon")
