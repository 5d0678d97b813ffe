"""Both interfaces of the reporter, for the tests that hold for either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blocking_reporter import BlockingReporter

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.reporting import Reporter
from rohe_iac.reporting.settings import ReporterSettings

UNREACHABLE = BrokerAddress("127.0.0.1", 1)


@pytest.fixture(params=[Reporter, BlockingReporter], ids=["threads", "asyncio"])
def kind(request: pytest.FixtureRequest) -> Any:
    """The class Reporter, or one that awaits an AsyncReporter."""
    return request.param


@pytest.fixture
def open_reporter(kind: Any) -> Callable[..., Any]:
    """Opens a reporter of either kind, whose broker cannot be reached."""

    def open_one(folder: Path, **changes: Any) -> Any:
        defaults: dict[str, Any] = {
            "broker": UNREACHABLE, "stack": "s", "pipeline": "p", "service": "svc", "instance": "svc-0",
            "outbox": folder,
        }  # fmt: skip
        return kind(ReporterSettings(**{**defaults, **changes}))

    return open_one
