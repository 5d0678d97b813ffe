"""User: the ids of the user and the group that a replica runs as, and labels for people and tools."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from rohe_iac.blueprint.hints.value_text import describe_value
from rohe_iac.blueprint.language.base import Text, fault

LARGEST_ID = 2**31 - 1
"""The largest id of a user or group that a cluster takes."""

OWN_PREFIXES = ("rohe.dev/", "app.kubernetes.io/")
"""What labels that rohe sets itself begin with."""

_KEY = re.compile(r"(?:[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")

_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")


def _validate_user(value: object) -> Any:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and re.fullmatch(r"[0-9]{1,10}(:[0-9]{1,10})?", text):
        if all(int(part) <= LARGEST_ID for part in text.split(":")):
            return text
        raise fault("R110", f"an id of a user or group is at most {LARGEST_ID}", "write 1000, or '1000:1000'")
    if isinstance(text, str):
        hint = "write its number, as `id -u NAME` prints it in the image: a cluster knows no names of users"
        raise fault("R108", f"expected the id of a user, found '{text[:60]}'", hint)
    raise fault("R108", f"expected the id of a user, found {describe_value(value)}", "write 1000, or '1000:1000'")


User = Annotated[
    str,
    BeforeValidator(_validate_user),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LARGEST_ID},
                {"type": "string", "pattern": "^[0-9]{1,10}(:[0-9]{1,10})?$"},
            ]
        }
    ),
]
"""A user's id, with or without the id of a group: `1000`, `1000:1000`."""


def ids_of(user: str) -> tuple[int, int | None]:
    """Returns the ids of the user and of the group, None where none is stated."""
    own, _, group = user.partition(":")
    return int(own), int(group) if group else None


def _validate_labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        if not _KEY.fullmatch(key):
            hint = "letters, digits, '-', '_' and '.', with or without a domain before a slash"
            raise fault("R111", f"'{key[:70]}' is not the key of a label", hint, (key,), on_key=True)
        if key.startswith(OWN_PREFIXES):
            message = f"labels of {key.partition('/')[0]} are set by rohe"
            raise fault("R111", message, "choose another key", (key,), on_key=True)
        if not _VALUE.fullmatch(value):
            hint = "at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends"
            raise fault("R111", f"'{value[:70]}' is not the value of a label", hint, (key,))
    return labels


Labels = Annotated[dict[Text, Text], AfterValidator(_validate_labels)]
"""Labels by key, in the form that Kubernetes demands."""
