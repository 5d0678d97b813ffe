"""Named secrets of this machine: what they have, and what to do about one that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.targets.named_secret import SecretMissing, read_secret


def test_a_variable_and_a_file_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"hush\xff\n")
    assert read_secret("env:TOKEN", {"TOKEN": "h\udcffsh"}) == b"h\xffsh"
    assert read_secret("file:key", {}, tmp_path) == b"hush\xff\n"
    assert read_secret(f"file:{tmp_path}/key", {}) == b"hush\xff\n"


@pytest.mark.parametrize(
    ("source", "brief", "hint"),
    [
        ("env:NOPE", "the secret env:NOPE is not there", "set the variable NOPE and apply again"),
        ("file:no", "the secret file:no cannot be read", "create the file, or make it readable, and apply again"),
        ("NOPE", "'NOPE' does not name a secret", "a secret is env:NAME or file:PATH"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(tmp_path: Path, source: str, brief: str, hint: str) -> None:
    with pytest.raises(SecretMissing) as missing:
        read_secret(source, {}, tmp_path)
    assert (missing.value.brief, missing.value.hint) == (brief, hint)
