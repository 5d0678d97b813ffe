"""Stand-ins for characters that a stream's encoding does not have."""

from __future__ import annotations

import io
import json

import pytest

from rohe_iac.cli.encoding import replace_unprintable


def written(text: str, encoding: str) -> bytes:
    """Returns the bytes that a stream of the encoding gets for the text."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    replace_unprintable(stream)
    stream.write(text)
    stream.flush()
    return raw.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_drawing_characters_keep_their_width(encoding: str) -> None:
    assert written("█░ ╭─┬╮ │⠋…→", encoding) == b"#. +-++ |*~>"


def test_letters_that_the_encoding_lacks_become_escapes_that_json_reads() -> None:
    text = "größe 你🙂 u\u0308"
    assert json.loads(b'"' + written(text, "ascii") + b'"') == text
    assert written("größe 你", "latin-1") == "größe \\u4f60".encode("latin-1")


def test_a_file_name_that_is_no_text_is_printed_with_an_escape() -> None:
    assert written("b\udcf6gen ö", "utf-8") == "b\\udcf6gen ö".encode()
