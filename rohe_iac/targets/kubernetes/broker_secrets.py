"""Broker secrets: what the broker and its clients need to know each other, as Secrets of the cluster.

They are the credentials of the clients, the settings, users and certificate of the broker, and who signed that.

rohe makes them itself, before the engine makes anything: no value reaches the engine's state, and pods are told of a
change at once. The Secrets are what is true of passwords: those that exist are kept, and absent ones are made.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rohe_iac.deployment.ports import Live
from rohe_iac.deployment.rotation import NothingToRotate, Rotated, Rotation, rotations_of
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
from rohe_iac.targets.broker.broker_certificate import (
    NO_PAIR,
    BrokerCertificate,
    client_expiry_warnings,
    expiry_warning,
)
from rohe_iac.targets.broker.certificates import expiry
from rohe_iac.targets.broker.documents import broker_of, credential_of
from rohe_iac.targets.broker.given_certificate import given_certificate
from rohe_iac.targets.broker.server import TLS_CERTIFICATE, BrokerPlace
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.broker.user import User
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, ObjectRefused
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.stored_secrets import GRANTS, decoded, encoded, pair_of, stored_certificate, user_of
from rohe_iac.targets.manifest_document import read_document
from rohe_iac.targets.named_secret import SecretMissing, read_secret

CREDENTIAL = "Credential"
"""The kind of the manifest of a client of the broker."""

BROKER = "Broker"
"""The kind of the manifest of the broker's settings."""

CLIENT = "rohe.dev/client"
"""The label of a Secret with the client that it is for."""

CERTIFIED = frozenset({Rotation.CERTIFICATES, Rotation.AUTHORITY})
"""The rotations that replace certificates."""

TOUCHED = "rohe.dev/secrets"
"""The annotation of a pod that says which state of its Secrets it was last told of."""


class BrokerSecrets:
    """The Secrets of one stack's own broker; without such a broker it does nothing."""

    def __init__(
        self, server: ApiServer, namespace: str, stack: str, clock: Clock | None = None, root: Path = Path()
    ) -> None:
        self._root = root
        self._server, self._namespace, self._stack = server, namespace, stack
        self._clock = clock or SystemClock()
        self._anew: frozenset[Rotation] = frozenset()

    def prepare(self, manifests: Sequence[Manifest]) -> None:
        """Makes and changes the Secrets before any pod does.

        Who had access before keeps it for now: replicas that are about to end still have reports to send.
        """
        self._write(manifests, keep=True)

    def settle(self, manifests: Sequence[Manifest]) -> None:
        """Takes from the broker whatever access the manifests do not give, once the engine has made them."""
        self._write(manifests, keep=False)

    def rotate(self, manifests: Sequence[Manifest], asked: tuple[Rotation, ...]) -> Rotated:
        """Replaces passwords and certificates; the broker and its clients read them without a restart.

        Raises:
            NothingToRotate: There is no broker of the stack's own, or no TLS where that was asked for.
        """
        brokers = _brokers(manifests)
        if not brokers:
            raise NothingToRotate("the stack has no broker of its own", hint="rotate where the broker is kept")
        before = stored_certificate(self._present()).oldest
        self._anew = rotations_of(asked, tls=bool(brokers[0].tls_names))
        kinds = tuple(kind for kind in Rotation if kind in self._anew)
        self._write(manifests, keep=True)
        self._anew = frozenset()
        self._write(manifests, keep=False)
        stored = stored_certificate(self._present())
        until = stored.former_until if brokers[0].tls_names else 0.0
        forgets = brokers[0].server == "mosquitto" and brokers[0].client_certificates and stored.oldest != before
        return Rotated(kinds, tuple(sorted(brokers[0].users)), until, broker_restarted=forgets)

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
        stored = self._given(broker, stored_certificate(present))
        if broker.tls_names and stored.is_due(broker.tls_names, self._clock.now()):
            return {broker.address: "its certificate is due to be renewed"}
        certificate = stored if broker.tls_names else None
        wanted = self._wanted(manifests, present, certificate, keep=False)
        return {
            secret.address: f"{present[secret.name]} is not as the broker and its clients need it"
            for secret in wanted
            if secret.name in present and present[secret.name].body.get("data") != encoded(secret.data)
        }

    def expiring(self) -> tuple[str, ...]:
        """Returns a sentence for each certificate of the broker and its clients that expires soon."""
        expires, now = certificate_expires(self._server, self._namespace), self._clock.now()
        return (*expiry_warning(expires, now), *client_expiry_warnings(self._client_expiries() if expires else {}, now))

    def with_expiry(self, part: Live) -> Live:
        """Returns a part of the stack, one of the broker with the end of its certificate."""
        if not part.address.startswith("broker/"):
            return part
        return replace(part, certificate_expires=certificate_expires(self._server, self._namespace))

    def _client_expiries(self) -> Mapping[str, float]:
        """Returns when the certificate of each client that has one expires, in seconds since the epoch.

        There are none where this user may not list the Secrets.
        """
        try:
            present = self._present()
        except ClusterRefused:
            return {}
        clients = [str(found.labels[CLIENT]) for found in present.values() if CLIENT in found.labels]
        found = {client: expiry(pair_of(present, client).certificate) for client in clients}
        return {client: when for client, when in found.items() if when}

    def _write(self, manifests: Sequence[Manifest], *, keep: bool) -> None:
        brokers = _brokers(manifests)
        if not brokers:
            return
        present = self._present()
        certificate = self._certificate(brokers[0], present, keep=keep)
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
        former = {user.client: user for user in map(user_of, present.values()) if user is not None}
        users, found = [], []
        for manifest in manifests:
            if manifest.kind != CREDENTIAL:
                continue
            document = read_document(manifest.text)
            wanted = credential_of(document)
            known = wanted.client in former and Rotation.PASSWORDS not in self._anew
            password = former[wanted.client].password if known else secrets.token_urlsafe(24)
            content = {
                "url": document.spec["url"],
                "client": wanted.client,
                "user": wanted.client,
                "password": password,
                "mqtt": broker.mqtt or SERVERS[broker.server].mqtt,
            }
            if certificate is not None:
                content["ca"] = certificate.ca
            if certificate is not None and broker.client_certificates:
                pair = NO_PAIR if self._anew & CERTIFIED else pair_of(present, wanted.client)
                pair = certificate.client(wanted.client, pair, self._clock.now())
                content |= {"certificate": pair.certificate.decode(), "key": pair.key.decode()}
            grants = {"publish": list(wanted.publish), "subscribe": list(wanted.subscribe)}
            data = {CREDENTIALS: canonical_json(content), GRANTS: canonical_json(grants)}
            found.append(_Secret(manifest.address, credential_secret(wanted.client), data, {CLIENT: wanted.client}))
            users.append(User(wanted, password))
        if keep:
            users = _joined(users, former.values())
        return (*found, _Secret(broker.address, BROKER_SECRET, self._files(broker, users, certificate), {}))

    def _certificate(
        self, broker: BrokerSpec, present: Mapping[str, ClusterObject], *, keep: bool
    ) -> BrokerCertificate | None:
        """Returns the broker's certificate, renewed where it is due; None for a broker without TLS.

        The authority is written first: a certificate whose signer is lost would have to be made again. With `keep`, the
        broker goes on to show one of the former authority, until pods have been told of the new one.
        """
        if not broker.tls_names:
            return None
        stored, now = self._given(broker, stored_certificate(present)), self._clock.now()
        wanted = stored.rotated(self._stack, now) if Rotation.AUTHORITY in self._anew else stored
        wanted = wanted.without_server() if self._anew & CERTIFIED else wanted
        found = wanted.renewed(self._stack, broker.tls_names, now)
        self._put(AUTHORITY_SECRET, found.authority_files, present.get(AUTHORITY_SECRET), {})
        return replace(found, server=stored.server) if keep and found.accepts(stored.server, now) else found

    def _given(self, broker: BrokerSpec, stored: BrokerCertificate) -> BrokerCertificate:
        """Returns what is stored, with the user's own certificate where the broker is given one.

        Raises:
            UnusableCertificate: That one cannot be read or used.
        """
        if not broker.given:
            return stored
        return stored.with_given(*given_certificate(broker, self._read, self._clock.now()))

    def _read(self, source: str) -> bytes:
        """Returns what a secret of this machine or of the cluster has."""
        if source.startswith(("env:", "file:")):
            return read_secret(source, os.environ, self._root)
        name, _, key = source.partition("#")
        found = decoded(self._server.get(("v1", "Secret", self._namespace, name)))
        if key not in found:
            raise SecretMissing(
                f"the key {key} of the Secret {name} is not there",
                hint=f"create it in the namespace {self._namespace} and apply again",
            )
        return found[key]

    def _files(
        self, broker: BrokerSpec, users: Iterable[User], certificate: BrokerCertificate | None
    ) -> Mapping[str, bytes]:
        """Returns the files of the broker's folder by name."""
        server = SERVERS[broker.server]
        demands = certificate is not None and broker.client_certificates
        trust = certificate.oldest if certificate is not None and demands else ""
        place = BrokerPlace(self._stack, Path(BROKER_FOLDER), Path(FOLDER), host="0.0.0.0", as_root=True, trust=trust)
        ordered = tuple(sorted(users, key=lambda user: user.client))
        files = {server.settings_file: server.settings(broker, place).encode(), **server.user_files(ordered)}
        if certificate is not None:
            files |= certificate.server_files
            files |= server.trust_files(certificate.trusted) if demands else {}
        return files

    def _present(self) -> dict[str, ClusterObject]:
        kind = self._server.kinds["v1", "Secret"]
        selector = selector_of_stack(self._stack)
        return {found.name: found for found in self._server.list(kind, self._namespace, selector)}

    def _put(self, name: str, data: Mapping[str, bytes], present: ClusterObject | None, labels: dict[str, str]) -> bool:
        """Makes a Secret where it is absent or other than wanted; returns whether it has changed under a pod."""
        values = encoded(data)
        if present is not None and present.body.get("data") == values:
            return False
        self._server.apply(self._secret(name, values, labels), force=True)
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


def certificate_expires(server: ApiServer, namespace: str) -> float:
    """Returns when the broker's certificate expires in seconds since the epoch.

    It is 0 where the broker has none, and where this user may not read the Secret.
    """
    try:
        secret = server.get(("v1", "Secret", namespace, BROKER_SECRET))
    except ClusterRefused:
        return 0.0
    return expiry(decoded(secret).get(TLS_CERTIFICATE, b""))


def _brokers(manifests: Sequence[Manifest]) -> list[BrokerSpec]:
    return [broker_of(read_document(manifest.text)) for manifest in manifests if manifest.kind == BROKER]


def _joined(users: Iterable[User], former: Iterable[User]) -> list[User]:
    """Returns the users with the topics that they had before, too, and those users that are about to go."""
    found = {user.client: user for user in users}
    for user in former:
        now = found.get(user.client, user)
        publish = tuple(dict.fromkeys((*now.credential.publish, *user.credential.publish)))
        subscribe = tuple(dict.fromkeys((*now.credential.subscribe, *user.credential.subscribe)))
        found[user.client] = User(CredentialSpec(user.client, publish, subscribe), now.password)
    return list(found.values())
