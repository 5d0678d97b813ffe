"""Values of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.documents.given_value import GivenValue
from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.given_values import given_values


def test_later_values_replace_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text("cameras: 1\nzone: hall\n")
    (tmp_path / "more.yaml").write_text("cameras: 2\n")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    files = [Path("lab.yaml"), Path("more.yaml"), Path("empty.yaml")]
    settings = ["debug=true", "names=[a, b]", "url=mqtt://x:1", "text=a=b", "broken=[a"]
    given = given_values(tmp_path, files, settings)
    assert (given["cameras"].origin, given["zone"].origin, given["debug"].origin) == (
        "-f more.yaml",
        "-f lab.yaml",
        "--set",
    )
    assert {name: item.value for name, item in given.items()} == {
        "cameras": 2,
        "zone": "hall",
        "debug": True,
        "names": ["a", "b"],
        "url": "mqtt://x:1",
        "text": "a=b",
        "broken": "[a",
    }


@pytest.mark.parametrize("text", ["- a\n", "apiVersion: rohe.dev/v1\nkind: Stack\n", "a: [\n", "db_password: abc\n"])
def test_files_that_hold_no_values_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "lab.yaml").write_text(text)
    with pytest.raises(UsageError, match="is a secret" if "password" in text else "is not a mapping of values"):
        given_values(tmp_path, [Path("lab.yaml")], [])


def test_faulty_settings_are_refused(tmp_path: Path) -> None:
    for setting in ("cameras", "=4", "token=abc", "a=" + "x" * 5000):
        with pytest.raises(UsageError):
            given_values(tmp_path, [], [setting])
    with pytest.raises(UsageError, match=r"^there is no file none\.yaml$"):
        given_values(tmp_path, [Path("none.yaml")], [])
    with pytest.raises(UsageError, match="there is no file xxx"):
        given_values(tmp_path, [Path("x" * 300)], [])
    with pytest.raises(UsageError, match="cannot read"):
        given_values(tmp_path, [tmp_path], [])
    assert given_values(tmp_path, [], ["token=env:TOKEN"]) == {"token": GivenValue("env:TOKEN", "--set")}
