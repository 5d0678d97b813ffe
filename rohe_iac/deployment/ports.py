"""Ports: what the deployer asks of a target, and what it reports its progress to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.deployment.location import FoundStack, Location
from rohe_iac.deployment.rotation import Rotated, Rotation
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest

NOTE = "rohe: "
"""Beginning of a line of the plugin's standard error that the user has to see."""

WAITS = "rohe waits: "
"""Beginning of a line of it with an address and what it waits for, as a JSON array."""


PENDING = "pending"
"""The property of a resource that only waits with why replicas are not ready that it does not wait for, by address."""

UNHEARD = "unheard"
"""The property of such a resource with why replicas count as ready that no agent has heard, by address."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The place that one stack is applied to.

    Attributes:
        target: Name of the target, as in plan files.
        project: Name of the blueprint's project.
        stack: Name of the stack.
        folder: The stack's folder.
        root: The blueprint's folder.
        settings: What the target has to know beside the manifests, by name, as in plan files.
    """

    target: str
    project: str
    stack: str
    folder: StackFolder
    root: Path
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderPlugin:
    """A plugin of the engine that makes resources of a target.

    Attributes:
        name: Name of the engine's provider, which the types of its resources begin with.
        folder: The folder of the plugin's executable.
        settings: The provider's settings by name.
        version: Version of the provider that the engine is asked for, "" for the only one.
        environment: Variables of the engine, which hands them on to the plugin.
    """

    name: str
    folder: Path
    settings: Mapping[str, str]
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


ONLY_PLANNED = "is planned, and not limited on this machine"
"""How the reason of a limit ends that is never in force on a target, so that nobody can bring it in force."""


@dataclass(frozen=True, slots=True)
class Live:
    """The state of one part of the stack on its target now.

    Attributes:
        address: Address of the stack's part.
        instance: Name of the part in logs and reports.
        state: running, starting, pending (no node has taken it yet), failing, suspended, not listening, stopping,
            stopped or lost; of one that runs once also done (it ended with exit code 0) and failed.
        where: What the target knows the part by, such as a process id or the name of a pod, "" for none.
        urls: URLs that the part listens on.
        restarts: Number of restarts since the part was last changed.
        began: Start of the present run in seconds since the epoch, 0 where unknown.
        ports: Port numbers by name.
        detail: Why the part is in this state, "" where the state says it all.
        last_end: How the last run ended, such as `was killed for memory: 128Mi`, "" where none has ended.
        ended: When the last run ended in seconds since the epoch, 0 where none has ended.
        unlimited: A sentence for each limit that is not in force.
        serial: Serial of the record that the part was made of, 0 where unknown.
        digest: Digest of the manifest that the part was made of, as `Manifest.digest`, "" where unknown.
        certificate_expires: When the certificate that the part shows its clients expires, in seconds since the epoch,
            0 where it has none.
        node: The node that the part is on, "" where the target has only one or no node has taken it.
    """

    address: str
    instance: str
    state: str
    where: str = ""
    urls: tuple[str, ...] = ()
    restarts: int = 0
    began: float = 0.0
    ports: Mapping[str, int] = field(default_factory=dict)
    detail: str = ""
    last_end: str = ""
    ended: float = 0.0
    unlimited: tuple[str, ...] = ()
    node: str = ""
    serial: int = 0
    digest: str = ""
    certificate_expires: float = 0.0


class AgentInquirer(Protocol):
    """What asks the agents of a stack."""

    def ask(self, agent: str, question: str, **parameters: Any) -> list[Any]:
        """Asks one question and returns the items of the answer.

        Args:
            agent: Instance of the agent.
            question: Kind of question: status, results, violations, explain or restore.
            parameters: Further keys of the question.

        Raises:
            RoheError: The agent cannot be reached or does not answer (exit code 10), or refuses the question (64).
        """
        ...


@dataclass(frozen=True, slots=True)
class NodeImages:
    """The container images that a node says it has.

    Attributes:
        names: Every name of them, with registry and either tag or digest.
        gap: Why an image that is not among them may be there all the same, "" where these are all.
    """

    names: frozenset[str]
    gap: str = ""


class DeploymentTarget(Protocol):
    """A place that the manifests of one stack are applied to."""

    @property
    def name(self) -> str:
        """Returns the target's name, as in plan files."""
        ...

    @property
    def repairs_by_refresh(self) -> bool:
        """Returns whether the engine repairs what `faults` names only after it has read all resources again."""
        ...

    @property
    def waits(self) -> frozenset[str]:
        """Returns the engine's types of resources that only wait until others are ready."""
        ...

    def location(self) -> Location:
        """Returns what the target leads to now.

        Raises:
            RoheError: The target cannot be asked.
        """
        ...

    def found_stack(self) -> FoundStack | None:
        """Returns the stack of this name that is on the target; None where only this machine can have applied it.

        Raises:
            RoheError: The target cannot be asked.
        """
        ...

    def plugins(self) -> tuple[ProviderPlugin, ...]:
        """Returns the plugins that make this target's resources.

        Raises:
            RoheError: A plugin is not installed.
        """
        ...

    def install_plugins(self, progress: Callable[[str], None]) -> None:
        """Installs the plugins that are missing; called before the stack is locked, because it may take minutes.

        Args:
            progress: Receives a line for each step.

        Raises:
            NoSuitableProgram: A plugin cannot be installed.
        """
        ...

    def lock(
        self, purpose: str, wanted: Sequence[Manifest], *, patience: float, note: Callable[[str], None]
    ) -> AbstractContextManager[HeldLock]:
        """Returns a context that keeps other machines from changing the stack; this machine has a lock of its own.

        Args:
            purpose: The command that holds the lock, for the message of another command that finds the lock held.
            wanted: The manifests that are about to be made, for what must exist before the lock; none for destroy.
            patience: Seconds to wait for the lock.
            note: Receives what is waited for, a sentence each.

        Raises:
            Locked: Another command holds the lock.
            LockLost: When the context is left: the lock was lost while it was held.
        """
        ...

    def permit(self, manifests: Sequence[Manifest]) -> None:
        """Makes what must be there first, and lets the plugin make these manifests and no others until the next call.

        The engine passes on what any user asks of its ports, so the plugin does not take the engine's word.
        """
        ...

    def left_out(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:
        """Returns why manifests are left as they are in this run, by name, such as a node that does not answer."""
        ...

    def with_readiness(self, manifests: Sequence[Manifest], *, removes: bool) -> tuple[Manifest, ...]:
        """Returns the manifests with those that only wait, after which all is made that needs what they wait for.

        Args:
            manifests: The manifests of a plan.
            removes: Whether the run also removes what no manifest is for, which may then go before what needs its room.
        """
        ...

    def resource_type(self, manifest: Manifest) -> str | None:
        """Returns the engine's type of the manifest's resource, None where the target makes it without the engine."""
        ...

    def inputs(self, manifest: Manifest) -> Mapping[str, Any]:
        """Returns what the engine is given for a manifest.

        Raises:
            RoheError: A value that the manifest names, such as a secret, cannot be had.
        """
        ...

    def preflight(self, manifests: Sequence[Manifest]) -> None:
        """Checks before the first side effect what would make apply fail.

        Raises:
            RoheError: Apply would fail.
        """
        ...

    def live(self) -> tuple[Live, ...]:
        """Returns every part of the stack that is on the target, sorted by instance."""
        ...

    def obstacles(self) -> tuple[str, ...]:
        """Returns what hinders the whole stack, such as a full disk, a sentence each."""
        ...

    def node_images(self) -> Mapping[str, NodeImages]:
        """Returns what each node of the target says it has, by name of the node; nothing where none has images.

        Raises:
            RoheError: The target cannot be asked.
        """
        ...

    def prefetch(
        self, manifests: Sequence[Manifest], stack: Sequence[Manifest], progress: Progress, *, fail_fast: bool
    ) -> None:
        """Has nodes get the images that manifests need, before anything is changed.

        Args:
            manifests: The manifests that are about to be made or changed.
            stack: Every manifest of the stack, for what theirs name.
            progress: Receives the begin and the end of each `pull`.
            fail_fast: Whether the first failure ends the others.

        Raises:
            RoheError: An image cannot be had (exit code 9), in the words of the target; or it cannot be asked.
        """
        ...

    def faults(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:
        """Returns what differs or does not run, by address, and strays by name, each with what is amiss."""
        ...

    def gone(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Returns the names of those that were made and are gone, where the engine finds out by a refresh alone."""
        ...

    def edits(self, wanted: Sequence[Manifest], applied: Sequence[Manifest]) -> tuple[ForeignEdit, ...]:
        """Returns what others changed and the next apply would overwrite, sorted by address.

        Args:
            wanted: The manifests that would be applied.
            applied: The manifests that were applied last, completely; none where that is not known here. What was made
                of neither these nor the wanted ones came by another apply.
        """
        ...

    def overwrite_edits(self) -> None:
        """Lets the next run overwrite what others changed; otherwise such a part fails and the run goes on."""
        ...

    def logs(self, instances: Sequence[str], *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        """Yields lines of output as (instance, line).

        Args:
            instances: The instances to read the output of.
            lines: Number of last lines of each instance.
            follow: Whether to go on, without an end, with the lines written from now on.
        """
        ...

    def inquirer(self, timeout: float) -> AbstractContextManager[AgentInquirer]:
        """Returns a context that asks the stack's agents.

        Args:
            timeout: Seconds that each agent, and what lies between, has to answer.

        Raises:
            RoheError: On entering: no agent can be reached.
        """
        ...

    def sweep(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Removes what no manifest asks for, such as what a killed apply made, and returns the names of that."""
        ...

    def leave(self, former: Sequence[Manifest], manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Clears the places of former manifests that the stack has left, and returns what stays, as sentences."""
        ...

    def rotate(self, manifests: Sequence[Manifest], asked: tuple[Rotation, ...]) -> Rotated:
        """Replaces secrets of the stack's own broker and its clients while they work; nobody is restarted for it.

        Args:
            manifests: The manifests that are applied.
            asked: What to replace; without a word all that there is.

        Raises:
            NothingToRotate: There is no broker of the stack's own, or no TLS where that was asked for.
            RoheError: The target cannot be reached or written.
        """
        ...

    def end(self, *, timeout: float, applied: Sequence[Manifest] = ()) -> tuple[str, ...]:
        """Removes everything of the stack and waits until it is gone; what is absent already is no error.

        Args:
            timeout: Seconds to wait for what ends in its own time.
            applied: The manifests that were applied last; none where that is not known.

        Returns:
            Sentences on what stays, and why.

        Raises:
            RoheError: Parts of the stack are left.
        """
        ...


class Progress(Protocol):
    """Receives what happens to each resource while the engine runs, in order and from one thread at a time.

    An image that a node pulls before that is reported in the same way, with the verb `pull` and as address
    `IMAGE on NODE`.
    """

    def on_begin(self, verb: str, address: str) -> None:
        """Reports that the engine begins to create, update or delete a resource, or to await a workload (`verb`)."""
        ...

    def on_end(self, verb: str, address: str, seconds: float) -> None:
        """Reports that a resource was created, updated or deleted, or a workload became ready, within `seconds`."""
        ...

    def on_failure(self, verb: str, address: str, reason: str) -> None:
        """Reports that a resource could not be made or deleted, or is not ready, and why in the target's own words."""
        ...

    def on_wait(self, address: str, words: str) -> None:
        """Reports what a workload that is not ready yet waits for, in the target's own words."""
        ...

    def on_note(self, text: str) -> None:
        """Reports a sentence about the run as a whole."""
        ...
