"""Broker: its address in a cluster, and the Secrets that its pod and its clients' pods have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rohe_iac.blueprint.language.pipeline import SecretReference
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.ports import BROKER_PORTS, NATS_PORT
from rohe_iac.manifests.kubernetes.secrets import (
    BROKER_SECRET,
    CREDENTIALS,
    CREDENTIALS_FOLDER,
    credential_secret,
    own_secret,
)
from rohe_iac.manifests.plan_rendering import PlanRendering, client_of
from rohe_iac.manifests.secret_source import secret_source


@dataclass(frozen=True)
class BrokerAccess:
    """How the pods of a stack reach its broker, which the stack runs itself or which the user runs.

    Attributes:
        rendering: The plan that is rendered.
        namespace: The namespace of the stack.
    """

    rendering: PlanRendering
    namespace: str

    @cached_property
    def own(self) -> Workload | None:
        """Returns the broker that the stack runs, or None where it needs none or names another one."""
        return next((workload for workload in self.rendering.workloads.values() if workload.role == "broker"), None)

    @property
    def server(self) -> str:
        """Returns the name of the server that the stack runs."""
        embedded = self.rendering.blueprint.stack.spec.broker.embedded
        return embedded.server if embedded is not None else "nats"

    @property
    def url(self) -> str:
        """Returns the broker's URL, "" where there is none."""
        if self.own is not None:
            return f"{self._scheme}://{self.own.slug}.{self.namespace}.svc:{BROKER_PORTS[self._scheme]}"
        return self.rendering.blueprint.stack.spec.broker.url or ""

    @property
    def makes_secrets(self) -> bool:
        """Whether apply makes the Secrets; a folder of manifests has to be given them."""
        return self.own is not None and self.rendering.blueprint.stack.spec.target.kubernetes is not None

    def uses(self, workload: Workload) -> bool:
        """Checks whether the replicas of a workload are the broker or its clients."""
        return workload.role == "broker" or self.rendering.is_connected(workload)

    def secret_of(self, workload: Workload) -> str:
        """Returns the Secret that is mounted into the pods of a workload, "" for none."""
        if workload.role == "broker":
            return BROKER_SECRET
        if not self.rendering.is_connected(workload):
            return ""
        return credential_secret(client_of(workload)) if self.own is not None else self._users_secret.name

    def credentials_of(self, workload: Workload) -> str:
        """Returns the file or folder of a container with the credentials of its client, "" for none."""
        if not self.secret_of(workload):
            return ""
        key = CREDENTIALS if self.own is not None else self._users_secret.key
        return f"{CREDENTIALS_FOLDER}/{key}" if key else CREDENTIALS_FOLDER

    def needs_of(self, workload: Workload) -> tuple[str, ...]:
        """Returns the names of the manifests of Secrets that the pods of a workload cannot start without."""
        if not self.makes_secrets or not self.uses(workload):
            return ()
        return ("broker-settings",) if workload.role == "broker" else (f"credential-{client_of(workload)}",)

    def documents(self) -> Iterable[tuple[str, str, str, dict[str, Any], tuple[str, ...]]]:
        """Yields what apply makes Secrets of: kind, name, address and values of each, and the manifests it needs."""
        if not self.makes_secrets:
            return
        grants = self.rendering.grants
        for client, granted in grants.items():
            values: dict[str, Any] = {"secret": credential_secret(client), "url": self.url, "server": self.server}
            values |= {"client": client, "granted": granted}
            yield "Credential", client, f"credential/{client}", values, ()
        values = {
            "secret": BROKER_SECRET,
            "server": self.server,
            "users": list(grants),
            "address": "broker/broker",
            "broker_ports": {"mqtt": BROKER_PORTS[self._scheme], "nats": NATS_PORT},
            "tls_names": self._names if self._scheme == "mqtts" else [],
            "client_certificates": self._demands_certificates,
            "given": self._given,
            "mqtt": self.rendering.blueprint.stack.spec.broker.mqtt,
            "filters": self.rendering.broker_filters,
        }
        yield "Broker", "settings", "broker/broker", values, tuple(f"credential-{client}" for client in grants)

    @property
    def _scheme(self) -> str:
        """Returns the scheme of the URL of the broker that the stack runs, which is the name of its port, too."""
        embedded = self.rendering.blueprint.stack.spec.broker.embedded
        return "mqtts" if embedded is not None and embedded.tls else "mqtt"

    @property
    def _demands_certificates(self) -> bool:
        """Checks whether the broker that the stack runs demands a certificate of each client."""
        embedded = self.rendering.blueprint.stack.spec.broker.embedded
        return embedded is not None and embedded.tls is not None and embedded.tls.client_certificates

    @property
    def _given(self) -> dict[str, str]:
        """Returns where the user's certificate, key and authority for the stack's own broker are; empty for none."""
        embedded = self.rendering.blueprint.stack.spec.broker.embedded
        tls = embedded.tls if embedded is not None else None
        return {} if tls is None else {name: secret_source(value) for name, value in tls.given.items()}

    @property
    def _names(self) -> list[str]:
        """Returns the names that DNS of the cluster has for the broker's Service, that of the URL first."""
        name = self.own.slug if self.own is not None else ""
        inner = f"{name}.{self.namespace}"
        return [f"{inner}.svc", f"{inner}.svc.cluster.local", inner, name]

    @property
    def _users_secret(self) -> SecretReference:
        return own_secret(self.rendering.blueprint.stack.spec.broker)
