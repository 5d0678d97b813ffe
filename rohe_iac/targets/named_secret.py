"""Named secret: what a secret of this machine has, by the name that a blueprint gives it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError


class SecretMissing(RoheError):
    """A secret that a blueprint names cannot be found or read."""

    exit_code = ExitCode.UNREACHABLE


def read_secret(source: str, outer: Mapping[str, str], root: Path | None = None) -> bytes:
    """Returns what a secret of this machine has.

    Args:
        source: `env:NAME` or `file:PATH`.
        outer: The environment of the user that runs apply.
        root: What paths are relative to; None for the working directory.

    Raises:
        SecretMissing: There is no such variable, the file cannot be read, or the name is of another form.
    """
    scheme, _, rest = source.partition(":")
    if scheme == "env":
        if rest not in outer:
            raise SecretMissing(f"the secret {source} is not there", hint=f"set the variable {rest} and apply again")
        return os.fsencode(outer[rest])
    if scheme == "file":
        path = Path(rest).expanduser()
        try:
            return (path if root is None else root / path).read_bytes()
        except OSError as error:
            brief, hint = f"the secret {source} cannot be read", "create the file, or make it readable, and apply again"
            raise SecretMissing(brief, detail=str(error), hint=hint) from error
    raise SecretMissing(f"'{source}' does not name a secret", hint="a secret is env:NAME or file:PATH")
