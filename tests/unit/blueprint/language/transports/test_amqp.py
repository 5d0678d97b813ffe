"""Where services report over AMQP: addresses, and what is never written into a blueprint."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.transports.amqp import Amqp
from rohe_iac.blueprint.schema.amqp_descriptions import AMQP_FIELDS

STATED: dict[str, Any] = {
    "url": "amqp://rabbit",
    "user": "rohe",
    "password": {"secret": "env:RABBIT"},
    "exchange": "qoa",
}


@pytest.mark.parametrize(
    "url", ["amqp://rabbit", "amqps://rabbit:5671/vhost", "amqp://[::1]:5672/%2F", "amqp://127.0.0.1:1/"]
)
def test_an_address_of_rabbitmq_is_taken(url: str) -> None:
    assert Amqp.model_validate({**STATED, "url": url}).url == url


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("rabbit:5672", "did you mean amqp://rabbit:5672?"),
        ("amqp://rohe:secret@rabbit", "leave user and password out"),
        ("mqtt://rabbit", "for example amqps://host:5671/vhost"),
        ("amqp://rabbit:70000", "for example amqps://host:5671/vhost"),
        ("amqp://rabbit/a/b", "for example amqps://host:5671/vhost"),
    ],
)
def test_anything_else_is_refused_with_a_hint(url: str, hint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Amqp.model_validate({**STATED, "url": url})
    assert hint in str(refused.value.errors()[0]["ctx"])


def test_a_password_is_named_and_not_written() -> None:
    with pytest.raises(ValidationError, match="expected a secret"):
        Amqp.model_validate({**STATED, "password": {"secret": "geheim"}})


def test_a_pipeline_has_at_least_one_key() -> None:
    with pytest.raises(ValidationError):
        Amqp.model_validate({**STATED, "keys": {"shop": []}})


def test_every_field_is_described() -> None:
    fields = {f"Amqp.{name}" for name in Amqp.model_fields}
    assert set(AMQP_FIELDS) == {"StackSpec.amqp", *fields}
