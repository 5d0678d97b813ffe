"""`rohe logs`: what the replicas under an address wrote."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import parse_address
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


def logs(
    stack: KnownStack, address: str, open_target: OpenTarget, *, lines: int, follow: bool
) -> Iterator[tuple[str, str]]:
    """(instance, line) of every replica under the address: the last `lines` of each, then, with `follow`, what comes.

    Errors: UsageError where it is no address, or nothing of it runs in the stack.
    """
    wanted = parse_address(address)
    target = open_target(stack.target, stack.folder, stack.root)
    known = {item.instance: item.address for item in target.live()}
    for placement in stack.record.planfile.plan.placements if stack.record is not None else ():
        if not placement.workload.startswith("broker/"):
            known.setdefault(placement.instance, placement.replica)
    instances = [name for name, text in sorted(known.items()) if wanted.covers(parse_address(text))]
    if not instances:
        there = ", ".join(sorted(set(known.values()))[:8]) or "nothing"
        raise UsageError(f"nothing of the stack {stack.name} is under {address}", hint=f"there is: {there}")
    return target.logs(instances, lines=lines, follow=follow)
