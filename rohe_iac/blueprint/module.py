"""Module: documents with typed inputs, taken into a stack by its `modules`."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rohe_iac.blueprint.base import Metadata, Model, Name, Number, fault


def _version(text: str) -> str:
    if re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", text) is None:
        raise fault("R131", f"'{text[:40]}' is not a semantic version", "write it as 1.2.0")
    return text


class ModuleMetadata(Metadata):
    """Who a module is, and which version of itself."""

    version: Annotated[str, AfterValidator(_version)]


InputType = Literal["string", "integer", "number", "boolean", "list", "mapping"]
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "list": (list,), "mapping": (dict,),
}  # fmt: skip


class Input(Model):
    """A value that a use of the module gives; required where it has no default."""

    type: InputType
    default: Any = None
    description: str = ""
    minimum: Number | None = None
    maximum: Number | None = None
    enum: tuple[Any, ...] = ()
    pattern: str | None = None

    @property
    def required(self) -> bool:
        """Whether a use must give it."""
        return "default" not in self.model_fields_set

    def objection(self, value: Any) -> str:
        """Why `value` cannot be the input, "" where it can."""
        if not isinstance(value, _TYPES[self.type]) or (isinstance(value, bool) and self.type != "boolean"):
            return f"expected {self.type}, found {_shown(value)}"
        if self.enum and value not in self.enum:
            return f"expected one of {', '.join(map(str, self.enum))}, found {_shown(value)}"
        if self.minimum is not None and isinstance(value, int | float) and value < self.minimum:
            return f"expected at least {self.minimum:g}, found {_shown(value)}"
        if self.maximum is not None and isinstance(value, int | float) and value > self.maximum:
            return f"expected at most {self.maximum:g}, found {_shown(value)}"
        if (
            self.pattern is not None
            and isinstance(value, str)
            and len(value) <= 256
            and not re.fullmatch(self.pattern, value)
        ):
            return f"'{value[:40]}' does not match {self.pattern}"
        return ""

    @model_validator(mode="after")
    def _default_fits(self) -> Input:
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise fault("R132", f"the pattern is not a regular expression: {error}") from None
        if not self.required and (why := self.objection(self.default)):
            raise fault("R132", f"the default does not fit the input: {why}")
        return self


def _shown(value: object) -> str:
    return repr(value)[:40] if isinstance(value, str | int | float | bool) else type(value).__name__


class ModuleSpec(Model):
    """The inputs of a module and the files that its documents are in, relative to the module's folder."""

    inputs: dict[Name, Input] = {}
    sources: Annotated[tuple[str, ...], Field(min_length=1)]


class Module(Model):
    """A document of kind Module."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Module"] = "Module"
    metadata: ModuleMetadata
    spec: ModuleSpec
