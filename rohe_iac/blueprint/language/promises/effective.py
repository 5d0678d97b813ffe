"""Effective: the span in which a contract holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from rohe_iac.blueprint.language.base import Model, fault


def _parse_moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str):
            return _parse_moment(datetime.fromisoformat(value))
    except ValueError:
        pass
    raise fault("R115", f"{value!r:.40} is not a moment", "for example 2026-01-01T00:00:00Z")


Moment = Annotated[
    datetime,
    BeforeValidator(_parse_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": r"^\d{4}-?[\dW]"}),
]


class Effective(Model):
    """The span in which a contract holds, [from, to)."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Effective:
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise fault("R127", "'to' is not after 'from'", "the contract would never hold", ("to",), of=("from", "to"))
        return self
