"""Protection: what the blueprint says must never be removed without being named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.foundation.names import Address, parse_address


class Protected(RoheError):
    """The command would remove something that the blueprint protects."""

    exit_code = ExitCode.POLICY


def refuse_protected(protect: Sequence[str], removed: Iterable[str], allowed: Sequence[str]) -> None:
    """Refuses to remove what is protected and not allowed. removed: addresses; allowed: as the user typed them.

    Errors: Protected with each address; UsageError where `allowed` holds no address.
    """
    guarded = [address for text in protect if (address := _address(text)) is not None]
    spared = [parse_address(text) for text in allowed]
    hit = []
    for text in removed:
        address = _address(text)
        if address is None or any(other.covers(address) for other in spared):
            continue
        if any(other.covers(address) for other in guarded):
            hit.append(text)
    if hit:
        raise Protected(
            f"{len(hit)} protected {'parts' if len(hit) > 1 else 'part'} of the stack would be removed",
            detail="\n".join(hit),
            hint=f"take the entry out of the stack's `protect`, or add --allow-destroy {hit[0]}",
        )


def _address(text: str) -> Address | None:
    # Supervisor and credentials have addresses of their own kinds, which nobody can protect.
    try:
        return parse_address(text)
    except UsageError:
        return None
