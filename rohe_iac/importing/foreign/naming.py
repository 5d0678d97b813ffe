"""DNS-1123 names made of names in foreign files, unique within a scope."""

from __future__ import annotations

import re
import unicodedata

from rohe_iac.foundation.names import is_name
from rohe_iac.importing.foreign.journal import Field

ORIGINAL_NAME = "rohe.dev/original-name"
"""The annotation that keeps a document's name as its file has it; `.node.NAME` and `.service.NAME` are added for those
of its parts."""


def dns_name(text: str, otherwise: str) -> str:
    """Returns a text as a DNS-1123 label: RaspberryPi_01 becomes raspberrypi-01; `otherwise` where none is left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    if is_name(text):
        return text
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:63].strip("-") or otherwise


class UniqueNames:
    """The names given within one scope, each once."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._next: dict[str, int] = {}

    def give(self, text: str, otherwise: str) -> str:
        """Returns a name made of `text` that was not given before, with `-2`, `-3` and so on where it is taken."""
        name, number = self._free(dns_name(text, otherwise))
        self._next[dns_name(text, otherwise)] = number
        self._given.add(name)
        return name

    def peek(self, text: str, otherwise: str) -> str:
        """Returns the name that `give` would return next for `text`."""
        return self._free(dns_name(text, otherwise))[0]

    def _free(self, base: str) -> tuple[str, int]:
        name, number = base, self._next.get(base, 2)
        while name in self._given:
            name = f"{base[: 62 - len(str(number))].rstrip('-')}-{number}"
            number += 1
        return name, number


def give_name(field: Field, original: str, part: str, names: UniqueNames, annotations: dict[str, str]) -> str:
    """Returns a name for a part of a document, and keeps the original in an annotation where the name differs.

    Args:
        field: The part in the file.
        original: The name of the part in the file.
        part: What the part is: `node` or `service`.
        names: The names given so far.
        annotations: The annotations of the document, added to.
    """
    name = names.give(original, part)
    if name != original:
        annotations[f"{ORIGINAL_NAME}.{part}.{name}"] = original
        if dns_name(original, part) != name:
            field.note(f"there is a {part} of that name already, so '{original[:60]}' becomes '{name}'")
    return name


SERVICE_NAME_FIELDS = ("microservice_name", "service_name")
"""The fields that hold the name of a service in files of the original."""
