"""Claims about JSON files that are none: the reason is in plain words."""

from __future__ import annotations

import pytest

from rohe_iac.foundation.json_files.reading import NoObject, read_object

REASONS = {
    b"": "it is empty",
    b"null": "it is JSON, but not an object with fields",
    b'{"a": 1,\n "b" 2}': "it is not JSON: see line 2, column 6",
    b"\xff{}": "it is not UTF-8 text",
    b"[" * 200_000: "its JSON is nested too deeply",
    b'{"a": ' + b"9" * 5000 + b"}": "it has a number of too many digits",
}


@pytest.mark.parametrize("content", REASONS, ids=list(REASONS.values()))
def test_the_reason_is_in_plain_words(content: bytes) -> None:
    with pytest.raises(NoObject) as caught:
        read_object(content)
    assert str(caught.value) == REASONS[content]


def test_an_object_is_returned() -> None:
    assert read_object(b'{"a": 1}') == {"a": 1}
