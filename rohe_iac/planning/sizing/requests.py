"""What a blueprint itself says that a replica asks for, as opposed to what a profile says."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Requests


def has_amounts(requests: Requests) -> bool:
    """Checks whether the blueprint writes any amount that a replica asks for; else a profile decides."""
    return bool(requests.cpu or requests.cores or requests.memory or requests.accelerators)
