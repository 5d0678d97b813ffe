"""Claims about variables of Compose services."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import dropped, field_of

from rohe_iac.importing.compose.environment import add_environment
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MODE", "prod", "prod"),
        ("API_KEY", "abc", {"secret": "env:API_KEY"}),
        ("TOKEN_COUNT", "5", "5"),
        ("URL", "http://u:p@host/", {"secret": "env:URL"}),
        ("HOME", "${HOME}", {"secret": "env:HOME"}),
        ("LEVEL", "${LEVEL:-info}", "info"),
        ("PRICE", "$$5", "$5"),
    ],
)
def test_values_of_the_shell_and_values_that_look_secret_are_secrets(name: str, text: str, value: object) -> None:
    service: dict[str, Any] = {}
    add_environment(field_of({"environment": {name: text}}), service, "services.a", ReferencedFiles())
    assert service["env"] == {name: value}


def test_a_value_that_stands_in_dot_env_is_not_copied() -> None:
    field, service = field_of({"environment": ["DB=${NAME}"]}), dict[str, Any]()
    add_environment(field, service, "services.a", ReferencedFiles(), {"NAME"})
    assert service["env"] == {"DB": {"secret": "env:NAME"}}
    assert "not copied" in field.journal.notes[0][1]


def test_what_is_no_name_of_a_variable_is_dropped() -> None:
    field, service = field_of({"environment": {"1A": "x"}}), dict[str, Any]()
    add_environment(field, service, "services.a", ReferencedFiles())
    assert service == {}
    assert "not the name of a variable" in dropped(field)["environment.1A"]
