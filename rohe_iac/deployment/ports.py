"""What the deployer asks of a target, and whom it tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rohe_iac.manifests.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Plugin:
    """The engine's plugin that makes a target's resources: its name, the folder it is in, and its settings."""

    name: str
    folder: Path
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Live:
    """How one part of the stack does now.

    address: of the stack's part. instance: its name in logs and reports. state: running, starting, failing, stopped,
    lost. where: pid or pod, "" where there is none. urls: where it listens. restarts: since it was last changed.
    began: seconds since the epoch, 0 where unknown.
    """

    address: str
    instance: str
    state: str
    where: str = ""
    urls: tuple[str, ...] = ()
    restarts: int = 0
    began: float = 0.0
    ports: Mapping[str, int] = field(default_factory=dict)


class DeploymentTarget(Protocol):
    """A place that manifests are applied to."""

    @property
    def name(self) -> str:
        """As in plan files: local, kubernetes, ..."""
        ...

    def plugin(self) -> Plugin:
        """The plugin that makes this target's resources. Errors: RoheError where it is not installed."""
        ...

    def resource_type(self, manifest: Manifest) -> str:
        """The engine's type of the manifest's resource."""
        ...

    def preflight(self, manifests: Sequence[Manifest]) -> None:
        """Checks before the first side effect what would make apply fail. Errors: RoheError."""
        ...

    def live(self) -> tuple[Live, ...]:
        """Everything of the stack that is there, sorted by instance."""
        ...

    def faults(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Addresses of the manifests whose resource is not as they say, or does not live."""
        ...

    def logs(self, instances: Sequence[str], *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        """(instance, line) of the last `lines` lines of each, then, where asked, of what comes, without an end."""
        ...

    def sweep(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Removes what no manifest asks for, such as what a killed apply made unrecorded; the names of it."""
        ...

    def end(self) -> None:
        """Removes everything of the stack; what is gone already is no error."""
        ...


class Progress(Protocol):
    """Told of each resource as the engine goes. Called from one thread at a time, in order."""

    def begins(self, verb: str, address: str) -> None:
        """`verb` (create, update, delete) of the resource begins."""
        ...

    def ended(self, verb: str, address: str, seconds: float) -> None:
        """It ended well."""
        ...

    def failed(self, verb: str, address: str, reason: str) -> None:
        """It did not; the reason is the target's own."""
        ...

    def note(self, text: str) -> None:
        """A sentence about the run as a whole."""
        ...
