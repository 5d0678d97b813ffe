"""Floor 4, for services: a Reporter that loses no report it has accepted, and Peers that spread requests as planned."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rohe_iac.reporting.async_reporter import AsyncReporter
    from rohe_iac.reporting.command import Command
    from rohe_iac.reporting.peers import NoPeer, Peers, Replicas
    from rohe_iac.reporting.reporter import Reporter

__all__ = ["AsyncReporter", "Command", "NoPeer", "Peers", "Replicas", "Reporter"]

_MODULES = {
    "AsyncReporter": "async_reporter",
    "Command": "command",
    "NoPeer": "peers",
    "Peers": "peers",
    "Replicas": "peers",
    "Reporter": "reporter",
}
"""Where each name is; a module is loaded when its name is first asked for."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
