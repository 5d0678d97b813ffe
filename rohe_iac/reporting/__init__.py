"""Floor 4, for services: a Reporter that loses no report it has accepted and never blocks a service."""

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
