"""Spans of time in a Compose file, such as `1m30s`."""

from __future__ import annotations

import re

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.variables.expansion import drop_if_unfilled

LONGEST = 10**6
"""Seconds that a span of a probe, or the time to end, has at most."""

_SPAN = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?(?:(\d{1,9})us)?")


def seconds_of(field: Field) -> float | None:
    """Returns the seconds of a span; None after dropping the field where it is no span."""
    if drop_if_unfilled(field):
        return None
    match = _SPAN.fullmatch(field.text)
    if match is None or not any(match.groups()):
        field.drop("not a length of time such as 30s")
        return None
    hours, minutes, seconds, milliseconds, microseconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000 + microseconds / 10**6


def add_span(field: Field | None, found: dict[str, object], word: str, target: str, least: float = 0) -> None:
    """Adds a span of time to a part of a service.

    Args:
        field: The field with the span; None where the file has none.
        found: The part of the service, added to.
        word: The name of the span in the language.
        target: The name of the part in the journal.
        least: The seconds that the language has at least; a shorter span becomes that, with a note.
    """
    seconds = seconds_of(field) if field is not None else None
    if field is None or seconds is None:
        return
    if seconds > LONGEST:
        field.drop(f"longer than {LONGEST:,} s")
        return
    if seconds < least:
        field.note(f"{word} is at least {least:g} s, which is taken")
    found[word] = f"{max(seconds, least):.15g}s"
    field.map_to(f"{target}.{word}")
