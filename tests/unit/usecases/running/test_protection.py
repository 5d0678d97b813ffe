"""What an address covers, and that what is protected is not removed unless it is named."""

from __future__ import annotations

import pytest

from rohe_iac.foundation.errors import ExitCode, UsageError
from rohe_iac.foundation.names import parse_address
from rohe_iac.usecases.running.protection import Protected, refuse_protected


@pytest.mark.parametrize(
    ("whole", "part", "covered"),
    [
        ("service/classify", "replica/digits:classify/svm/0", True),
        ("service/digits:classify/svm", "replica/digits:classify/svm/0", True),
        ("service/classify/bayes", "replica/digits:classify/svm/0", False),
        ("service/other:classify", "replica/digits:classify/svm/0", False),
        ("service/class", "replica/digits:classify/svm/0", False),
        ("replica/classify/svm", "replica/digits:classify/svm/1", True),
        ("agent/digits", "agent/digits/0", True),
        ("agent/digits", "replica/digits/0", True),
        ("agent/digits", "replica/pages:digits/0", False),
        ("service/digits", "agent/digits/0", False),
        ("node/pi-1", "replica/digits:classify/svm/0", False),
    ],
)
def test_an_address_covers_exactly_its_parts(whole: str, part: str, covered: bool) -> None:
    assert parse_address(whole).covers(parse_address(part)) is covered


def test_removing_what_is_protected_is_refused_with_every_address() -> None:
    removed = ["replica/digits:classify/svm/0", "replica/digits:camera/0", "stack/digits", "credential/camera"]
    with pytest.raises(Protected) as refused:
        refuse_protected(["service/classify", "service/camera"], removed, [])
    assert refused.value.detail.splitlines() == removed[:2]
    assert refused.value.exit_code is ExitCode.POLICY


def test_what_is_named_may_go() -> None:
    removed = ["replica/digits:classify/svm/0"]
    refuse_protected(["service/classify"], removed, ["service/classify/svm"])
    with pytest.raises(Protected):
        refuse_protected(["service/classify"], removed, ["service/classify/bayes"])
    with pytest.raises(UsageError):
        refuse_protected(["service/classify"], removed, ["classify"])
