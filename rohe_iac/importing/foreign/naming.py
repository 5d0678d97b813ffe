"""DNS-1123 names for what others named otherwise, unique within a scope."""

from __future__ import annotations

import re
import unicodedata

from rohe_iac.foundation.names import is_name
from rohe_iac.importing.foreign.journal import Field

ORIGINAL_NAME = "rohe.dev/original-name"
"""Annotation that keeps a document's name as its file has it; with `.node.NAME` or `.service.NAME` of a part of it."""


def dns_name(text: str, otherwise: str) -> str:
    """`text` as a DNS-1123 label: RaspberryPi_01 becomes raspberrypi-01; `otherwise` where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    if is_name(text):
        return text
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-") or otherwise


class Names:
    """The names given within one scope."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._next: dict[str, int] = {}

    def give(self, text: str, otherwise: str) -> str:
        """A name made of `text` that was not given before; `-2`, `-3` and so on tell apart."""
        name, number = self._free(dns_name(text, otherwise))
        self._next[dns_name(text, otherwise)] = number
        self._given.add(name)
        return name

    def would(self, text: str, otherwise: str) -> str:
        """The name that would be given next for `text`."""
        return self._free(dns_name(text, otherwise))[0]

    def _free(self, wanted: str) -> tuple[str, int]:
        name, number = wanted, self._next.get(wanted, 2)
        while name in self._given:
            name = f"{wanted[: 62 - len(str(number))].rstrip('-')}-{number}"
            number += 1
        return name, number


def take_name(field: Field, original: str, part: str, names: Names, annotations: dict[str, str]) -> str:
    """The name of a part of a document (`node`, `service`), whose own name is kept in an annotation."""
    name = names.give(original, part)
    if name != original:
        annotations[f"{ORIGINAL_NAME}.{part}.{name}"] = original
        if dns_name(original, part) != name:
            field.note(f"there is a {part} of that name already, so '{original[:60]}' becomes '{name}'")
    return name


NAMES = ("microservice_name", "service_name")
