"""Values that a command line gives in place of those of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from rohe_iac.blueprint.text.parsed import Path


@dataclass(frozen=True, slots=True)
class GivenValue:
    """A value that takes the place of one of a stack's own.

    Attributes:
        value: The value.
        origin: The option that gave it: `--set`, or `-f` with the name of its file.
        texts: How the numbers in it were written, by their paths below it, where they would be printed in another way.
    """

    value: Any
    origin: str = "--set"
    texts: Mapping[Path, str] = field(default_factory=dict)


NO_VALUES: Mapping[str, GivenValue] = MappingProxyType({})
"""No value is given in place of a stack's own."""
