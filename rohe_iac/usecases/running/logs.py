"""`rohe logs`: the lines that the replicas under an address wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import KINDS, parse_address
from rohe_iac.usecases.stacks import KnownStack, OpenTarget, StackNotRunning

MAX_NAMED = 8
"""Addresses that an error names of those that there are."""


def logs(
    stack: KnownStack, address: str, open_target: OpenTarget, *, lines: int, follow: bool
) -> Iterator[tuple[str, str]]:
    """Yields the lines that every replica under an address wrote, each with the replica's instance.

    Args:
        stack: the stack.
        address: an address, such as `service/classify`, or the name of a service, replica or agent; the name of the
            stack is all of it.
        open_target: opens the target that the stack was applied to.
        lines: how many of the last lines of each replica to begin with.
        follow: go on with new lines until the caller stops.

    Raises:
        UsageError: the address is malformed, or nothing of the stack is under the address.
        StackNotRunning: nothing is applied.
    """
    target = open_target(stack.destination)
    known = {
        placement.instance: placement.replica
        for placement in (stack.record.planfile.plan.placements if stack.record is not None else ())
        if not placement.workload.startswith("broker/")
    }
    for item in target.live():
        known.setdefault(item.instance, item.address)
    named = [parse_address(text) for text in _addresses(address, stack.name, known.values())]
    instances = [
        name for name, text in sorted(known.items()) if any(wanted.covers(parse_address(text)) for wanted in named)
    ]
    if not known:
        raise StackNotRunning(f"stack '{stack.name}' is not applied", hint=f"rohe apply {stack.name}")
    if not instances:
        names = sorted(set(known.values()))
        there = ", ".join(names[:MAX_NAMED])
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        raise UsageError(f"nothing of the stack {stack.name} is under {address}", hint=f"there is: {there}{more}")
    return target.logs(instances, lines=lines, follow=follow)


def _addresses(text: str, stack: str, known: Iterable[str]) -> list[str]:
    """Returns the addresses that a text stands for: itself, or those of a bare name, of which a part comes first.

    Raises:
        UsageError: the text is neither an address nor a name.
    """
    if text.partition("/")[0] in KINDS:
        return [text]
    addresses = [f"{kind}/{text}" for kind in ("service", "replica", "agent")]
    parts = [parse_address(item) for item in known]
    if text == stack and not any(parse_address(address).covers(part) for address in addresses for part in parts):
        return [*known]
    return addresses
