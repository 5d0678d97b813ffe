"""Claims about what a rotation replaces: what was asked for, or all that there is."""

from __future__ import annotations

import pytest

from rohe_iac.deployment.rotation import NothingToRotate, Rotation, rotations_of


def test_without_a_word_all_that_there_is_is_replaced() -> None:
    assert rotations_of((), tls=True) == frozenset(Rotation)
    assert rotations_of((), tls=False) == {Rotation.PASSWORDS}
    assert rotations_of((Rotation.PASSWORDS,), tls=True) == {Rotation.PASSWORDS}


@pytest.mark.parametrize("asked", [Rotation.CERTIFICATES, Rotation.AUTHORITY])
def test_certificates_of_a_broker_without_tls_cannot_be_replaced(asked: Rotation) -> None:
    with pytest.raises(NothingToRotate) as refused:
        rotations_of((Rotation.PASSWORDS, asked), tls=False)
    assert "tls: true" in refused.value.hint
