"""Deployer: lets the Pulumi engine turn manifests into resources of a target, and returns the outcome."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pulumi.automation import LocalWorkspace, Stack, UpdateSummary
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent

from rohe_iac.deployment.engine.command import EngineCommand
from rohe_iac.deployment.engine.find import Engine
from rohe_iac.deployment.engine.guarded_servers import guarded_servers
from rohe_iac.deployment.engine.leftovers import end_leftovers
from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.deployment.ports import DeploymentTarget, Progress, ProviderPlugin
from rohe_iac.deployment.run.event_tally import EventTally, engine_listener
from rohe_iac.deployment.run.failures import engine_error
from rohe_iac.deployment.run.outcome import Ending, Outcome
from rohe_iac.deployment.run.program import program_of
from rohe_iac.deployment.run.touched import touched
from rohe_iac.deployment.run.workspace import EngineFolder
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.manifest import Manifest

STOPPING = "stopping: what is under way ends first, nothing more begins; a second Ctrl-C ends the engine at once"
"""The note that follows the first signal."""


GRACE = 8.0
"""Seconds that the engine has to end what is under way when the lock is lost; soon after another command may begin."""

PARALLEL = 512
"""Resources that the engine works on at once: those that only wait must not keep others from being made."""


MOST_LEFT_ALONE = 5000
"""Resources that are left out of a run at most: each is named on the engine's command line, whose length is limited."""


class _Stack(Stack):
    """The Automation API's stack without the two starts of the engine that read outputs at the end of each run."""

    def outputs(self) -> dict[str, object]:  # type: ignore[override]
        return {}

    def info(self, show_secrets: bool = True) -> UpdateSummary:  # noqa: ARG002
        now = datetime.now(UTC)
        return UpdateSummary(kind="update", start_time=now, message="", environment={}, config={}, result="succeeded")


class _Workspace(LocalWorkspace):
    """The Automation API's workspace without the start of the engine that selects a stack."""

    def select_stack(self, stack_name: str) -> None:
        """Does nothing: every command names its stack, so a selection has no effect."""


@dataclass(frozen=True)
class Deployer:
    """Deploys one stack to one target with one engine. The caller holds the stack's lock.

    Attributes:
        engine: The engine to run.
        place: The engine's files of the stack.
        target: The target, whose plugin makes the resources.
        lock: The lock of the stack; when it is lost, the engine is stopped.
        clock: The clock of the journal and of durations.
    """

    engine: Engine
    place: EngineFolder
    target: DeploymentTarget
    lock: HeldLock = field(default_factory=HeldLock)
    clock: Clock = field(default_factory=SystemClock)

    def up(
        self,
        manifests: Sequence[Manifest],
        progress: Progress,
        *,
        digest: str = "",
        fail_fast: bool = False,
        refresh: bool = False,
        left_out: Collection[str] = (),
        only: bool = False,
        former: Sequence[Manifest] = (),
        applied: Sequence[Manifest] = (),
    ) -> Outcome:
        """Creates, updates and deletes resources until they are as the manifests say.

        Args:
            manifests: The wanted resources.
            progress: Receives each step.
            digest: Digest of the plan file, for the journal.
            fail_fast: Whether to stop at the first failed resource; otherwise only its dependents are skipped.
            refresh: Whether to read the state of every resource first; so it is where one that was made is gone.
            left_out: Names of manifests whose resources are left as they are, or absent.
            only: Whether all resources that no manifest is for are left as they are, too.
            applied: The manifests of the last run where the target has everything as they say: those of them that are
                wanted still and have nothing to do with a change are left out of the run.
            former: The manifests whose resources may be there, at places that the stack moves out of.

        Returns:
            The outcome, with the resources that failed.

        Raises:
            EngineFailed: The engine itself failed.
            EngineBusy: The engine reports that another run is at work on the stack.
        """
        kept, wanted = self._without(left_out, self.target.with_readiness(manifests, removes=not only))
        if only:
            kept += sorted(self._others(wanted) - set(kept))
        alone = self._left_alone(wanted, applied) if applied else {}
        kept += sorted(alone)
        names = {manifest.name for manifest in alone.values()}
        wanted = tuple(manifest for manifest in wanted if manifest.name not in names)
        made = [manifest for manifest in wanted if self.target.resource_type(manifest) is not None]
        addresses = {manifest.name: manifest.address for manifest in made}

        def run(stack: Stack, listen: Callable[[EngineEvent], None]) -> None:
            program = program_of(wanted, self.target)
            gone = self._gone(made, progress)
            stack.up(
                parallel=PARALLEL if self.target.waits else None,
                program=program,
                on_event=listen,
                continue_on_error=not fail_fast,
                refresh=refresh or gone,
                exclude=kept or None,
                suppress_outputs=True,
                suppress_progress=True,
                color="never",
            )

        before = {manifest.name: manifest.address for manifest in former}
        outcome = self._run("apply", run, progress, addresses, digest, makes=True, former=before)
        # The engine reports what it keeps of its state, too, and the tally knows the names of this run alone.
        kept_addresses = {manifest.name: manifest.address for manifest in alone.values()}
        outcome = replace(outcome, same=tuple(kept_addresses.get(name, name) for name in outcome.same))
        if only or outcome.ending is not Ending.COMPLETE or self.lock.lost:
            return outcome
        swept = self.target.sweep(manifests)
        for sentence in self.target.leave(former, manifests) if not left_out else ():
            progress.on_note(sentence)
        return replace(outcome, swept=swept)

    def _gone(self, made: Sequence[Manifest], progress: Progress) -> bool:
        """Returns whether resources that the engine knows were removed, of which it has to be told by a refresh."""
        known = self.place.known()
        gone = self.target.gone([manifest for manifest in made if self._urn(manifest) in known]) if known else ()
        if gone:
            verb = "were" if len(gone) > 1 else "was"
            progress.on_note(f"{counted(len(gone), 'resource')} of the stack {verb} removed, and will be made again")
        return bool(gone)

    def _without(
        self, left_out: Collection[str], manifests: Sequence[Manifest]
    ) -> tuple[list[str], tuple[Manifest, ...]]:
        """Returns the URNs of resources that stay as they are, and the manifests without those that stay absent."""
        urns = {manifest.name: self._urn(manifest) for manifest in manifests if manifest.name in left_out}
        known = self.place.known() if urns else frozenset()
        wanted = tuple(item for item in manifests if item.name not in urns or urns[item.name] in known)
        return [urn for urn in urns.values() if urn in known], wanted

    def _left_alone(self, wanted: Sequence[Manifest], applied: Sequence[Manifest]) -> dict[str, Manifest]:
        """Returns the manifests by URN that have nothing to do with a change; none where the engine lost track of any.

        Those that the target makes itself are not among them: it looks at all of them together.
        """
        names = touched(wanted, self.target.with_readiness(applied, removes=False))
        rest = [item for item in wanted if item.name not in names and self.target.resource_type(item) is not None]
        alone = {self._urn(manifest): manifest for manifest in rest}
        return alone if len(alone) <= MOST_LEFT_ALONE and alone.keys() <= self.place.known() else {}

    def _others(self, wanted: Sequence[Manifest]) -> frozenset[str]:
        """Returns the URNs of the stack's resources that these manifests are not for."""
        ours = {manifest.name for manifest in wanted}
        found = (urn for urn in self.place.known() if not urn.split("::")[2].startswith("pulumi:"))
        return frozenset(urn for urn in found if urn.rsplit("::", 1)[-1] not in ours)

    def _urn(self, manifest: Manifest) -> str:
        kind = self.target.resource_type(manifest)
        return f"urn:pulumi:{self.place.stack}::{self.place.project}::{kind}::{manifest.name}"

    def down(self, progress: Progress, addresses: dict[str, str], *, timeout: float) -> Outcome:
        """Deletes every resource, dependents first.

        Args:
            progress: Receives each step.
            addresses: Addresses by name of manifest, for messages.
            timeout: Seconds after which the engine is asked to stop waiting for resources that end in their own time.

        Returns:
            The outcome, with the resources that failed.

        Raises:
            EngineFailed: The engine itself failed.
            EngineBusy: The engine reports that another run is at work on the stack.
        """

        def run(stack: Stack, listen: Callable[[EngineEvent], None]) -> None:
            self.target.permit(())
            stack.destroy(
                on_event=listen,
                continue_on_error=True,
                suppress_outputs=True,
                suppress_progress=True,
                color="never",
            )

        return self._run("destroy", run, progress, addresses, "", timeout=timeout)

    @property
    def has_state(self) -> bool:
        """Returns whether the engine has a state of the stack."""
        return self.place.state.exists()

    def _run(
        self,
        purpose: str,
        run: Callable[[Stack, Callable[[EngineEvent], None]], None],
        progress: Progress,
        addresses: dict[str, str],
        digest: str,
        *,
        makes: bool = False,
        timeout: float | None = None,
        former: Mapping[str, str] | None = None,
    ) -> Outcome:
        journal = RunJournal(self.place.folder, self.clock)
        interrupted = journal.interrupted()
        if interrupted:
            progress.on_note(f"the last {interrupted} was interrupted; resuming")
        plugins = self.target.plugins()
        self.place.prepare(plugins)
        # A plugin outlives a killed engine and goes on with what it was asked.
        end_leftovers(self.place.home)
        self.place.clear_dead_locks()
        self.place.repair()
        self.place.forget_pending()
        self.place.prune()
        journal.begin(purpose, digest)
        names = frozenset(plugin.name for plugin in plugins) if makes else frozenset()
        command = EngineCommand(self.engine, lambda: progress.on_note(STOPPING))
        retained = self.place.retained() if makes else frozenset()
        tally = EventTally(
            progress,
            journal,
            addresses,
            self.clock,
            plugins=names,
            waits=self.target.waits,
            retained=retained,
            former=former,
        )
        failure: CommandError | None = None
        servers = guarded_servers(lambda: command.pid, tally.note)
        with (
            command.forward_signals(),
            servers,
            engine_listener(tally) as listen,
            _timer(timeout, command.stop),
            stopped_on_loss(self.lock, command),
        ):
            try:
                run(self._stack(command, plugins), listen)
            except CommandError as error:
                failure = error
        outcome = tally.outcome(command.received, failed=failure is not None)
        journal.end(outcome.ending.value)
        if failure is not None and not outcome.failed and outcome.ending is not Ending.INTERRUPTED:
            raise engine_error(str(failure), tally.diagnostics, tally.foreign) from failure
        return outcome

    def _stack(self, command: EngineCommand, plugins: Sequence[ProviderPlugin]) -> Stack:
        environment = dict(self.place.environment())
        for plugin in plugins:
            environment |= plugin.environment
        workspace = _Workspace(
            work_dir=str(self.place.work),
            pulumi_home=str(self.place.home),
            env_vars=environment,
            pulumi_command=command,
        )
        mode = StackInitMode.SELECT if self.has_state else StackInitMode.CREATE
        return _Stack(self.place.stack, workspace, mode)


@contextlib.contextmanager
def stopped_on_loss(lock: HeldLock, command: EngineCommand) -> Iterator[None]:
    """Asks the engine to stop where the lock is lost while the block runs, and ends it where it has not soon after."""
    over = threading.Event()

    def end() -> None:
        command.stop()
        if not over.wait(GRACE):
            command.terminate()

    with lock.on_loss(lambda: threading.Thread(target=end, daemon=True).start()):
        try:
            yield
        finally:
            over.set()


@contextlib.contextmanager
def _timer(seconds: float | None, action: Callable[[], None]) -> Iterator[None]:
    """Calls `action` in another thread where the block still runs after `seconds`; None for never."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
