"""A stack of this machine is asked over its broker; where that is not there, the reason is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rohe_iac.foundation import folders
from rohe_iac.foundation.folders import NotWritable, StackFolder
from rohe_iac.foundation.topics import OPERATOR
from rohe_iac.mqtt.address import UnusableCredentials
from rohe_iac.targets.local import inquiry
from rohe_iac.targets.local.inquiry import asking
from rohe_iac.transports.questions import BrokerUnreachable


@pytest.fixture
def folder(tmp_path: Path) -> StackFolder:
    """The folder of a stack whose broker is gone."""
    found = StackFolder(tmp_path / "digits")
    found.credentials.mkdir(parents=True)
    login = {"url": "mqtt://127.0.0.1:1", "user": "operator", "password": "word"}
    (found.credentials / f"{OPERATOR}.json").write_text(json.dumps(login))
    return found


def test_a_broker_that_does_not_answer_is_named_with_the_stack(folder: StackFolder) -> None:
    with pytest.raises(BrokerUnreachable, match="stack 'digits'"), asking(folder, 0.2):
        pass


def test_a_full_disk_is_the_reason_where_there_is_one(folder: StackFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "write_obstacle", lambda _: "there is no room left")
    with pytest.raises(NotWritable, match="no room") as caught, asking(folder, 0.2):
        pass
    assert "the broker of stack 'digits'" in caught.value.detail
    assert folders.write_obstacle(folder.path) == ""


def test_without_credentials_nobody_can_ask(tmp_path: Path) -> None:
    with pytest.raises(UnusableCredentials), asking(StackFolder(tmp_path / "digits"), 0.2):
        pass
