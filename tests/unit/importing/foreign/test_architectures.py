"""Claims about the spellings of processor architectures."""

from __future__ import annotations

from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.journal import loose_spelling


def test_every_architecture_is_keyed_by_its_loose_spelling() -> None:
    assert all(loose_spelling(spelling) == spelling for spelling in ARCHITECTURES)
    assert ARCHITECTURES[loose_spelling("x86_64")] == "amd64"
