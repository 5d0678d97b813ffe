"""Protection: parts of a stack that are removed only where the user names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.foundation.names import Address, parse_address
from rohe_iac.foundation.quantities import counted


class Protected(RoheError):
    """The command would remove something that the blueprint protects."""

    exit_code = ExitCode.POLICY


def refuse_protected(protect: Sequence[str], removed: Iterable[str], allowed: Sequence[str]) -> None:
    """Raises where a protected part would be removed that the user does not allow to remove.

    Args:
        protect: addresses that the blueprint protects.
        removed: addresses that would be removed.
        allowed: addresses as the user typed them.

    Raises:
        Protected: with each address.
        UsageError: a text in `allowed` is no address.
    """
    guarded = [address for text in protect if (address := _address(text)) is not None]
    spared = [parse_address(text) for text in allowed]
    refused = []
    for text in removed:
        address = _address(text)
        if address is None or any(other.covers(address) for other in spared):
            continue
        if any(other.covers(address) for other in guarded):
            refused.append(text)
    if refused:
        raise Protected(
            f"{counted(len(refused), 'protected part')} of the stack would be removed",
            detail="\n".join(refused),
            hint=f"remove the entry from the stack's `protect`, or add --allow-destroy {refused[0]}",
        )


def _address(text: str) -> Address | None:
    """Returns an address that can be protected; None for the supervisor and credentials, which cannot."""
    try:
        return parse_address(text)
    except UsageError:
        return None
