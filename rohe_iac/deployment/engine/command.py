"""Engine command: runs the engine in a session of its own, forwards signals and reads both output streams."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import IO, Any

from pulumi.automation import PulumiCommand
from pulumi.automation._cmd import CommandResult
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from rohe_iac.deployment.engine import session
from rohe_iac.deployment.engine.find import Engine

LOG = logging.getLogger("rohe.engine")

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals to this process that are forwarded to the engine."""


class EngineCommand(PulumiCommand):
    """Runs the engine's commands, one at a time, for the Automation API.

    Attributes:
        command: Path of the engine, as the Automation API names it.
        version: Version of the engine, as the Automation API names it.
        received: The first signal that was forwarded, 0 for none.
    """

    def __init__(self, engine: Engine, on_signal: Callable[[], None] = lambda: None) -> None:
        """Prepares the command.

        Args:
            engine: The engine to run.
            on_signal: Is called in the signal handler when the first signal has asked the engine to stop.
        """
        # The parent's __init__ is not called: it would start the engine once more to learn the version.
        self.command = str(engine.path)
        self.version = VersionInfo.parse(engine.version)
        self.received = 0
        self._on_signal = on_signal
        self._stopped = False
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Returns the id of the engine's process, 0 while none runs."""
        process = self._process
        return process.pid if process is not None else 0

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Runs one command to its end.

        Args:
            args: Arguments of the engine's command line.
            cwd: The working directory.
            additional_env: Variables added to this process's environment.
            on_output: Receives each line of the standard output, from another thread.
            on_error: Receives each line of the standard error, from another thread.

        Raises:
            CommandError: The exit code is not 0.
        """
        LOG.info("%s %s", self.command, " ".join(args))
        # The user's own engine settings, such as another backend or passphrase, do not belong to this stack.
        outer = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        environment = {**outer, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        start = [sys.executable, "-I", "-S", str(session.__file__), str(os.getpid())]
        with subprocess.Popen(
            [*start, self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            encoding="utf-8",
            errors="replace",
        ) as process:
            self._process = process
            if self.received or self._stopped:
                # The signal came before this engine was started.
                process.send_signal(signal.SIGINT)
            out, err = _StreamReader(process.stdout, on_output), _StreamReader(process.stderr, on_error)
            out.join()
            err.join()
            process.wait()
            self._process = None
        LOG.info("the engine ended with %d", process.returncode)
        result = CommandResult(stdout="\n".join(out.lines), stderr="\n".join(err.lines), code=process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result

    @contextlib.contextmanager
    def forward_signals(self) -> Iterator[None]:
        """Forwards signals to the engine while the block runs: the first asks the engine to stop, the next ends it.

        Only the main thread may set signal handlers; in another thread nothing is forwarded.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._forward) for number in FORWARDED}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def stop(self) -> None:
        """Asks the engine to end what it waits for and to begin nothing more; one that starts later is asked, too."""
        self._stopped = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)

    def terminate(self) -> None:
        """Ends the engine and its plugins at once; without an engine nothing happens."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)

    def _forward(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first = self.received == 0
        self.received = self.received or number
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                if first:
                    # On its first interrupt the engine finishes what is under way, begins nothing new and writes its
                    # state.
                    os.kill(process.pid, signal.SIGINT)
                else:
                    os.killpg(process.pid, signal.SIGTERM)
        if first:
            self._on_signal()


class _StreamReader(threading.Thread):
    """A thread that reads one output stream to its end into `lines`."""

    def __init__(self, stream: IO[str] | None, callback: Callable[[str], Any] | None) -> None:
        super().__init__(daemon=True)
        assert stream is not None
        self._stream, self._callback = stream, callback
        self.lines: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self.lines.append(line.rstrip())
            if self._callback is not None:
                self._callback(line.rstrip())
