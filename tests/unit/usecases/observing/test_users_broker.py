"""Apply warns where the broker of the user's cannot be reached, by the URL of the blueprint and with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.foundation.topics import OPERATOR
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.broker.documents import credential_of
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.target import LocalDeploymentTarget
from rohe_iac.targets.manifest_document import read_document
from rohe_iac.usecases.observing.users_broker import unreached_broker

URL = "mqtt://127.0.0.1:1"

CREDENTIAL = f"""
apiVersion: local.rohe.dev/v1
kind: Credential
metadata: {{name: credential-{OPERATOR}, stack: desk}}
spec:
  client: {OPERATOR}
  publish: []
  subscribe: []
  url: {URL}
"""


@pytest.fixture
def applied(tmp_path: Path) -> tuple[LocalDeploymentTarget, Manifest]:
    """A stack without credentials for a broker of the user's that is not there."""
    (tmp_path / "desk").mkdir()
    folder = StackFolder(tmp_path / "desk")
    credentials = Credentials(Layout(folder, tmp_path).ensure())
    manifest = Manifest(f"credential-{OPERATOR}", "Credential", f"credential/{OPERATOR}", CREDENTIAL, ())
    wanted = credential_of(read_document(manifest.text))
    assert credentials.put(wanted)
    assert credentials.matches(wanted)
    assert not credentials.put(wanted)
    return LocalDeploymentTarget(folder, tmp_path), manifest


def test_a_broker_that_is_not_there_is_named_by_its_url_with_the_reason(
    applied: tuple[LocalDeploymentTarget, Manifest],
) -> None:
    target, manifest = applied
    (words,) = unreached_broker(target, [manifest])
    assert f"{URL}: Connection refused" in words
    assert "no report arrives" in words


def test_a_stack_with_a_broker_of_its_own_or_without_observation_is_not_asked(
    applied: tuple[LocalDeploymentTarget, Manifest],
) -> None:
    target, manifest = applied
    assert unreached_broker(target, [manifest, Manifest("broker", "Broker", "broker/broker", "", ())]) == ()
    assert unreached_broker(target, []) == ()
