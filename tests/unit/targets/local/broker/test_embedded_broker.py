"""Claims about the embedded broker's files: passwords made once, settings of one server at a time, owner-only."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.broker.server import BrokerMissing
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.broker.embedded import LocalBroker
from rohe_iac.targets.local.stack_folder import Layout


def test_another_server_replaces_the_settings_of_the_one_before(tmp_path: Path) -> None:
    layout = Layout(StackFolder(tmp_path / "stack"), tmp_path)
    (tmp_path / "stack").mkdir()
    layout.ensure()
    broker = LocalBroker(layout, Credentials(layout))
    for name in ("nats", "mosquitto"):
        try:
            program = broker.prepare(BrokerSpec("broker/broker", {"mqtt": 1, "nats": 2}, (), name), "desk")
        except BrokerMissing as error:
            pytest.skip(error.brief)
        found = [server.settings_file for server in SERVERS.values() if (layout.broker / server.settings_file).exists()]
        assert found == [SERVERS[name].settings_file]
        assert program.argv[-1] == f"broker/{SERVERS[name].settings_file}"
    for path in layout.folder.path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_password_is_made_once_and_kept_when_permissions_change(tmp_path: Path) -> None:
    layout = Layout(StackFolder(tmp_path / "stack"), tmp_path)
    (tmp_path / "stack").mkdir()
    for path in (layout.run, layout.broker, layout.broker / "users", layout.folder.credentials):
        path.mkdir(exist_ok=True)
    credentials = Credentials(layout)
    first = CredentialSpec("web", ("a/b",), ())
    assert credentials.put(first)
    password = json.loads(layout.credential("web").read_bytes())["password"]
    assert not credentials.put(first)
    assert credentials.matches(first)

    more = CredentialSpec("web", ("a/b", "a/c"), ("d",))
    assert not credentials.matches(more)
    assert credentials.put(more)
    credentials.point_to("mqtt://127.0.0.1:1", "5", {})
    value = json.loads(layout.credential("web").read_bytes())
    assert (value["password"], value["url"], value["user"]) == (password, "mqtt://127.0.0.1:1", "web")
    assert (value["mqtt"], value["owner"]) == ("5", os.geteuid())
    assert credentials.put(more) is False
    assert stat.S_IMODE(layout.credential("web").stat().st_mode) == 0o600
    assert len(password) >= 32

    credentials.remove("web")
    credentials.remove("web")
    assert credentials.clients() == ()
