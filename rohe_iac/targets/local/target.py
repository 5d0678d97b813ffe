"""The target `local`: this machine, as the deployer and the commands see it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.deployment.location import Location
from rohe_iac.deployment.ports import AgentInquirer, Destination, Live, NodeImages, Progress, ProviderPlugin
from rohe_iac.deployment.rotation import NothingToRotate, Rotated, Rotation, rotations_of
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder, check_writable, write_obstacle
from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.broker.broker_certificate import client_expiry_warnings, expiry_warning
from rohe_iac.targets.broker.documents import broker_of, credential_of
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.local.documents import process_of
from rohe_iac.targets.local.environment import CommandMissing, program_of
from rohe_iac.targets.local.inquiry import asking
from rohe_iac.targets.local.resources import RESOURCES, TYPES, Site
from rohe_iac.targets.local.stack_folder import BROKER, Layout
from rohe_iac.targets.local.supervisor import logs, processes
from rohe_iac.targets.local.supervisor.running import Running
from rohe_iac.targets.local.supervisor.settings import check_descriptors
from rohe_iac.targets.manifest_document import read_document
from rohe_iac.targets.named_secret import SecretMissing
from rohe_iac.targets.rohe_plugin import rohe_plugin


class PortInUse(RoheError):
    """A port that the plan assigns is held by a process of another stack or program."""

    exit_code = ExitCode.UNREACHABLE


class ProgramMissing(RoheError):
    """Processes cannot be started, because a program, a folder or a secret is not on this machine."""

    exit_code = ExitCode.UNREACHABLE


class LocalDeploymentTarget:
    """One stack on this machine."""

    name = "local"

    def __init__(self, folder: StackFolder, root: Path) -> None:
        """Opens the target of the stack in `folder`; working directories are relative to `root`."""
        self._site = Site(Layout(folder, root))

    @classmethod
    def of(cls, destination: Destination) -> LocalDeploymentTarget:
        """Returns the target of a stack."""
        return cls(destination.folder, destination.root)

    @property
    def repairs_by_refresh(self) -> bool:
        """Returns False: the provider compares with what runs whenever the engine asks it."""
        return False

    @property
    def waits(self) -> frozenset[str]:
        """Returns none: a process is made once it listens."""
        return frozenset()

    def lock(
        self,
        purpose: str,  # noqa: ARG002
        wanted: Sequence[Manifest],  # noqa: ARG002
        *,
        patience: float,  # noqa: ARG002
        note: Callable[[str], None],  # noqa: ARG002
    ) -> AbstractContextManager[HeldLock]:
        """Returns a context that locks nothing: no other machine can change a stack of this one."""
        return nullcontext(HeldLock())

    def location(self) -> Location:
        """Returns this machine, which is never another one: its state lies on it."""
        return Location(words="this machine")

    def found_stack(self) -> None:
        """Returns None: what runs on this machine, this machine has applied."""

    def plugins(self) -> tuple[ProviderPlugin, ...]:
        """Returns rohe's own provider.

        Raises:
            ProviderMissing: It is not installed.
        """
        layout = self._site.layout
        return (rohe_plugin({"folder": str(layout.folder.path), "root": str(layout.root)}),)

    def install_plugins(self, progress: Callable[[str], None]) -> None:
        """Does nothing: the provider of this target comes with rohe."""

    def permit(self, manifests: Sequence[Manifest]) -> None:
        """Lets the plugin make these manifests, and no others, until the next call."""
        self._site.permit.write(manifest.text for manifest in manifests)

    def left_out(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:  # noqa: ARG002
        """Returns none: this machine answers."""
        return {}

    def gone(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:  # noqa: ARG002
        """Returns none: the provider makes again what does not run."""
        return ()

    def with_readiness(self, manifests: Sequence[Manifest], *, removes: bool) -> tuple[Manifest, ...]:  # noqa: ARG002
        """Returns the manifests as they are: a process is made once it listens."""
        return tuple(manifests)

    def resource_type(self, manifest: Manifest) -> str:
        """Returns the engine's type of the manifest's resource."""
        return TYPES[manifest.kind]

    def inputs(self, manifest: Manifest) -> Mapping[str, Any]:
        """Returns the manifest's name and text, which the provider reads, and its serial."""
        return {"name": manifest.name, "manifest": manifest.text, "serial": manifest.serial}

    def preflight(self, manifests: Sequence[Manifest]) -> None:
        """Checks ports, programs, secrets, that the broker is installed, and the limit of open files.

        Raises:
            PortInUse: Another process holds a port; the detail names each holder.
            BrokerMissing: The broker's program is not installed.
            UnusableCertificate: The user's own certificate for the broker cannot be read or used.
            UnusableCredentials: The user's credentials for another broker cannot be read.
            NotWritable: The stack's folder cannot be written.
            TooFewDescriptors: The supervisor may not open as many files as it needs.
            ProgramMissing: Processes cannot be started; the detail names what each lacks.
        """
        check_writable(self._site.layout.folder.path)
        check_descriptors(len(manifests))
        self._check_programs(manifests)
        wanted = self._ports(manifests)
        for manifest in manifests:
            if manifest.kind == "Broker":
                broker = broker_of(read_document(manifest.text))
                SERVERS[broker.server].binary()
                self._site.broker.check(broker)
            elif manifest.kind == "Credential":
                self._site.credentials.check(credential_of(read_document(manifest.text)))
        taken = [port for port in wanted if not processes.port_is_free(port)]
        if not taken:
            return
        ours = processes.marked_processes(self._site.layout.programs)
        held = processes.holders(taken)
        strangers = [port for port in sorted(taken) if held.get(port, (0, ""))[0] not in ours]
        if strangers:
            lines = [f"{port}, wanted by {wanted[port]}: held by {_describe(held.get(port))}" for port in strangers]
            raise PortInUse(
                f"{'ports are' if len(strangers) > 1 else 'a port is'} in use by other processes",
                detail="\n".join(lines),
                hint="end what holds them, or give the stack another range: target: {local: {ports: A-B}}",
            )

    def _check_programs(self, manifests: Sequence[Manifest]) -> None:
        """Raises ProgramMissing where a process that does not run yet lacks its program, folder or a secret."""
        lacking: list[RoheError] = []
        for manifest in manifests:
            if manifest.kind == "Process":
                document = read_document(manifest.text)
                try:
                    program_of(process_of(document), self._site.layout, self._site.outer)
                except (CommandMissing, SecretMissing) as error:
                    # A process that runs as planned is left alone, so what it was started with need not be there.
                    if not RESOURCES[TYPES[manifest.kind]].holds(self._site, document):
                        lacking.append(error)
        if lacking:
            raise ProgramMissing(
                f"{counted(len(lacking), 'replica')} cannot be started, so nothing was changed",
                detail="\n".join(f"{error.brief}{_in_brackets(error.detail)}" for error in lacking[:20]),
                hint=lacking[0].hint or "install what is missing, or correct `command` or `workingDir`; then apply",
            )

    def live(self) -> tuple[Live, ...]:
        """Returns every program of the stack, sorted by name."""
        expires = {BROKER: self._site.broker.tls.expires()}
        return tuple(_live(running, expires.get(running.program.name, 0.0)) for running in self._site.programs.all())

    def node_images(self) -> Mapping[str, NodeImages]:
        """Returns nothing: processes run without images."""
        return {}

    def prefetch(
        self,
        manifests: Sequence[Manifest],  # noqa: ARG002
        stack: Sequence[Manifest],  # noqa: ARG002
        progress: Progress,
        *,
        fail_fast: bool,  # noqa: ARG002
    ) -> None:
        """Says that processes need no images."""
        progress.on_note("nothing is pulled: the target local starts processes, which need no image")

    def obstacles(self) -> tuple[str, ...]:
        """Returns what is wrong with the supervisor, its watchdog and the disk, and a certificate's near end."""
        found = [write_obstacle(self._site.layout.folder.path)]
        now = SystemClock().now()
        found += expiry_warning(self._site.broker.tls.expires(), now)
        found += client_expiry_warnings(self._site.credentials.expiries(), now)
        if self._site.layout.is_kept_up:
            found.append(self._site.supervision.fault())
        return tuple(filter(None, found))

    def faults(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:
        """Returns the addresses of resources that differ from their manifests or do not run, and the names of strays.

        A stray is a program or credential that no manifest asks for.
        """
        wanted = {manifest.name: read_document(manifest.text) for manifest in manifests}
        differing = [
            manifest.address
            for manifest in manifests
            if not RESOURCES[TYPES[manifest.kind]].holds(self._site, wanted[manifest.name])
        ]
        found = dict.fromkeys(differing, "is absent, or does not run as it was applied")
        for manifest in manifests:
            if manifest.kind == "Broker" and manifest.address in found:
                found[manifest.address] = self._site.broker_fault(broker_of(wanted[manifest.name]))
        return dict(sorted((found | dict.fromkeys(self._strays(manifests), "is not of the plan")).items()))

    def edits(self, wanted: Sequence[Manifest], applied: Sequence[Manifest]) -> tuple[ForeignEdit, ...]:  # noqa: ARG002
        """Returns nothing: only this user can change what runs, and `faults` names what differs."""
        return ()

    def overwrite_edits(self) -> None:
        """Does nothing: whatever differs is put right."""

    def logs(self, instances: Sequence[str], *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        """Yields lines of the programs' output as (instance, line)."""
        return logs.read(self._site.layout, instances, lines=lines, follow=follow)

    def inquirer(self, timeout: float) -> AbstractContextManager[AgentInquirer]:
        """Returns a context that asks the agents over the stack's broker.

        Raises:
            RoheError: As `asking`.
        """
        return asking(self._site.layout.folder, timeout)

    def sweep(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Removes programs and credentials that no manifest asks for, and returns their names."""
        strays = self._strays(manifests)
        programs, clients = self._wanted(manifests)
        self._site.programs.sweep(programs)
        for client in self._site.credentials.clients():
            if client not in clients:
                self._site.credentials.remove(client)
        return strays

    def leave(self, former: Sequence[Manifest], manifests: Sequence[Manifest]) -> tuple[str, ...]:  # noqa: ARG002
        """Returns none: a stack has one place on this machine."""
        return ()

    def rotate(self, manifests: Sequence[Manifest], asked: tuple[Rotation, ...]) -> Rotated:
        """Replaces secrets of the broker and its clients; a server is started again only to forget an authority.

        Raises:
            NothingToRotate: There is no broker of the stack's own, or no TLS where that was asked for.
            RoheError: The files cannot be written, or the broker does not come back.
        """
        document = next((read_document(item.text) for item in manifests if item.kind == "Broker"), None)
        if document is None:
            raise NothingToRotate("the stack has no broker of its own", hint="rotate where the broker is kept")
        broker, site = broker_of(document), self._site
        what = rotations_of(asked, tls=bool(broker.tls_names))
        running = site.programs.get(BROKER)
        with site.access:
            program = site.broker.rotate(broker, document.stack, what, running.pid if running else 0)
        site.programs.put(program, site.cancelled)
        until = site.broker.tls.certificate().former_until if broker.tls_names else 0.0
        kinds = tuple(kind for kind in Rotation if kind in what)
        again = running is not None and running.program.digest != program.digest
        return Rotated(kinds, site.credentials.clients(), until, broker_restarted=again)

    def end(self, *, timeout: float, applied: Sequence[Manifest] = ()) -> tuple[str, ...]:  # noqa: ARG002
        """Ends every process of the stack and removes the files of this target."""
        layout = self._site.layout
        self._site.supervision.end()
        for running in self._site.programs.all():
            self._site.programs.remove(running.program.name)
        folder = layout.folder
        for path in (folder.run, folder.logs, folder.credentials, folder.outboxes, folder.stores):
            shutil.rmtree(path, ignore_errors=True)
        self._site.permit.remove()
        return ()

    def _strays(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        programs, clients = self._wanted(manifests)
        present = {running.program.name for running in self._site.programs.all()}
        strays = {f"program {name}" for name in present - programs}
        strays |= {f"credential {name}" for name in set(self._site.credentials.clients()) - clients}
        return tuple(sorted(strays))

    def _wanted(self, manifests: Sequence[Manifest]) -> tuple[set[str], set[str]]:
        programs, clients = set(), set()
        for manifest in manifests:
            document = read_document(manifest.text)
            if manifest.kind == "Process":
                programs.add(document.name)
            elif manifest.kind == "Broker":
                programs.add(BROKER)
            elif manifest.kind == "Credential":
                clients.add(str(document.spec.get("client")))
        return programs, clients

    def _ports(self, manifests: Sequence[Manifest]) -> dict[int, str]:
        wanted: dict[int, str] = {}
        for manifest in manifests:
            document = read_document(manifest.text)
            ports: Mapping[str, int] = {}
            if manifest.kind == "Process":
                ports = process_of(document).ports
            elif manifest.kind == "Broker":
                broker = broker_of(document)
                ports = SERVERS[broker.server].open_ports(broker)
            wanted |= dict.fromkeys(ports.values(), manifest.address)
        return wanted


def _live(running: Running, certificate_expires: float) -> Live:
    program = running.program
    schemes = {"http": "http", "mqtt": "mqtts" if certificate_expires else "mqtt"}
    return Live(
        address=program.address,
        instance=program.name,
        state=running.state,
        where=str(running.pid) if running.pid else "",
        urls=tuple(f"{schemes.get(name, 'tcp')}://127.0.0.1:{port}" for name, port in sorted(program.ports.items())),
        restarts=running.restarts,
        began=running.began,
        ports=program.ports,
        detail=running.detail,
        last_end=running.last_end,
        ended=running.ended,
        unlimited=running.unlimited,
        serial=int(program.inherited.get("ROHE_SERIAL", "0")),
        digest=program.inherited.get("ROHE_DIGEST", ""),
        certificate_expires=certificate_expires,
    )


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""


def _describe(holder: tuple[int, str] | None) -> str:
    if holder is None or not holder[0]:
        return "a process of another user"
    return f"pid {holder[0]} ({holder[1]})"
