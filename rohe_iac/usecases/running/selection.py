"""Selection: the manifests under addresses that a user named, with all that has to exist for them."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import Address, parse_address
from rohe_iac.manifests.manifest import Manifest

MAX_NAMED = 8
"""Addresses that an error names of those that there are."""


def selected(manifests: Sequence[Manifest], addresses: Sequence[str]) -> tuple[Manifest, ...]:
    """Returns the manifests under the addresses, and those that they depend on, in the order of the plan.

    Args:
        manifests: The manifests of a plan.
        addresses: Addresses as the user typed them; without any, all manifests are selected.

    Raises:
        UsageError: A text is no address, or nothing of the plan is under it.
    """
    if not addresses:
        return tuple(manifests)
    names: set[str] = set()
    for text in addresses:
        wanted = parse_address(text)
        found = {manifest.name for manifest in manifests if _is_under(manifest, wanted)}
        if not found:
            known = sorted({manifest.address for manifest in manifests if _address(manifest.address) is not None})
            more = f" and {len(known) - MAX_NAMED} more" if len(known) > MAX_NAMED else ""
            raise UsageError(
                f"nothing of the plan is under {text}", hint=f"there is: {', '.join(known[:MAX_NAMED])}{more}"
            )
        names |= found
    by_name = {manifest.name: manifest for manifest in manifests}
    waiting = list(names)
    while waiting:
        needed = {name for name in by_name[waiting.pop()].depends_on if name in by_name} - names
        names |= needed
        waiting += needed
    return tuple(manifest for manifest in manifests if manifest.name in names)


def _is_under(manifest: Manifest, wanted: Address) -> bool:
    address = _address(manifest.address)
    return address is not None and wanted.covers(address)


def _address(text: str) -> Address | None:
    """Returns an address that users can name; None for what the stack shares, such as credentials."""
    try:
        return parse_address(text)
    except UsageError:
        return None
