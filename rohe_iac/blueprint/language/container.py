"""Text about a replica's container: its image, paths inside of it, and names of environment variables."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from rohe_iac.blueprint.language.base import fault
from rohe_iac.blueprint.text.expression_marks import holds_expression
from rohe_iac.foundation.names import is_variable


def is_image(text: str) -> bool:
    """Checks whether a registry could have an image of that name."""
    name = text.rpartition("@")[0] or text
    return bool(text) and not re.search(r"\s", text) and name.rpartition("/")[2].count(":") <= 1


def _validate_image(text: str) -> str:
    # An expression that is not computed is reported elsewhere.
    if not holds_expression(text) and not is_image(text):
        raise fault("R134", f"'{text[:60]}' is not the name of an image", "write it as registry/name:tag")
    return text


def _validate_inner_path(text: str) -> str:
    if not text.startswith("/"):
        raise fault("R135", f"'{text[:60]}' is not a path inside a replica", f"did you mean /{text[:60]}?")
    return text


def _validate_variable(text: str) -> str:
    if not is_variable(text):
        hint = "letters, digits and _, not beginning with a digit, as in LOG_LEVEL"
        raise fault("R111", f"'{text[:60]}' is not the name of a variable", hint)
    return text


Image = Annotated[str, AfterValidator(_validate_image), Field(json_schema_extra={"pattern": r"^\S+$|\{\{"})]


InnerPath = Annotated[str, AfterValidator(_validate_inner_path), Field(json_schema_extra={"pattern": "^/"})]


VariableName = Annotated[
    str, AfterValidator(_validate_variable), Field(json_schema_extra={"pattern": r"^[-._A-Za-z][-._A-Za-z0-9]*$"})
]
