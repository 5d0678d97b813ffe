"""Broker secrets: what the broker and its clients need to know each other, as Secrets of the cluster.

They are the credentials of the clients, the settings, users and certificate of the broker, and who signed that.

rohe makes them itself, before the engine makes anything: no value reaches the engine's state, and pods are told of a
change at once. The Secrets are what is true of passwords: those that exist are kept, and absent ones are made.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK, selector_of_stack
from rohe_iac.manifests.kubernetes.secrets import (
    AUTHORITY_SECRET,
    BROKER_FOLDER,
    BROKER_SECRET,
    CREDENTIALS,
    credential_secret,
)
from rohe_iac.manifests.kubernetes.storage import FOLDER
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.broker.documents import broker_of, credential_of
from rohe_iac.targets.broker.server import BrokerPlace
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.broker.user import User
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.broker_certificate import BrokerCertificate
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.manifest_document import read_document

CREDENTIAL = "Credential"
"""The kind of the manifest of a client of the broker."""

BROKER = "Broker"
"""The kind of the manifest of the broker's settings."""

GRANTS = "grants.json"
"""The key of a client's Secret with the topics that it may use."""

CLIENT = "rohe.dev/client"
"""The label of a Secret with the client that it is for."""

TOUCHED = "rohe.dev/secrets"
"""The annotation of a pod that says which state of its Secrets it was last told of."""


class BrokerSecrets:
    """The Secrets of one stack's own broker; without such a broker it does nothing."""

    def __init__(self, server: ApiServer, namespace: str, stack: str, clock: Clock | None = None) -> None:
        self._server, self._namespace, self._stack = server, namespace, stack
        self._clock = clock or SystemClock()

    def prepare(self, manifests: Sequence[Manifest]) -> None:
        """Makes and changes the Secrets before any pod does.

        Who had access before keeps it for now: replicas that are about to end still have reports to send.
        """
        self._write(manifests, keep=True)

    def settle(self, manifests: Sequence[Manifest]) -> None:
        """Takes from the broker whatever access the manifests do not give, once the engine has made them."""
        self._write(manifests, keep=False)

    def object_of(self, manifest: Manifest) -> ClusterObject:
        """Returns the Secret of a manifest without its values."""
        document = read_document(manifest.text)
        if manifest.kind == BROKER:
            return self._secret(BROKER_SECRET, {})
        return self._secret(credential_secret(credential_of(document).client), {})

    def further(self, manifests: Sequence[Manifest]) -> tuple[ClusterObject, ...]:
        """Returns the Secrets without values that the manifests need and that no manifest stands for."""
        return (self._secret(AUTHORITY_SECRET, {}),) if any(broker.tls_names for broker in _brokers(manifests)) else ()

    def due(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:
        """Returns why the next apply writes Secrets that are there, in words by the address of what they are for.

        They were changed by hand or damaged, or a certificate is to be made or renewed.
        """
        brokers = _brokers(manifests)
        if not brokers:
            return {}
        broker, present = brokers[0], self._present()
        stored = BrokerCertificate.stored(present.get(AUTHORITY_SECRET), present.get(BROKER_SECRET))
        if broker.tls_names and stored.is_due(broker.tls_names, self._clock.now()):
            return {broker.address: "its certificate is due to be renewed"}
        certificate = stored.renewed(self._stack, broker.tls_names, self._clock.now()) if broker.tls_names else None
        wanted = self._wanted(manifests, present, certificate, keep=False)
        return {
            secret.address: f"{present[secret.name]} is not as the broker and its clients need it"
            for secret in wanted
            if secret.name in present and present[secret.name].body.get("data") != _encoded(secret.data)
        }

    def _write(self, manifests: Sequence[Manifest], *, keep: bool) -> None:
        brokers = _brokers(manifests)
        if not brokers:
            return
        present = self._present()
        certificate = self._certificate(brokers[0], present)
        wanted = self._wanted(manifests, present, certificate, keep=keep)
        changed = {
            secret.name
            for secret in wanted
            if self._put(secret.name, secret.data, present.get(secret.name), secret.labels)
        }
        self._tell_pods(changed)

    def _wanted(
        self,
        manifests: Sequence[Manifest],
        present: Mapping[str, ClusterObject],
        certificate: BrokerCertificate | None,
        *,
        keep: bool,
    ) -> tuple[_Secret, ...]:
        """Returns the Secrets of the clients and then the broker's, with the passwords of those that are present.

        Args:
            manifests: The manifests, with a broker among them.
            present: The Secrets of the stack by name.
            certificate: The broker's certificate, None for a broker without TLS.
            keep: Whether clients keep the access that they had before.
        """
        broker = _brokers(manifests)[0]
        former = {user.client: user for user in map(_user_of, present.values()) if user is not None}
        users, found = [], []
        for manifest in manifests:
            if manifest.kind != CREDENTIAL:
                continue
            document = read_document(manifest.text)
            wanted = credential_of(document)
            password = former[wanted.client].password if wanted.client in former else secrets.token_urlsafe(24)
            content = {
                "url": document.spec["url"],
                "client": wanted.client,
                "user": wanted.client,
                "password": password,
                "mqtt": SERVERS[broker.server].mqtt,
            }
            if certificate is not None:
                content["ca"] = certificate.authority.certificate.decode()
            grants = {"publish": list(wanted.publish), "subscribe": list(wanted.subscribe)}
            data = {CREDENTIALS: canonical_json(content), GRANTS: canonical_json(grants)}
            found.append(_Secret(manifest.address, credential_secret(wanted.client), data, {CLIENT: wanted.client}))
            users.append(User(wanted, password))
        if keep:
            users = _joined(users, former.values())
        files = {**self._files(broker, users), **(certificate.server_files if certificate is not None else {})}
        return (*found, _Secret(broker.address, BROKER_SECRET, files, {}))

    def _certificate(self, broker: BrokerSpec, present: Mapping[str, ClusterObject]) -> BrokerCertificate | None:
        """Returns the broker's certificate, renewed where it is due; None for a broker without TLS.

        The authority is written first: a certificate whose signer is lost would have to be made again.
        """
        if not broker.tls_names:
            return None
        stored = BrokerCertificate.stored(present.get(AUTHORITY_SECRET), present.get(BROKER_SECRET))
        found = stored.renewed(self._stack, broker.tls_names, self._clock.now())
        self._put(AUTHORITY_SECRET, found.authority_files, present.get(AUTHORITY_SECRET), {})
        return found

    def _files(self, broker: BrokerSpec, users: Iterable[User]) -> Mapping[str, bytes]:
        """Returns the files of the broker's folder by name."""
        server = SERVERS[broker.server]
        place = BrokerPlace(self._stack, Path(BROKER_FOLDER), Path(FOLDER), host="0.0.0.0", as_root=True)
        ordered = tuple(sorted(users, key=lambda user: user.client))
        return {server.settings_file: server.settings(broker, place).encode(), **server.user_files(ordered)}

    def _present(self) -> dict[str, ClusterObject]:
        kind = self._server.kinds["v1", "Secret"]
        selector = selector_of_stack(self._stack)
        return {found.name: found for found in self._server.list(kind, self._namespace, selector)}

    def _put(self, name: str, data: Mapping[str, bytes], present: ClusterObject | None, labels: dict[str, str]) -> bool:
        """Makes a Secret where it is absent or other than wanted; returns whether it has changed under a pod."""
        encoded = _encoded(data)
        if present is not None and present.body.get("data") == encoded:
            return False
        self._server.apply(self._secret(name, encoded, labels), force=True)
        return present is not None

    def _secret(self, name: str, data: Mapping[str, str], labels: Mapping[str, str] | None = None) -> ClusterObject:
        metadata: dict[str, Any] = {"name": name, "namespace": self._namespace}
        metadata["labels"] = {MANAGED_BY: "rohe", STACK: self._stack, **(labels or {})}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque"}
        return ClusterObject({**body, "data": dict(data)} if data else body)

    def _tell_pods(self, changed: set[str]) -> None:
        """Changes an annotation of each pod that has a changed Secret.

        The kubelet looks at a pod's Secrets when the pod changes; else only about once a minute.
        """
        if not changed:
            return
        selector = selector_of_stack(self._stack)
        mark = sha256_hex(secrets.token_bytes(8))[:8]
        for pod in list(self._server.list(self._server.kinds["v1", "Pod"], self._namespace, selector)):
            volumes = pod.body.get("spec", {}).get("volumes") or ()
            if not changed & {str((volume.get("secret") or {}).get("secretName")) for volume in volumes}:
                continue
            metadata = {"name": pod.name, "namespace": pod.namespace, "annotations": {TOUCHED: mark}}
            try:
                self._server.apply(ClusterObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata}), force=True)
            except ObjectRefused:
                continue  # it has ended since, or an admission policy refuses: the kubelet finds the Secret by itself


@dataclass(frozen=True, slots=True)
class _Secret:
    """A Secret as it has to be.

    Attributes:
        address: The address of the stack's part that it is for.
        name: Its name.
        data: Its values by key.
        labels: Its labels beside those that all have.
    """

    address: str
    name: str
    data: Mapping[str, bytes]
    labels: dict[str, str]


def _encoded(data: Mapping[str, bytes]) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def _brokers(manifests: Sequence[Manifest]) -> list[BrokerSpec]:
    return [broker_of(read_document(manifest.text)) for manifest in manifests if manifest.kind == BROKER]


def _user_of(secret: ClusterObject) -> User | None:
    """Returns the client that a Secret is for, None where it is for none, or was damaged by hand."""
    data = secret.body.get("data") or {}
    try:
        content, grants = (json.loads(base64.b64decode(data[key])) for key in (CREDENTIALS, GRANTS))
        client, password = content["user"], content["password"]
        publish, subscribe = (tuple(map(str, grants[what])) for what in ("publish", "subscribe"))
    except (KeyError, ValueError, TypeError):
        return None
    if not isinstance(client, str) or not isinstance(password, str) or not password:
        return None
    return User(CredentialSpec(client, publish, subscribe), password)


def _joined(users: Iterable[User], former: Iterable[User]) -> list[User]:
    """Returns the users with the topics that they had before, too, and those users that are about to go."""
    found = {user.client: user for user in users}
    for user in former:
        now = found.get(user.client, user)
        publish = tuple(dict.fromkeys((*now.credential.publish, *user.credential.publish)))
        subscribe = tuple(dict.fromkeys((*now.credential.subscribe, *user.credential.subscribe)))
        found[user.client] = User(CredentialSpec(user.client, publish, subscribe), now.password)
    return list(found.values())
