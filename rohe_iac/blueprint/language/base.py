"""The base of every model of the language: frozen, strict about unknown fields, camelCase in YAML, one unit a quantity.

Validators raise PydanticCustomError whose type is the stable code of the diagnostic (see codes.py) and whose context
may hold a `hint`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    Strict,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError

from rohe_iac.foundation import quantities
from rohe_iac.foundation.names import is_name, is_node_name


class _EmptyMapping(dict[Any, Any]):
    """An empty mapping with a hash: Pydantic copies every default without one for each document part."""

    def __hash__(self) -> int:  # type: ignore[override]
        return 0

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Returns the schema of any other mapping."""
        return handler(dict)


EMPTY: dict[Any, Any] = _EmptyMapping()
"""The default of a field that is a mapping; shared by all models, so it must not be changed."""


class _FromFolder:
    """Marks the type of a field that holds a path of the repository."""


FROM_FOLDER = _FromFolder()

RepositoryPath = Annotated[str, FROM_FOLDER]
"""A file or folder of the repository: relative to the root, in a module to the module's folder, or absolute."""


class Model(BaseModel):
    """The base of every document part."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        ser_json_inf_nan="strings",
        allow_inf_nan=False,
        defer_build=True,
    )

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Returns the same object: it is frozen, so defaults of fields need not be copied for every document part."""
        return self


def schema_requiring(*names: str) -> dict[str, Any]:
    """Returns the part of a JSON Schema that requires fields to exist and not to be null."""
    return {"required": list(names), "properties": {name: {"not": {"type": "null"}} for name in names}}


def schema_requiring_one(*names: str) -> dict[str, Any]:
    """Returns the part of a JSON Schema that requires exactly one of several fields."""
    return {"oneOf": [schema_requiring(name) for name in names]}


def fault(
    code: str,
    message: str,
    hint: str = "",
    at: tuple[str | int, ...] = (),
    *,
    on_key: bool = False,
    of: tuple[str, ...] = (),
    surplus: bool = False,
    lacking: str = "",
) -> PydanticCustomError:
    """Returns the error that a validator raises.

    Args:
        code: A code of codes.py.
        message: What was expected and found.
        hint: What to do about the fault.
        at: The path from the validated value to the field at fault, which exists.
        on_key: Whether the key of that field is at fault.
        of: The fields that the fault is about; other fields of the same part do not matter to it.
        surplus: Whether the field at fault is one too many, so that the part is right without it.
        lacking: A field whose presence would mend the fault; "" where there is none.
    """
    # Pydantic fills {braces} of a message from its context, so the message itself travels as context.
    context = {"message": message, "hint": hint, "at": at, "on_key": on_key, "of": of}
    if surplus or lacking:
        context |= {"surplus": surplus, "lacking": lacking}
    return PydanticCustomError(code, "{message}", context)


def check_exactly_one(model: Model, *names: str) -> None:
    """Checks that exactly one of the named fields is set.

    Raises:
        PydanticCustomError: The fault R116, where none or several are set.
    """
    fields = {name: field.alias or name for name, field in type(model).model_fields.items() if name in names}
    found = [fields[name] for name in names if getattr(model, name) is not None]
    expected = f"expected exactly one of {', '.join(fields[name] for name in names)}, found"
    if len(found) > 1:
        message, of = f"{expected} {' and '.join(found)}", tuple(found)
        raise fault("R116", message, "keep one of them", (found[1],), on_key=True, of=of, surplus=True)
    empty = [fields[name] for name in names if name in model.model_fields_set and _may_be_empty(model, name)]
    if not found and empty:
        raise fault("R116", f"{expected} none: '{empty[0]}' is empty", "write it as {}", (empty[0],))
    if not found:
        raise fault("R116", f"{expected} none", lacking=fields[names[0]])


def _may_be_empty(model: Model, name: str) -> bool:
    """Checks whether a field takes a mapping without any field."""
    parts = [part for part in get_args(type(model).model_fields[name].annotation) if isinstance(part, type)]
    return any(
        issubclass(part, Model) and not any(field.is_required() for field in part.model_fields.values())
        for part in parts
    )


def validate_node_name(text: str) -> str:
    """Returns the name of a node; raises the fault R111 where it is none."""
    return text if is_node_name(text) else _validate_name(text)


def _validate_name(text: str) -> str:
    if not is_name(text):
        meant = "-".join(
            part
            for part in "".join(c if c.isalnum() and c.isascii() else "-" for c in text[:200].lower()).split("-")
            if part
        )
        hint = f"'{meant[:63]}' would do" if is_name(meant[:63]) else ""
        raise fault("R111", f"'{text[:70]}' is not a name: at most 63 characters a-z, 0-9 and inner hyphens", hint)
    return text


_MEMORY_UNITS_MEANT = {
    "kb": "Ki", "mb": "Mi", "gb": "Gi", "kib": "Ki", "mib": "Mi", "gib": "Gi", "tb": "Ti", "b": "",
    "m": "Mi", "g": "Gi", "ki": "Ki", "mi": "Mi", "gi": "Gi", "ti": "Ti",
}  # fmt: skip


_TIMES_MEANT = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m",
                "minutes": "m", "hour": "h", "hours": "h", "hr": "h", "day": "d", "days": "d", "msec": "ms",
                "millis": "ms", "milliseconds": "ms"}  # fmt: skip


_BANDWIDTHS_MEANT = {
    f"{letter}{rest}": f"{letter.upper()}bps" for letter in "kmg" for rest in ("b", "bit", "bits", "bps", "bitps", "bs")
}


_BYTES_A_SECOND = re.compile(r"([kKmMgGtT]?)(i?)(?:B|[bB]ytes?)(?:ps|/?s|/sec)?")
"""A bandwidth in bytes, whose B is a capital letter: of a small one people mean bits."""


_FREQUENCIES_MEANT = {
    f"{letter}{rest}": f"{letter.upper()}Hz" for letter in "kmg" for rest in ("", "hz", "herz", "hertz")
}


_CORES_MEANT = {"core": "", "cores": "", "cpu": "", "cpus": "", "c": "", "vcpu": "", "mc": "m", "mcpu": "m",
                "millicores": "m", "millis": "m", "milli": "m"}  # fmt: skip


_UNITS_BY_EXAMPLE = {
    "512Mi": _MEMORY_UNITS_MEANT,
    "10s": _TIMES_MEANT,
    "30d": _TIMES_MEANT,
    "500m": _CORES_MEANT,
    "20Mbps": _BANDWIDTHS_MEANT,
    "1.5GHz": _FREQUENCIES_MEANT,
}
"""By the example of a quantity: a foreign unit in lower case -> the unit here."""


def _quantity_hint(value: object, example: str) -> str:
    """Returns a hint what was probably meant by a quantity that cannot be read."""
    if isinstance(value, dict) and len(value) == 1:
        return f"write its value here, as {next(iter(value.values()))}"[:80]
    match = re.fullmatch(r"\s*[$€]?\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)(/[A-Za-z]+)?\s*", str(value)[:64])
    if match is None or isinstance(value, bool):
        return f"for example {example}"
    number, unit = match[1], match[2]
    if example == "500m" and unit == "%":
        return f"did you mean {float(number) * 10:g}m? (thousandths of a core)"
    if example == "1.5GHz" and not unit:
        return f"did you mean {number}{'MHz' if float(number) >= 100 else 'GHz'}?"
    if not unit:
        units = {"10s": ("ms", "s"), "30d": ("d", "h"), "15/s": ("/s",), "20Mbps": ("Mbps",), "0.02/h": ("/h",)}
        written = [f"{number}{meant}" for meant in units.get(example, ())]
        return f"did you mean {' or '.join(written)}?" if written else f"for example {example}"
    if example == "20Mbps" and (in_bytes := _BYTES_A_SECOND.fullmatch(unit + (match[3] or ""))):
        return f"did you mean {_bits_a_second(number, in_bytes)}?"
    meant = _UNITS_BY_EXAMPLE.get(example, {}).get((unit + (match[3] or "").replace("/", "")).lower())
    if meant is not None:
        return f"did you mean {number}{meant}?"
    return f"for example {example}"


def _bits_a_second(number: str, unit: re.Match[str]) -> str:
    """Returns a number of bytes a second as a bandwidth, eight bits each."""
    bits = 8 * Fraction(number) * (1024 if unit[2] else 1000) ** " kmgt".index(unit[1].lower() or " ")
    units = quantities.BANDWIDTH_UNITS
    name = next((name for name in ("Gbps", "Mbps", "Kbps") if bits >= units[name]), "bps")
    return f"{float(bits / units[name]):.15g}{name}"


NUMBER = r"^\s*\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\s*"
"""The pattern of a quantity's number, for schemas; its unit follows."""


def _quantity(reader: Callable[[object], Any], units: str, example: str) -> Any:
    pattern = rf"{NUMBER}{units}\s*$"
    # Of quantities without a default unit, only 0 needs no unit.
    bare = {"type": "number", "minimum": 0} if units.endswith("?") else {"const": 0}
    schema = {"anyOf": [bare, {"type": "string", "pattern": pattern}], "examples": [example]}

    @lru_cache(maxsize=4096, typed=True)
    def cached(value: object) -> Any:
        return reader(value)

    def read(value: object) -> Any:
        try:
            return cached(value) if isinstance(value, str | int | float) else reader(value)
        except ValueError as error:
            raise fault("R112", str(error), _quantity_hint(value, example)) from None

    return (BeforeValidator(read), WithJsonSchema(schema, mode="validation"))


def allow_mapping_by_name(schema: dict[str, Any]) -> None:
    """Lets the JSON Schema of a list accept a mapping of its items by name as well."""
    listed = {name: schema.pop(name) for name in ("items", "type", "minItems") if name in schema}
    by_name = {"type": "object", "minProperties": 1, "additionalProperties": {"type": ["object", "null"]}}
    schema["anyOf"] = [listed, by_name]


Text = Annotated[str, Strict()]


Integer = Annotated[int, Strict()]


Number = Annotated[float, Strict()]


Flag = Annotated[bool, Strict()]


Name = Annotated[
    str, AfterValidator(_validate_name), Field(json_schema_extra={"pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"})
]


NODE_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""The pattern of one part of a node's name."""


Millicores = Annotated[int, *_quantity(quantities.millicores, "m?", "500m")]


Bytes = Annotated[int, *_quantity(quantities.byte_count, "([kKMGTP]i?)?", "512Mi")]


Share = Annotated[int, *_quantity(quantities.basis_points, "%?", "15%"), Field(ge=0)]


Ratio = Annotated[float, *_quantity(quantities.ratio, "%?", "99%")]


Seconds = Annotated[float, *_quantity(quantities.seconds, "(us|ms|s|m|h|d|w)", "10s")]


Days = Annotated[float, *_quantity(quantities.seconds, "(us|ms|s|m|h|d|w)", "30d")]
"""A time that people count in days, in seconds."""


Rate = Annotated[float, *_quantity(quantities.per_second, "/[smh]", "15/s")]


BitsPerSecond = Annotated[int, *_quantity(quantities.bits_per_second, "[KkMG]?bps", "20Mbps")]


Hertz = Annotated[int, *_quantity(quantities.hertz, "[kKMG]?Hz", "1.5GHz")]


CostPerHour = Annotated[float, *_quantity(quantities.cost_per_hour, "/[hd]", "0.02/h")]


class Metadata(Model):
    """The name, labels and annotations of a document."""

    name: Name
    """Unique among the documents of its kind."""
    labels: dict[Text, Text] = EMPTY
    """Words to select and group by."""
    annotations: dict[Text, Text] = EMPTY
    """Remarks that mean nothing to rohe."""
