"""Reports over AMQP: an exchange of a RabbitMQ that the user runs, for services whose client speaks nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rohe_iac.blueprint.language.base import EMPTY, Model
from rohe_iac.blueprint.language.pipeline import SecretValue
from rohe_iac.blueprint.language.transports.broker_url import check_broker_url


def _validate_amqp_url(text: str) -> str:
    example, login = "amqps://host:5671/vhost", "they have fields of their own"
    return check_broker_url(text, "AMQP", ("amqp", "amqps"), r"(?:/[^\s/?#]*)?", example, login)


AmqpUrl = Annotated[
    str,
    AfterValidator(_validate_amqp_url),
    Field(json_schema_extra={"pattern": r"^amqps?://[^\s/@]+(/[^\s/]*)?$"}),
]

AmqpName = Annotated[str, Field(min_length=1, max_length=127)]
"""The name of a user or an exchange."""

RoutingKey = Annotated[str, Field(max_length=255)]
"""A routing key, or the pattern of some: AMQP 0-9-1 has 255 bytes for it."""


class Amqp(Model):
    """An exchange of RabbitMQ where services with an AMQP client report, such as those of QoA4ML."""

    url: AmqpUrl
    user: AmqpName
    password: SecretValue
    ca: SecretValue | None = None
    exchange: AmqpName
    type: Literal["topic", "direct", "fanout"] = "topic"
    keys: dict[str, Annotated[tuple[RoutingKey, ...], Field(min_length=1)]] = EMPTY
