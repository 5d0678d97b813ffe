"""Resources: what the provider makes, mends and removes on this machine, one class a kind of manifest.

Each `make` is idempotent: made twice, or after a kill in its middle, the outcome is the same one thing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rohe_iac.targets.local import environment
from rohe_iac.targets.local.broker import nats as embedded
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.documents import ManifestDocument, broker_of, credential_of, process_of
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.programs import Programs
from rohe_iac.targets.local.supervisor.supervision import Supervision


@dataclass
class Site:
    """One stack's runtime on this machine, with all that a resource may need of it.

    cancelled: set when apply was interrupted; waits end then. outer: the environment of who runs apply.
    """

    layout: Layout
    outer: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.supervision = Supervision(self.layout)
        self.programs = Programs(self.layout, self.supervision)
        self.credentials = Credentials(self.layout)
        self.broker = embedded.NatsBroker(self.layout, self.credentials)
        # The broker's settings and the credentials are one whole: two threads must not write them at once.
        self.access = threading.RLock()


class Resource(Protocol):
    """One kind of thing that a manifest can ask for."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Makes it so; nothing to do where it is so already. Errors: RoheError, told to who runs apply."""
        ...

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Whether it is as the document says and lives."""
        ...

    def remove(self, site: Site, document: ManifestDocument) -> None:
        """Removes it; nothing to remove is no error."""
        ...


class SupervisorResource:
    """The supervisor daemon."""

    def make(self, site: Site, document: ManifestDocument) -> None:  # noqa: ARG002
        """Starts the daemon where none answers."""
        site.layout.ensure()
        site.supervision.ensure()

    def holds(self, site: Site, document: ManifestDocument) -> bool:  # noqa: ARG002
        """Whether the daemon answers."""
        return site.supervision.pid() != 0

    def remove(self, site: Site, document: ManifestDocument) -> None:  # noqa: ARG002
        """Ends the daemon and every program it runs."""
        site.supervision.end()


class CredentialResource:
    """A user of the embedded broker."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Makes the password and the permissions; a running broker takes them at once."""
        site.layout.ensure()
        with site.access:
            site.credentials.put(credential_of(document))
            self._reload(site)

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Whether the password is there and the permissions are these."""
        return site.credentials.matches(credential_of(document))

    def remove(self, site: Site, document: ManifestDocument) -> None:
        """Takes the user away from the broker."""
        with site.access:
            site.credentials.remove(credential_of(document).client)
            self._reload(site)

    def _reload(self, site: Site) -> None:
        running = site.programs.get(embedded.NAME)
        site.broker.reload(running.pid if running is not None else 0)


class BrokerResource:
    """The embedded broker."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Runs the broker with the users there are."""
        with site.access:
            program = site.broker.program(broker_of(document), document.stack)
        site.programs.put(program, site.cancelled)

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Whether the broker runs on these ports."""
        running = site.programs.get(embedded.NAME)
        if running is None or running.state != "running":
            return False
        return site.broker.described(broker_of(document), document.stack, running.program.argv[0]) == running.program

    def remove(self, site: Site, document: ManifestDocument) -> None:  # noqa: ARG002
        """Stops the broker."""
        site.programs.remove(embedded.NAME)


class ProcessResource:
    """One replica or agent."""

    def make(self, site: Site, document: ManifestDocument) -> None:
        """Runs the process and waits until it is ready."""
        process = process_of(document)
        program = environment.program_of(process, site.layout, site.outer)
        environment.write_files(process, site.layout)
        site.programs.put(program, site.cancelled)

    def holds(self, site: Site, document: ManifestDocument) -> bool:
        """Whether the process runs as described; one that was just restarted counts."""
        process = process_of(document)
        running = site.programs.get(process.name)
        if running is None or running.state not in ("running", "starting"):
            return False
        wanted = environment.program_of(process, site.layout, site.outer, running.program)
        return wanted.digest == running.program.digest and environment.files_match(process, site.layout)

    def remove(self, site: Site, document: ManifestDocument) -> None:
        """Stops the process; what it left in its outbox stays until the stack is destroyed."""
        site.programs.remove(document.name)


RESOURCES: Mapping[str, Resource] = {
    "rohe:local:Supervisor": SupervisorResource(),
    "rohe:secrets:Credential": CredentialResource(),
    "rohe:local:Broker": BrokerResource(),
    "rohe:local:Process": ProcessResource(),
}
"""By Pulumi type."""

TYPES: Mapping[str, str] = {
    "Supervisor": "rohe:local:Supervisor",
    "Credential": "rohe:secrets:Credential",
    "Broker": "rohe:local:Broker",
    "Process": "rohe:local:Process",
}
"""By kind of manifest."""
