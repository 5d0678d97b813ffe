"""Resources: what the provider makes, repairs and removes on this machine, one class a kind of manifest.

Each `make` is idempotent: repeated, or run again after a kill in its middle, it leaves the same single resource.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rohe_iac.targets.broker.documents import broker_of, credential_of
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.local import environment
from rohe_iac.targets.local.broker import embedded
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.documents import process_of
from rohe_iac.targets.local.stack_folder import BROKER, Layout
from rohe_iac.targets.local.supervisor.programs import Programs
from rohe_iac.targets.local.supervisor.supervision import Supervision
from rohe_iac.targets.manifest_document import ManifestDocument
from rohe_iac.targets.permit import Permit


@dataclass
class Site:
    """One stack's runtime on this machine, with everything that a resource may need.

    Attributes:
        layout: The stack's paths.
        outer: The environment of the user that runs apply.
        cancelled: Is set when apply was interrupted, which ends every wait.
        supervision: The stack's supervisor daemon.
        programs: The programs that the supervisor runs.
        credentials: The credentials of the broker's clients.
        broker: The embedded broker.
        access: The lock of the broker's settings and the credentials.
        permit: What the provider may make.
    """

    layout: Layout
    outer: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.permit = Permit(self.layout.folder, self.layout.root)
        self.supervision = Supervision(self.layout)
        self.programs = Programs(self.layout, self.supervision)
        self.credentials = Credentials(self.layout)
        self.broker = embedded.LocalBroker(self.layout, self.credentials)
        # The broker's settings are made of the credentials, so two threads must not write either of them at once.
        self.access = threading.RLock()

    def broker_fault(self, broker: BrokerSpec) -> str:
        """Returns why a broker that does not hold does not, as the end of a sentence on it."""
        running = self.programs.get(BROKER)
        if running is None or running.state != "running":
            return f"is {running.state if running else 'absent'}"
        if self.broker.is_due(broker):
            return "runs, and its certificate or one of its clients is due for renewal, or absent"
        return "does not run as it was applied"


class Resource(Protocol):
    """One kind of resource that a manifest can ask for."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Makes the resource as the document says; a resource that is so already is left alone.

        Raises:
            RoheError: The resource cannot be made; the user that runs apply sees the message.
        """
        ...

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Returns whether the resource is as the document says and runs."""
        ...

    def remove(self, site: Site, document: ManifestDocument) -> None:
        """Removes the resource; an absent resource is no error."""
        ...


class SupervisorResource:
    """The supervisor daemon of the stack."""

    def make(self, site: Site, document: ManifestDocument) -> None:  # noqa: ARG002
        """Starts the daemon where none answers."""
        site.layout.ensure()
        site.supervision.ensure()

    def holds(self, site: Site, document: ManifestDocument) -> bool:  # noqa: ARG002
        """Returns whether the daemon answers and its watchdog runs."""
        return not site.supervision.fault()

    def remove(self, site: Site, document: ManifestDocument) -> None:  # noqa: ARG002
        """Ends the daemon and every program it runs."""
        site.supervision.end()


class CredentialResource:
    """A client of the embedded broker."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Makes the client's password and permissions, which a running broker adopts at once."""
        site.layout.ensure()
        with site.access:
            site.credentials.put(credential_of(document))
            self._reload(site)

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Returns whether the client has a password and exactly these permissions."""
        return site.credentials.matches(credential_of(document))

    def remove(self, site: Site, document: ManifestDocument) -> None:
        """Removes the client from the broker."""
        with site.access:
            site.credentials.remove(credential_of(document).client)
            self._reload(site)

    def _reload(self, site: Site) -> None:
        running = site.programs.get(BROKER)
        site.broker.reload(running.pid if running is not None else 0)


class BrokerResource:
    """The embedded broker."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Runs the broker with the present clients, and makes and renews certificates."""
        running = site.programs.get(BROKER)
        with site.access:
            program = site.broker.prepare(broker_of(document), document.stack, running.pid if running else 0)
        site.programs.put(program, site.cancelled)

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Returns whether the broker runs with these settings, and no certificate is due."""
        running = site.programs.get(BROKER)
        broker = broker_of(document)
        if running is None or running.state != "running" or site.broker.is_due(broker):
            return False
        return site.broker.program(broker, document.stack, running.program.argv[0]) == running.program

    def remove(self, site: Site, document: ManifestDocument) -> None:  # noqa: ARG002
        """Stops the broker."""
        site.programs.remove(BROKER)


class ProcessResource:
    """One replica or agent."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Runs the process and waits until it is ready."""
        process = process_of(document)
        program = environment.program_of(process, site.layout, site.outer)
        environment.write_files(process, site.layout)
        site.programs.put(program, site.cancelled)

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Returns whether the process runs, or is being restarted, as described."""
        process = process_of(document)
        running = site.programs.get(process.name)
        if running is None or running.state not in ("running", "starting", "done"):
            return False
        wanted = environment.program_of(process, site.layout, site.outer, running.program)
        return wanted.digest == running.program.digest and environment.files_match(process, site.layout)

    def remove(self, site: Site, document: ManifestDocument) -> None:
        """Stops the process; its outbox stays until the stack is destroyed."""
        site.programs.remove(document.name)


RESOURCES: Mapping[str, Resource] = {
    "rohe:local:Supervisor": SupervisorResource(),
    "rohe:secrets:Credential": CredentialResource(),
    "rohe:local:Broker": BrokerResource(),
    "rohe:local:Process": ProcessResource(),
}
"""Resources by the engine's type."""

TYPES: Mapping[str, str] = {
    "Supervisor": "rohe:local:Supervisor",
    "Credential": "rohe:secrets:Credential",
    "Broker": "rohe:local:Broker",
    "Process": "rohe:local:Process",
}
"""The engine's types by kind of manifest."""
