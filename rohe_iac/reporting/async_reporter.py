"""AsyncReporter: a Reporter for services that run on an event loop of asyncio, which it never blocks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

from rohe_iac.reporting.command import Command
from rohe_iac.reporting.ending import handle_sigterm
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.reporter import Reporter
from rohe_iac.reporting.settings import ReporterSettings
from rohe_iac.reporting.write_buffer import MAX_ROUNDS, WRITE_TIMEOUT

AsyncCommandCallback = Callable[[Command], Awaitable[tuple[bool, str]]]
"""Executes a command; returns whether the service accepts it, and why."""


class AsyncReporter:
    """Accepts and sends reports as `Reporter` does, with the same outbox, messages and guarantee.

    What waits for a disk or a network is awaited, so that the event loop goes on meanwhile. An instance is used on one
    event loop, and made by `from_environment` or `open`. Used as an asynchronous context manager, it is closed at the
    end.
    """

    def __init__(self, reporter: Reporter) -> None:
        """Takes over a reporter that is open; to be called on the event loop."""
        self._reporter = reporter
        if reporter.buffer is not None:
            # The reporter was opened on another thread, where no signal can be handled.
            handle_sigterm()

    @classmethod
    async def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Returns the reporter that ROHE_* variables describe, as `Reporter.from_environment` does.

        Args:
            environment: Environment variables; by default those of the process.
        """
        return cls(await asyncio.to_thread(Reporter.from_environment, environment))

    @classmethod
    async def open(cls, settings: ReporterSettings | None) -> Self:
        """Opens the outbox and starts to send; with None every report is refused, and the service runs unobserved."""
        return cls(await asyncio.to_thread(Reporter, settings))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def boot(self) -> str:
        """Returns the identifier of this reporter; sequence numbers count within it."""
        return self._reporter.boot

    @property
    def accepted(self) -> int:
        """Returns how many reports are, or were, in the outbox on disk."""
        return self._reporter.accepted

    @property
    def pending(self) -> int:
        """Returns how many reports wait in memory for the disk; kill -9 of the service loses them."""
        return self._reporter.pending

    @property
    def denied(self) -> dict[str, str]:
        """Returns the topics on which the broker refuses this service's messages, each with its reason (MQTT 5)."""
        return self._reporter.denied

    @property
    def refused(self) -> int:
        """Returns how many reports were refused."""
        return self._reporter.refused

    @property
    def refusals(self) -> dict[Refusal, int]:
        """Returns how many reports were refused, by reason."""
        return self._reporter.refusals

    def on_command(self, callback: AsyncCommandCallback) -> None:
        """Sets the coroutine function that is called with each `Command`, on the event loop that runs now.

        Args:
            callback: Returns whether the service accepts the command, and why.
        """
        loop = asyncio.get_running_loop()

        async def execute(command: Command) -> tuple[bool, str]:
            return await callback(command)

        def wait_for(command: Command) -> tuple[bool, str]:
            return asyncio.run_coroutine_threadsafe(execute(command), loop).result()

        self._reporter.on_command(wait_for)

    async def report(
        self,
        request: str | None = None,
        start: float | None = None,
        end: float | None = None,
        metrics: Mapping[str, float] | None = None,
        fields: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
    ) -> bool:
        """Accepts one report. Raises nothing, and is awaited for less than 50 ms where the event loop is not busy.

        A report whose task is cancelled meanwhile is written and sent all the same.

        Args:
            request: As for `Reporter.report`, like all others.
            start: When the work began (seconds since the epoch).
            end: When the work was done (seconds since the epoch).
            metrics: Numbers by name.
            fields: JSON values by name.
            at: Event time (seconds since the epoch); by default `end`, or else the present.

        Returns:
            True where the report is in the outbox on disk and will reach an agent; False where it is refused or
            pending, as `Reporter.report` says.
        """
        body = self._reporter.encode(request, start, end, metrics, fields, at)
        buffer = self._reporter.buffer
        if body is None or buffer is None:
            return False
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[None] = loop.create_future()
        entry = buffer.enter(body, partial(_settle_on, loop, settled))
        if isinstance(entry, Refusal):
            return self._reporter.conclude(entry)
        if entry.pending:
            return False
        accepted = False
        try:
            for _ in range(MAX_ROUNDS):
                await asyncio.wait((settled,), timeout=WRITE_TIMEOUT)
                if settled.done() or buffer.waits_for_disk:
                    break
        finally:
            # A task that is cancelled here leaves its report to the buffer, and a refusal is counted.
            accepted = self._reporter.conclude(buffer.leave(entry))
        return accepted

    async def flush(self, timeout: float = 5.0) -> bool:
        """Waits at most `timeout` seconds until an agent has committed every report; returns whether it has."""
        return await asyncio.to_thread(self._reporter.flush, timeout)

    async def close(self, timeout: float | None = None) -> None:
        """Writes pending reports, waits for acknowledgements, publishes the state `stopped` and disconnects.

        Args:
            timeout: Seconds to wait for acknowledgements, at most; by default as for `Reporter.close`.
        """
        await asyncio.to_thread(self._reporter.close, timeout)


def _settle_on(loop: asyncio.AbstractEventLoop, settled: asyncio.Future[None]) -> None:
    # A loop that is closed has nobody who waits.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: asyncio.Future[None]) -> None:
    if not settled.done():
        settled.set_result(None)
