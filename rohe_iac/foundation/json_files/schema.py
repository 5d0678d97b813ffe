"""Schema versions of JSON files: what a newer rohe wrote is refused in words, before anything else is read of it."""

from __future__ import annotations

import re

from rohe_iac.foundation.errors import ExitCode, RoheError


class NewerFile(RoheError):
    """A file has a schema that only a newer version of rohe reads."""

    exit_code = ExitCode.STALE


def refuse_newer(number: int, known: int, origin: str) -> None:
    """Checks that a file is not of a newer rohe.

    Args:
        number: The file's schema, from 1.
        known: The highest schema that this rohe reads.
        origin: The file's name, for the message.

    Raises:
        NewerFile: `number` is above `known`.
    """
    if number > known:
        raise NewerFile(
            f"{origin} was made by a newer rohe (schema {number}; this one reads up to {known})",
            detail="nothing was changed",
            hint="upgrade rohe",
        )


def schema_number(value: object, family: str) -> int | None:
    """Returns the number at the end of a schema's name, such as 2 of `rohe.dev/plan/v2`; None for another name.

    Args:
        value: The name that the file has.
        family: The name without its number, such as `rohe.dev/plan`.
    """
    found = re.fullmatch(rf"{re.escape(family)}/v([1-9][0-9]{{0,5}})", value) if isinstance(value, str) else None
    return int(found[1]) if found else None
