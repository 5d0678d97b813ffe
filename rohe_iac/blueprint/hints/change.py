"""The change that a hint says: hints of some forms name exactly the text to write, all others are instructions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

AS_WRITTEN = "\0"
"""In a hint: the text of the value at fault as it is written in the file, which no file can hold itself."""


class HintedPart(Enum):
    """What changes: the value at fault, its key, or both of them, which are taken out."""

    VALUE = "value"
    KEY = "key"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class HintedChange:
    """A change at the place of a fault.

    Attributes:
        kind: What changes.
        text: The text to write, as YAML; "" for an entry to take out.
    """

    kind: HintedPart
    text: str


_TEXT = r"(?:'(?P<name>[^']*)'|(?P<text>\"[^\"]*\"|\S(?:.*?\S)?))"

_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"did you mean {_TEXT}\?(?: \(.*\))?",
        rf"write it as {_TEXT}",
        rf"write {_TEXT} without quotes",
        rf"write it (?:in quotes|without brackets): {_TEXT}",
        rf"write its name alone: {_TEXT}",
        rf"{_TEXT} would do",
    )
)
"""Forms of hints with the text to write: in single quotes a plain text, otherwise as it is in YAML."""

_NEW_KEY = re.compile(r"here it is (\w+)")
_NO_TEXT = re.compile(r"(?:a|the) (?:list|mapping|number)\b|.*(?: or |\.\.\.)|.*' under '|.* \(")
"""Words after `write it as` and the like that are no text to write: several choices, or a description."""


def change_of(hint: str, *, on_key: bool = False) -> HintedChange | None:
    """Returns the change that a hint says; None where the hint is an instruction.

    Args:
        hint: The hint as people read it, without AS_WRITTEN.
        on_key: Whether the key is at fault rather than the value.
    """
    if hint == "leave it out" or hint.startswith("leave it out:"):
        return HintedChange(HintedPart.ENTRY, "")
    if on_key and (match := _NEW_KEY.fullmatch(hint)):
        return HintedChange(HintedPart.KEY, match[1])
    for form in _FORMS:
        if match := form.fullmatch(hint):
            text = match["text"] if match["name"] is None else match["name"]
            if match["name"] is None and _NO_TEXT.match(text):
                return None
            return HintedChange(HintedPart.KEY if on_key else HintedPart.VALUE, text)
    return None
