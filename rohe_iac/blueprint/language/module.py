"""Module: documents with typed inputs, taken into a stack by its `modules`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from rohe_iac.blueprint.hints.change import AS_WRITTEN
from rohe_iac.blueprint.language.base import EMPTY, Metadata, Model, Number, fault
from rohe_iac.blueprint.language.pattern import LONGEST_TEXT, BadPattern, compile_pattern
from rohe_iac.blueprint.language.run_limits import Allowance

_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def _validate_version(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        # Its text tells 1.10 from 1.1.
        rest = ".0" if isinstance(value, float) else ".0.0"
        raise fault("R131", "a number is not a semantic version", f'write it as "{AS_WRITTEN}{rest}"')
    if isinstance(value, str) and _VERSION.fullmatch(value) is None:
        short = re.fullmatch(r"[vV]?(\d+(?:\.\d+){0,2})", value[:40])
        meant = short[1] + ".0" * (2 - short[1].count(".")) if short is not None else ""
        hint = f"did you mean '{meant}'?" if meant else "for example 1.2.0"
        raise fault("R131", f"'{value[:40]}' is not a semantic version", hint)
    return value


class ModuleMetadata(Metadata):
    """The name and version of a module."""

    version: Annotated[str, BeforeValidator(_validate_version)]


def _validate_input_name(text: str) -> str:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", text) is None:
        message = f"'{text[:70]}' is not the name of an input: a letter, then at most 62 letters, digits, _ and -"
        raise fault("R111", message, "expressions name it, as in inputs.max_replicas")
    return text


InputName = Annotated[
    str, AfterValidator(_validate_input_name), Field(json_schema_extra={"pattern": "^[A-Za-z][A-Za-z0-9_-]{0,62}$"})
]


InputType = Literal["string", "integer", "number", "boolean", "list", "mapping"]


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "list": (list,), "mapping": (dict,),
}  # fmt: skip


_WITH_ARTICLE = {name: f"{'an' if name == 'integer' else 'a'} {name}" for name in _TYPES}


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
        """Checks whether a use must give the input."""
        return "default" not in self.model_fields_set

    def objection(self, value: Any, allowance: Allowance | None = None) -> str:
        """Returns why `value` cannot be the input, "" where it can; `allowance` limits the matching of patterns."""
        if not self._is_of_type(value):
            return f"expected {_WITH_ARTICLE[self.type]}, found {_shown(value)}"
        if self.enum and value not in self.enum:
            return f"expected one of {', '.join(map(str, self.enum))}, found {_shown(value)}"
        if self.minimum is not None and isinstance(value, int | float) and value < self.minimum:
            return f"expected at least {self.minimum:g}, found {_shown(value)}"
        if self.maximum is not None and isinstance(value, int | float) and value > self.maximum:
            return f"expected at most {self.maximum:g}, found {_shown(value)}"
        if self.pattern is not None and isinstance(value, str):
            return self._mismatch(self.pattern, value, allowance)
        return ""

    def _is_of_type(self, value: object) -> bool:
        return isinstance(value, _TYPES[self.type]) and (self.type == "boolean" or not isinstance(value, bool))

    @staticmethod
    def _mismatch(written: str, value: str, allowance: Allowance | None) -> str:
        if len(value) > LONGEST_TEXT:
            return f"a text that has a pattern has at most {LONGEST_TEXT} characters, found {len(value):,}"
        expression = compile_pattern(written)
        if allowance is not None:
            allowance.matching -= expression.cost * (len(value) + 1)
            if allowance.matching < 0:
                return "the patterns of all modules take too long together"
        return "" if expression.matches(value) else f"'{value[:40]}' does not match {written}"

    @property
    def noun(self) -> str:
        """Returns the input's type with its article: `an integer`."""
        return _WITH_ARTICLE[self.type]

    @model_validator(mode="after")
    def _bounds_fit(self) -> Input:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        for name in ("minimum", "maximum", "pattern"):
            kinds = ("string",) if name == "pattern" else ("integer", "number")
            if name in given and self.type not in kinds:
                kind = " or ".join(_WITH_ARTICLE[kind] for kind in kinds)
                raise fault(
                    "R132", f"{name} is for {kind}, and this is {self.noun}", f"leave out {name}, or correct type"
                )
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise fault("R132", f"the minimum {self.minimum:g} is above the maximum {self.maximum:g}")
        for value in self.enum:
            if not self._is_of_type(value):
                raise fault("R132", f"enum: expected {self.noun}, found {_shown(value)}")
        if "enum" in given and not self.enum:
            raise fault("R132", "enum allows no value", "leave it out where any value will do")
        return self

    @model_validator(mode="after")
    def _default_fits(self, info: ValidationInfo) -> Input:
        if self.pattern is not None:
            try:
                compile_pattern(self.pattern)
            except BadPattern as error:
                raise fault("R132", f"the pattern cannot be matched: {error}", at=("pattern",)) from None
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise fault("R132", f"the maximum {self.maximum:g} is below the minimum", "swap the two", ("maximum",))
        allowance = info.context if isinstance(info.context, Allowance) else None
        if not self.required and (objection := self.objection(self.default, allowance)):
            raise fault("R132", f"the default does not fit the input: {objection}", at=("default",))
        return self


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return repr(value)[:40]
    return "nothing" if value is None else "a mapping" if isinstance(value, dict) else "a list"


class ModuleSpec(Model):
    """The inputs of a module and the files that its documents are in, relative to the module's folder."""

    inputs: dict[InputName, Input] = EMPTY
    sources: Annotated[tuple[str, ...], Field(min_length=1)]


class Module(Model):
    """A document of kind Module."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Module"] = "Module"
    metadata: ModuleMetadata
    spec: ModuleSpec
