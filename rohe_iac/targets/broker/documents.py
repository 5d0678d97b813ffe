"""Documents of the broker and its clients, read from a manifest's text into frozen values."""

from __future__ import annotations

from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.manifest_document import ManifestDocument, checked_name, reading


def credential_of(document: ManifestDocument) -> CredentialSpec:
    """Returns the specification of a document of kind Credential.

    Raises:
        UnreadableManifest: A field is absent or wrong.
    """
    with reading(document):
        spec = document.spec
        client = checked_name(spec["client"])
        publish, subscribe = (tuple(_topic(topic) for topic in spec[what]) for what in ("publish", "subscribe"))
        source, url, mqtt = (str(spec.get(name) or "") for name in ("source", "url", "mqtt"))
        return CredentialSpec(client, publish, subscribe, source, url, mqtt)


def broker_of(document: ManifestDocument) -> BrokerSpec:
    """Returns the specification of a document of kind Broker.

    Raises:
        UnreadableManifest: A field is absent or wrong.
    """
    with reading(document):
        ports = {name: int(port) for name, port in document.spec["ports"].items()}
        server = document.spec.get("server", "nats")
        needed = {"nats": ("mqtt", "nats"), "mosquitto": ("mqtt",)}[server]
        opened = {name: ports[name] for name in (*needed, *ports)}
        tls = document.spec.get("tls") or {"names": ()}
        names = tuple(_dns_name(name) for name in tls["names"])
        users = tuple(document.spec["users"])
        given = {str(name): str(source) for name, source in (tls.get("given") or {}).items()}
        demands, mqtt = bool(tls.get("clientCertificates")), document.spec.get("mqtt") or ""
        filters = int(document.spec.get("filters", 0))
        return BrokerSpec(document.address, opened, users, server, names, demands, given, mqtt, filters)


def _dns_name(text: object) -> str:
    """Returns a name of DNS that may be part of a certificate."""
    return ".".join(checked_name(label) for label in str(text).split("."))


def _topic(text: object) -> str:
    """Returns a topic filter that may be part of a line of settings."""
    if not isinstance(text, str) or not text.isprintable():
        raise ValueError(f"{str(text)[:80]!r} is no topic filter")
    return text
