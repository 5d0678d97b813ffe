"""Text about a replica's container: its image, paths inside of it, and names of variables and of Secrets."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from rohe_iac.blueprint.hints.writing import values_hint
from rohe_iac.blueprint.language.base import fault
from rohe_iac.blueprint.text.expression_marks import holds_expression
from rohe_iac.foundation.names import is_name, is_variable

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"

_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"

_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|(?!sha256:|sha512:)[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?"
)
"""A name as registries take it: the grammar of `reference` of the distribution project, with digests of full length."""


def is_image(text: str) -> bool:
    """Checks whether a registry could have an image of that name."""
    return _IMAGE.fullmatch(text) is not None


def _image_hint(text: str) -> str:
    """Returns what was probably meant by a name that no image can have."""
    bare = text.strip().removeprefix("https://").removeprefix("http://").removeprefix("docker://").rstrip("/")
    if "${" in text or text.startswith("$"):
        return values_hint(text)
    name, at, digest = bare.partition("@")
    if at and not is_image(f"a@{digest}"):
        return "a digest of sha256 has 64 digits: write it whole, as registry/name@sha256:..."
    folder, slash, last = name.rpartition("/")
    image, colon, tag = last.partition(":")
    first, _, rest = folder.partition("/")
    host = f"{first}/" if slash and ("." in first or ":" in first or first == "localhost") else ""
    path = (f"{rest}/" if rest else "") if host else (f"{folder}/" if slash else "")
    meant = f"{host}{path.lower()}{image.lower()}{colon if tag else ''}{tag}{at}{digest}"
    return f"did you mean {meant}?" if meant != text and is_image(meant) else "for example registry/name:tag"


def _validate_image(text: str) -> str:
    # An expression that is not computed is reported elsewhere.
    if not holds_expression(text) and not is_image(text):
        raise fault("R134", f"'{text[:60]}' is not the name of an image", _image_hint(text[:300]))
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


def _validate_secret_name(text: str) -> str:
    if len(text) > 253 or not all(map(is_name, text.split("."))):
        hint = "`kubectl get secrets` lists those of a namespace"
        raise fault("R111", f"'{text[:70]}' is not the name of a Secret", hint)
    return text


def _validate_process_text(text: str) -> str:
    if "\0" in text:
        raise fault(
            "R108", "expected text without the character NUL, which ends the text of a process", "write it without \\0"
        )
    return text


ProcessText = Annotated[str, AfterValidator(_validate_process_text)]
"""A word of a command line, or the value of a variable."""


Image = Annotated[str, AfterValidator(_validate_image), Field(json_schema_extra={"pattern": r"^\S+$|\{\{"})]


InnerPath = Annotated[str, AfterValidator(_validate_inner_path), Field(json_schema_extra={"pattern": "^/"})]


VariableName = Annotated[
    str, AfterValidator(_validate_variable), Field(json_schema_extra={"pattern": r"^[-._A-Za-z][-._A-Za-z0-9]*$"})
]


SecretName = Annotated[
    str,
    AfterValidator(_validate_secret_name),
    Field(json_schema_extra={"pattern": r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"}),
]
