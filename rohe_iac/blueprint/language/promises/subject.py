"""What a contract is about: one pipeline, or several together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from rohe_iac.blueprint.language.base import Model, fault, schema_requiring_one


def _allow_pipelines(schema: dict[str, Any]) -> None:
    """Lets the JSON Schema of a contract have `pipelines` in place of `pipeline`."""
    schema["required"] = [name for name in schema.get("required", ()) if name != "pipeline"]
    schema |= schema_requiring_one("pipeline", "pipelines")


class Subject(Model):
    """What a promise is about.

    Attributes:
        pipeline: The pipeline, or the first of several, for all that looks at one alone.
        pipelines: All of several pipelines; None where there is one.
    """

    model_config = ConfigDict(json_schema_extra=_allow_pipelines)

    pipeline: str
    pipelines: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_first_pipeline(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("pipelines"), list | tuple | str):
            return value
        if value.get("pipeline") is not None:
            message = "expected exactly one of pipeline, pipelines, found pipeline and pipelines"
            raise fault("R116", message, "name all of them under pipelines", of=("pipeline", "pipelines"))
        named = value["pipelines"]
        first = named if isinstance(named, str) else next(iter(named), None)
        return {**value, "pipeline": first} if isinstance(first, str) else value

    @property
    def about(self) -> tuple[str, ...]:
        """The pipelines that the promise is about."""
        return self.pipelines or (self.pipeline,)


def rename_pipelines(spec: dict[str, Any], names: Mapping[str, str]) -> None:
    """Renames the pipelines that a contract is about, in its values as written.

    Args:
        spec: The values of the contract's `spec`, which may have any fault.
        names: The new names by the old ones; all others stay.
    """
    for field in ("pipeline", "pipelines"):
        written = spec.get(field)
        if isinstance(written, list):
            spec[field] = [names.get(name, name) if isinstance(name, str) else name for name in written]
        elif isinstance(written, str):
            spec[field] = names.get(written, written)
