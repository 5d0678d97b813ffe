"""An AsyncReporter behind the interface of a Reporter, so that the same tests hold for both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any

from rohe_iac.reporting import AsyncReporter, Command
from rohe_iac.reporting.command import CommandCallback
from rohe_iac.reporting.settings import ReporterSettings


class BlockingReporter:
    """Awaits each call on an event loop that runs on a thread of its own, until the reporter is closed."""

    def __init__(self, settings: ReporterSettings | None, opening: Coroutine[Any, Any, AsyncReporter] | None = None):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._face: AsyncReporter = self._wait(opening if opening is not None else AsyncReporter.open(settings))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> BlockingReporter:
        return cls(None, AsyncReporter.from_environment(environment))

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def report(self, *arguments: Any, **named: Any) -> bool:
        return bool(self._wait(self._face.report(*arguments, **named)))

    def flush(self, timeout: float = 5.0) -> bool:
        return bool(self._wait(self._face.flush(timeout)))

    def on_command(self, callback: CommandCallback) -> None:
        async def execute(command: Command) -> tuple[bool, str]:
            assert asyncio.get_running_loop() is self._loop
            return callback(command)

        async def set_callback() -> None:
            self._face.on_command(execute)

        self._wait(set_callback())

    def close(self, timeout: float | None = None) -> None:
        if self._loop.is_closed():
            return
        self._wait(self._face.close(timeout))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._face, name) if hasattr(self._face, name) else getattr(self._face._reporter, name)
