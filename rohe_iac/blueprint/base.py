"""What every model of the language shares: frozen, strict about unknown fields, camelCase in YAML, quantities normalised."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from rohe_iac.foundation import quantities
from rohe_iac.foundation.names import is_name


class Model(BaseModel):
    """The base of every document part."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, ser_json_inf_nan="strings"
    )


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError("expected a name of at most 63 characters a-z, 0-9 and inner hyphens")
    return text


def _quantity(reader: Any, pattern: str, example: str) -> Any:
    schema = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": pattern}], "examples": [example]}
    return (BeforeValidator(reader), WithJsonSchema(schema, mode="validation"))


Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"})]
Millicores = Annotated[int, *_quantity(quantities.millicores, r"^\d+(\.\d+)?m?$", "500m")]
Bytes = Annotated[int, *_quantity(quantities.byte_count, r"^\d+(\.\d+)?([kKMGTP]i?)?$", "512Mi")]
Share = Annotated[int, *_quantity(quantities.basis_points, r"^\d+(\.\d+)?%?$", "15%"), Field(ge=0)]
Ratio = Annotated[float, *_quantity(quantities.ratio, r"^\d+(\.\d+)?%?$", "99%")]
Seconds = Annotated[float, *_quantity(quantities.seconds, r"^\d+(\.\d+)?(us|ms|s|m|h|d|w)$", "10s")]
Rate = Annotated[float, *_quantity(quantities.per_second, r"^\d+(\.\d+)?/[smh]$", "15/s")]
BitsPerSecond = Annotated[int, *_quantity(quantities.bits_per_second, r"^\d+(\.\d+)?[KkMG]?bps$", "20Mbps")]
Hertz = Annotated[int, *_quantity(quantities.hertz, r"^\d+(\.\d+)?[kKMG]?Hz$", "1.5GHz")]
CostPerHour = Annotated[float, *_quantity(quantities.cost_per_hour, r"^\d+(\.\d+)?/[hd]$", "0.02/h")]


class Metadata(Model):
    """Who a document is."""

    name: Name
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
