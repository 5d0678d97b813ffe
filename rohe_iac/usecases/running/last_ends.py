"""How the last runs of replicas ended, and what the last apply did not do to them, for `rohe explain`."""

from __future__ import annotations

from collections.abc import Collection

from rohe_iac.usecases.running.unfinished import not_done
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


def last_ends(stack: KnownStack, open_target: OpenTarget, replicas: Collection[str]) -> tuple[str, ...]:
    """Returns sentences on the replicas of an applied stack that are not well, or whose last run ended.

    Args:
        stack: the stack.
        open_target: opens the target that the stack was applied to.
        replicas: the addresses of the replicas.
    """
    if not stack.touched:
        return ()
    target = open_target(stack.destination)
    sentences = []
    for live in target.live():
        if live.address in replicas:
            name = live.address.removeprefix("replica/")
            sentences += [f"{name} is {live.state}: {live.detail}"] if live.detail else []
            sentences += [f"{name}: the last run {live.last_end}"] if live.last_end else []
    undone = not_done(stack.folder)
    sentences += [f"{name.removeprefix('replica/')}: {undone[name]}" for name in sorted(replicas) if name in undone]
    return tuple(sentences)
