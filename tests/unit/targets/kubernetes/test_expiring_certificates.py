"""Certificates in the Secrets of a cluster that expire soon: status names the clients."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from stored_objects import ALL, StoredObjects

from rohe_iac.deployment.ports import Destination
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.manifests.kubernetes.secrets import BROKER_SECRET, CREDENTIALS, credential_secret
from rohe_iac.targets.broker.certificates import KeyPair, new_authority, new_client, new_server
from rohe_iac.targets.broker.server import TLS_CERTIFICATE
from rohe_iac.targets.kubernetes.api_server import Kind
from rohe_iac.targets.kubernetes.broker_secrets import CLIENT
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.target import KubernetesDeploymentTarget

DAY = 86_400


class StoredSecrets(StoredObjects):
    @property
    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        return {**super().kinds, ("v1", "Secret"): Kind("v1", "Secret", "secrets", True, ALL)}


def put(server: StoredObjects, name: str, key: str, value: bytes, **labels: str) -> None:
    metadata = {"name": name, "namespace": "shop", "labels": {MANAGED_BY: "rohe", STACK: "shop", **labels}}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    server.create(ClusterObject({**body, "data": {key: base64.b64encode(value).decode()}}))


def put_client(server: StoredObjects, client: str, pair: KeyPair | None) -> None:
    content: dict[str, str] = {"user": client}
    if pair is not None:
        content |= {"certificate": pair.certificate.decode(), "key": pair.key.decode()}
    put(server, credential_secret(client), CREDENTIALS, json.dumps(content).encode(), **{CLIENT: client})


def target_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: StoredObjects) -> KubernetesDeploymentTarget:
    folder = StackFolder(tmp_path / "stack")
    target = KubernetesDeploymentTarget.of(Destination("kubernetes", "p", "shop", folder, tmp_path))
    monkeypatch.setitem(vars(target), "_server", server)
    monkeypatch.setattr(target, "_namespace", "shop")
    return target


def test_clients_whose_certificates_expire_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, now = StoredSecrets(), time.time()
    authority = new_authority("tests", now)
    target = target_of(tmp_path, monkeypatch, server)
    assert target.obstacles() == ()
    put(server, BROKER_SECRET, TLS_CERTIFICATE, new_server(authority, ["broker"], now).certificate)
    put_client(server, "camera-0", new_client(authority, "camera-0", now - 400 * DAY))
    put_client(server, "camera-1", new_client(authority, "camera-1", now))
    put_client(server, "camera-2", None)
    (words,) = target.obstacles()
    assert words.startswith("the client certificate of camera-0 expired on ")
    assert "`rohe apply` renews it" in words


def test_a_user_who_may_not_list_secrets_is_told_of_no_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, now = StoredSecrets(), time.time()
    target = target_of(tmp_path, monkeypatch, server)
    authority = new_authority("tests", now)
    put(server, BROKER_SECRET, TLS_CERTIFICATE, new_server(authority, ["broker"], now).certificate)
    put_client(server, "camera-0", new_client(authority, "camera-0", now - 400 * DAY))
    server.refused["Secret"] = ClusterRefused("secrets is forbidden")
    assert target.obstacles() == ()
