"""Secrets that stay as variables in commands become variables of the service."""

from __future__ import annotations

from typing import Any

from import_results import field_of

from rohe_iac.importing.compose.secrets_of_commands import add_secrets_of_commands
from rohe_iac.importing.foreign.variables.expansion import substitute


def test_a_variable_with_a_secret_in_a_command_is_one_of_the_service() -> None:
    field = field_of({"command": ["sh", "-c", "login $API_TOKEN"]})
    item = field.entries()[0][1].items()[2]
    item.node.substitution = substitute("login $API_TOKEN", {"API_TOKEN": "abcd1234efgh"}, keep_secrets=True)
    service: dict[str, Any] = {"name": "web"}
    add_secrets_of_commands(field, service, {})
    assert service["env"] == {"API_TOKEN": {"secret": "env:API_TOKEN"}}
    assert "gets the variable API_TOKEN" in field.journal.notes[0][1]
