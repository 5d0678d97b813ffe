"""`rohe destroy`: removes what apply made, in reverse order, and leaves only the history."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace

from rohe_iac.deployment.engine.find import find_engine
from rohe_iac.deployment.files.lock import stack_lock
from rohe_iac.deployment.ports import Progress
from rohe_iac.deployment.programs.cache import InstallProgress
from rohe_iac.deployment.run.outcome import Ending, Outcome
from rohe_iac.deployment.run.workspace import EngineFolder
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import write_obstacle
from rohe_iac.usecases.running.elsewhere import has_moved, refuse_other_cluster
from rohe_iac.usecases.running.protection import refuse_protected
from rohe_iac.usecases.stacks import KnownStack, OpenTarget

TIMEOUT = 300.0
"""Seconds that destroy waits for parts that end in their own time, such as pods with a grace period."""


def check_destroy(stack: KnownStack, allow_destroy: Sequence[str]) -> tuple[str, ...]:
    """Returns the addresses that destroy would remove, sorted; none where nothing is recorded.

    Raises:
        Protected: the blueprint protects one of them.
    """
    if stack.record is None:
        return ()
    planfile = stack.record.planfile
    addresses = tuple(sorted(manifest.address for manifest in planfile.manifests))
    refuse_protected(planfile.protect, addresses, allow_destroy)
    return addresses


def protection_of_damaged(stack: KnownStack) -> str:
    """Returns which parts destroy protects and lists where the record of the stack cannot be read, as a sentence."""
    if stack.record is None:
        return (
            "The history has no record either: which parts are protected is not known, and none is; all that runs ends."
        )
    return f"Protected is what record {stack.record.serial} of the history protects; everything that runs is removed."


def destroy(
    stack: KnownStack,
    open_target: OpenTarget,
    progress: Progress,
    install: InstallProgress,
    *,
    lock_timeout: float = 0.0,
    timeout: float = TIMEOUT,
    allow_other_cluster: bool = False,
) -> Outcome:
    """Removes every resource, then every process and file of the stack except its history.

    Args:
        stack: the stack.
        open_target: opens the target that the stack was applied to.
        progress: takes what happens to each resource.
        install: takes the steps of an installation of the engine.
        lock_timeout: seconds to wait for another command.
        timeout: seconds to wait for parts that end in their own time.
        allow_other_cluster: remove the stack although the target leads to another cluster than it was applied to.

    Raises:
        OtherCluster: the target leads to another cluster, and that is not allowed.
        NoSuitableProgram: there is no engine, or no plugin of the target, and none can be installed.
        Locked: another command holds the lock of the stack.
        EngineFailed: the engine ended without a result.
        RoheError: the target cannot remove a part.
    """
    target = open_target(stack.destination)
    location = target.location()
    if not allow_other_cluster:
        meant = f"removes stack {stack.name} there, and its record here"
        refuse_other_cluster(stack.record, location, command="rohe destroy", meant=meant)
    place = EngineFolder(stack.folder, stack.project, stack.name)
    manifests = stack.record.planfile.manifests if stack.record is not None else ()
    addresses = {manifest.name: manifest.address for manifest in manifests}
    purpose, clock = f"rohe destroy {stack.name}", SystemClock()
    with (
        stack_lock(stack.folder, purpose, patience=lock_timeout),
        target.lock(purpose, (), patience=lock_timeout, note=progress.on_note) as lock,
    ):
        outcome = Outcome(Ending.COMPLETE, 0.0)
        deadline = clock.monotonic() + timeout
        if has_moved(stack.record, location):
            # What the engine knows is in another cluster.
            shutil.rmtree(stack.folder.engine, ignore_errors=True)
        if place.state.exists() and not write_obstacle(stack.folder.path):
            engine = find_engine(install)
            target.install_plugins(install)
            from rohe_iac.deployment.run.deployer import Deployer

            try:
                outcome = Deployer(engine, place, target, lock).down(progress, addresses, timeout=timeout)
            except (RoheError, OSError):
                lock.check()
                if not write_obstacle(stack.folder.path) and clock.monotonic() < deadline:
                    raise
        lock.check()
        obstacle = write_obstacle(stack.folder.path)
        if obstacle:
            # The engine writes while it works, and the target removes everything by itself, too.
            progress.on_note(f"{obstacle}: everything is removed without the engine")
            outcome = Outcome(Ending.COMPLETE, 0.0, deleted=tuple(sorted(addresses.values())))
        expired = clock.monotonic() >= deadline
        if expired and outcome.ending is Ending.PARTIAL:
            # The engine was asked to stop waiting; what is left is found and named by the target.
            outcome = replace(outcome, ending=Ending.COMPLETE, failed=(), skipped=())
        if outcome.ending is Ending.COMPLETE:
            for sentence in target.end(timeout=max(0.0, deadline - clock.monotonic()), applied=manifests):
                progress.on_note(sentence)
            _forget(stack)
        return outcome


def _forget(stack: KnownStack) -> None:
    """Removes the record of a stack and the state of its engine."""
    folder = stack.folder
    shutil.rmtree(folder.engine, ignore_errors=True)
    # The lock goes last, so that no other command begins before all is removed.
    for path in (folder.record, folder.journal, folder.lock):
        path.unlink(missing_ok=True)
