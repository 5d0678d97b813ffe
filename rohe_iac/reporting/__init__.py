"""Floor 4, for services: Reporter, which loses nothing it has accepted and never holds a service up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rohe_iac.reporting.command import Command
    from rohe_iac.reporting.reporter import Reporter

__all__ = ["Command", "Reporter"]


def __getattr__(name: str) -> Any:
    if name == "Reporter":
        from rohe_iac.reporting.reporter import Reporter

        return Reporter
    if name == "Command":
        from rohe_iac.reporting.command import Command

        return Command
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
