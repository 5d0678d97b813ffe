"""Certificates that have expired under a running broker: status names their clients, and plan says why apply acts."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.broker.certificates import new_client
from rohe_iac.targets.broker.server import BrokerMissing
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.local.broker.credentials import ClientTls
from rohe_iac.targets.local.target import LocalDeploymentTarget

BROKER = """
apiVersion: local.rohe.dev/v1
kind: Broker
metadata: {name: broker, stack: desk, address: broker/broker}
spec:
  server: mosquitto
  ports: {mqtt: 2}
  users: [cam, web]
  tls: {names: [127.0.0.1], clientCertificates: true}
"""


def test_expired_certificates_of_clients_are_named_and_are_why_apply_acts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desk").mkdir()
    target = LocalDeploymentTarget(StackFolder(tmp_path / "desk"), tmp_path)
    site = target._site
    site.layout.ensure()
    for client in ("cam", "web"):
        site.credentials.put(CredentialSpec(client, (), ()))
    spec = BrokerSpec("broker/broker", {"mqtt": 2}, ("cam", "web"), "mosquitto", ("127.0.0.1",), True)
    try:
        program = site.broker.prepare(spec, "desk")
    except BrokerMissing as error:
        pytest.skip(error.brief)
    running = SimpleNamespace(state="running", program=program, pid=0)
    monkeypatch.setattr(site.programs, "get", lambda _: running)
    monkeypatch.setattr(site.programs, "all", lambda: ())
    manifest = Manifest("broker", "Broker", "broker/broker", BROKER, ())
    assert "broker/broker" not in target.faults([manifest])
    assert not any("client certificate" in words for words in target.obstacles())

    kept = site.broker.tls.certificate()
    pair = new_client(kept.authority, "cam", time.time() - 400 * 86400)
    site.credentials.point_to("mqtts://127.0.0.1:2", "5", {"cam": ClientTls(kept.ca, pair)})
    assert any(words.startswith("the client certificate of cam expired on ") for words in target.obstacles())
    assert "due for renewal" in target.faults([manifest])["broker/broker"]
    running.state = "failed"
    assert target.faults([manifest])["broker/broker"] == "is failed"
