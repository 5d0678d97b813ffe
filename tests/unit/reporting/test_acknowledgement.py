"""An acknowledgement is read as a whole or not at all."""

from __future__ import annotations

import pytest

from rohe_iac.reporting.acknowledgement import Acknowledgement, decode_acknowledgement


def test_an_acknowledgement_has_its_ranges() -> None:
    payload = b'{"boot": "b", "up_to_seq": 7, "holes": [[3, 4]], "agent_boot": "a"}'
    assert decode_acknowledgement(payload) == Acknowledgement("b", 7, ((3, 4),), "a")
    assert decode_acknowledgement(b'{"boot": "b", "up_to_seq": 7}') == Acknowledgement("b", 7)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\xff", b"[]", b"7", b"{}", b'{"boot": "b"}', b'{"boot": "b", "up_to_seq": "x"}', b"[" * 100_000,
        b'{"boot": "b", "up_to_seq": 1e999}', b'{"boot": "b", "up_to_seq": 1, "holes": [3]}',
    ],
)  # fmt: skip
def test_any_other_message_is_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=": "):
        decode_acknowledgement(payload)
