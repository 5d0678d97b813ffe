"""Deployer: has the Pulumi engine turn manifests into resources of a target, and tells what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pulumi.automation import LocalWorkspace, Stack, UpdateSummary
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent

from rohe_iac.deployment.engine.command import EngineCommand
from rohe_iac.deployment.engine.find import Engine
from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.ports import DeploymentTarget, Progress
from rohe_iac.deployment.run.event_tally import EventTally, engine_listener
from rohe_iac.deployment.run.failures import engine_failed
from rohe_iac.deployment.run.outcome import Ending, Outcome
from rohe_iac.deployment.run.program import program_of
from rohe_iac.deployment.run.workspace import EngineFolder
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.manifests.manifest import Manifest


class _Stack(Stack):
    """The Automation API's stack, sparing two starts of the engine at the end of each run: nobody reads outputs."""

    def outputs(self) -> dict[str, object]:  # type: ignore[override]
        return {}

    def info(self, show_secrets: bool = True) -> UpdateSummary:  # noqa: ARG002
        now = datetime.now(UTC)
        return UpdateSummary(kind="update", start_time=now, message="", environment={}, config={}, result="succeeded")


class _Workspace(LocalWorkspace):
    """The Automation API's workspace, sparing a start of the engine for a stack that is known to be there."""

    def __init__(self, known: bool, **options: Any) -> None:
        self._known = known
        super().__init__(**options)

    def select_stack(self, stack_name: str) -> None:
        # Every command names its stack, so that which one is selected means nothing here.
        if not self._known:
            super().select_stack(stack_name)


@dataclass(frozen=True)
class Deployer:
    """One stack on one target by one engine. Whoever calls holds the stack's lock."""

    engine: Engine
    place: EngineFolder
    target: DeploymentTarget
    clock: Clock = field(default_factory=SystemClock)

    def up(
        self,
        manifests: Sequence[Manifest],
        progress: Progress,
        *,
        digest: str = "",
        fail_fast: bool = False,
        refresh: bool = False,
    ) -> Outcome:
        """Makes, changes and removes resources until they are as the manifests say.

        What does not depend on a failed resource is made all the same, unless `fail_fast`. refresh: looks at every
        resource first. digest: of the plan file, for the journal.
        Errors: EngineFailed and EngineBusy where the engine itself fails; failed resources are in the Outcome.
        """
        addresses = {manifest.name: manifest.address for manifest in manifests}

        def run(stack: Stack, listen: Callable[[EngineEvent], None]) -> None:
            stack.up(
                program=program_of(manifests, self.target),
                on_event=listen,
                continue_on_error=not fail_fast,
                refresh=refresh,
                suppress_outputs=True,
                suppress_progress=True,
                color="never",
            )

        outcome = self._run("apply", run, progress, addresses, digest)
        return replace(outcome, swept=self.target.sweep(manifests)) if outcome.ending is Ending.COMPLETE else outcome

    def down(self, progress: Progress, addresses: dict[str, str]) -> Outcome:
        """Removes every resource, in reverse order of dependence. addresses: of manifests, by name, for messages.

        Errors: as `up`.
        """

        def run(stack: Stack, listen: Callable[[EngineEvent], None]) -> None:
            stack.destroy(
                on_event=listen,
                continue_on_error=True,
                suppress_outputs=True,
                suppress_progress=True,
                color="never",
            )

        return self._run("destroy", run, progress, addresses, "")

    @property
    def known(self) -> bool:
        """Whether the engine has ever worked on the stack."""
        return self.place.state.exists()

    def _run(
        self,
        purpose: str,
        run: Callable[[Stack, Callable[[EngineEvent], None]], None],
        progress: Progress,
        addresses: dict[str, str],
        digest: str,
    ) -> Outcome:
        journal = RunJournal(self.place.folder, self.clock)
        before = journal.interrupted()
        if before:
            progress.note(f"the last {before} was interrupted; resuming")
        self.place.prepare(self.target.plugin())
        self.place.clear_dead_locks()
        self.place.mend()
        self.place.forget_pending()
        self.place.prune()
        journal.begin(purpose, digest)
        command = EngineCommand(self.engine)
        tally = EventTally(progress, journal, addresses, self.clock)
        trouble: CommandError | None = None
        with command.forwarding(), engine_listener(tally) as listen:
            try:
                run(self._stack(command), listen)
            except CommandError as error:
                trouble = error
        outcome = tally.outcome(command.received, failed=trouble is not None)
        journal.end(outcome.ending.value)
        if trouble is not None and not outcome.failed and outcome.ending is not Ending.INTERRUPTED:
            raise engine_failed(str(trouble), tally.diagnostics) from trouble
        return outcome

    def _stack(self, command: EngineCommand) -> Stack:
        workspace = _Workspace(
            self.known,
            work_dir=str(self.place.work),
            pulumi_home=str(self.place.home),
            env_vars=self.place.environment(),
            pulumi_command=command,
        )
        return _Stack(self.place.stack, workspace, StackInitMode.CREATE_OR_SELECT)
