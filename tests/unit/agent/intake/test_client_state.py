"""A client's state is taken as a whole or refused with a reason; fields that nobody knows are ignored."""

from __future__ import annotations

import pytest

from rohe_iac.agent.intake.client_state import decode_state
from rohe_iac.observation.reports.report import Undecodable


def test_the_known_fields_are_taken_and_only_those_that_are_there() -> None:
    payload = b'{"state": "online", "pending": 3, "waiting": 2.0, "new": [], "refusals": {"full": 2, "new": 1}}'
    expected = {"state": "online", "boot": "", "pending": 3, "waiting": 2, "refusals": {"full": 2}}
    assert decode_state(payload) == expected


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b"", "truncated"),
        (b"\xff", "malformed"),
        (b"[]", "object"),
        (b"{}", "`state`"),
        (b'{"state": "up"}', "'up'"),
        (b'{"state": "online", "complete_up_to": "now"}', "$.complete_up_to"),
        (b'{"state": "online", "complete_up_to": 1e300}', "$.complete_up_to"),
        (b'{"state": "online", "pending": true}', "$.pending"),
        (b'{"state": "online", "pending": -1}', "$.pending"),
        (b'{"state": "online", "boot": 7}', "$.boot"),
        (b'{"state": "online", "refusals": {"full": "x"}}', "$.refusals"),
    ],
)
def test_any_other_message_is_refused_with_the_field(payload: bytes, word: str) -> None:
    with pytest.raises(Undecodable) as refusal:
        decode_state(payload)
    assert word in refusal.value.detail
