"""Names of the variables that `rohe apply` reads the secrets of imported files from."""

from __future__ import annotations

import re


def reference(wanted: str, value: str, service: str, given: dict[str, str]) -> str:
    """Returns the name of the variable that `rohe apply` reads a secret from: one for each value of a name.

    Args:
        wanted: The name of the variable in the file.
        value: What stands for the value, to tell values of one name apart.
        service: The name of the service, which goes before the name where another value has it.
        given: The values by the names given so far, added to.
    """
    number = 2
    prefix = re.sub(r"[^A-Z0-9]", "_", service.upper())
    names = [wanted, f"{prefix if not prefix[:1].isdigit() else f'_{prefix}'}_{wanted}"]
    while True:
        for name in names:
            if given.setdefault(name, value) == value:
                return name
        names = [f"{names[-1]}_{number}"] if number == 2 else [f"{names[-1].rpartition('_')[0]}_{number}"]
        number += 1
