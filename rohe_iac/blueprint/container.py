"""What a replica finds around it, as text: the image it is made of, paths inside of it, and names of variables."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from rohe_iac.blueprint.base import fault
from rohe_iac.blueprint.work import holds_expression


def _image(text: str) -> str:
    if holds_expression(text):
        return text  # that nothing computes it is told elsewhere
    name = text.rpartition("@")[0] or text
    if not text or re.search(r"\s", text) or name.rpartition("/")[2].count(":") > 1:
        raise fault("R134", f"'{text[:60]}' is not the name of an image", "write it as registry/name:tag")
    return text


def _inside(text: str) -> str:
    if not text.startswith("/"):
        raise fault("R135", f"'{text[:60]}' is not a path inside a replica", f"did you mean /{text[:60]}?")
    return text


def _variable(text: str) -> str:
    if re.fullmatch(r"[-._A-Za-z][-._A-Za-z0-9]*", text) is None:
        hint = "letters, digits and _, not beginning with a digit, as in LOG_LEVEL"
        raise fault("R111", f"'{text[:60]}' is not the name of a variable", hint)
    return text


Image = Annotated[str, AfterValidator(_image), Field(json_schema_extra={"pattern": r"^\S+$|\{\{"})]
InnerPath = Annotated[str, AfterValidator(_inside), Field(json_schema_extra={"pattern": "^/"})]
VariableName = Annotated[
    str, AfterValidator(_variable), Field(json_schema_extra={"pattern": r"^[-._A-Za-z][-._A-Za-z0-9]*$"})
]
