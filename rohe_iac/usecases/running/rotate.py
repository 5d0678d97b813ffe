"""`rohe rotate`: replaces passwords and certificates of a stack's own broker and its clients while they work."""

from __future__ import annotations

from collections.abc import Callable

from rohe_iac.deployment.files.lock import stack_lock
from rohe_iac.deployment.rotation import NothingToRotate, Rotated, Rotation
from rohe_iac.usecases.running.elsewhere import refuse_other_cluster
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


def rotate(
    stack: KnownStack,
    asked: tuple[Rotation, ...],
    open_target: OpenTarget,
    note: Callable[[str], None],
    *,
    lock_timeout: float = 0.0,
) -> Rotated:
    """Replaces secrets of the applied stack, and returns what was replaced.

    Args:
        stack: the stack.
        asked: what to replace; without a word all that there is.
        open_target: opens the target that the stack was applied to.
        note: takes a sentence while another command is waited for.
        lock_timeout: seconds to wait for another command.

    Raises:
        NothingToRotate: the stack is not applied, has no broker of its own, or no TLS where that was asked for.
        OtherCluster: the target leads to another cluster than the stack was applied to.
        Locked: another command holds the lock of the stack.
        RoheError: the target cannot be reached or written.
    """
    if stack.record is None:
        raise NothingToRotate(f"stack {stack.name} is not applied", hint=f"`rohe apply {stack.name}` makes new secrets")
    target = open_target(stack.destination)
    meant = f"replaces secrets of stack {stack.name} there"
    refuse_other_cluster(stack.record, target.location(), command="rohe rotate", meant=meant)
    purpose = f"rohe rotate {stack.name}"
    with (
        stack_lock(stack.folder, purpose, patience=lock_timeout),
        target.lock(purpose, (), patience=lock_timeout, note=note) as lock,
    ):
        lock.check()
        return target.rotate(stack.record.planfile.manifests, asked)
