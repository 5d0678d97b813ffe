"""The engine's process: started in a session of its own, signals forwarded, both output streams read to their end."""

from __future__ import annotations

import contextlib
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

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EngineCommand(PulumiCommand):
    """Runs the engine's commands, one at a time, for the Automation API."""

    def __init__(self, engine: Engine) -> None:
        # Not the parent's: that one would start the engine once more to ask for a version that is known.
        self.command = str(engine.path)
        self.version = VersionInfo.parse(engine.version)
        self.received = 0
        self._process: subprocess.Popen[str] | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Runs one command to its end.

        Errors: the Automation API's CommandError where its exit code is not 0.
        """
        # The user's own engine settings, such as another backend or passphrase, are not for this stack.
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
            if self.received:
                # The signal came while no engine ran that it could have been forwarded to.
                process.send_signal(signal.SIGINT)
            out, err = _StreamReader(process.stdout, on_output), _StreamReader(process.stderr, on_error)
            out.join()
            err.join()
            process.wait()
            self._process = None
        result = CommandResult(stdout="\n".join(out.lines), stderr="\n".join(err.lines), code=process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result

    @contextlib.contextmanager
    def forwarding(self) -> Iterator[None]:
        """While the block runs, signals to this process go to the engine: the first asks it to stop, the next ends it.

        Only the main thread may set signal handlers; elsewhere nothing is forwarded.
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

    def _forward(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first = self.received == 0
        self.received = self.received or number
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if first:
                # The engine takes one interrupt as: finish what is under way, begin nothing new, write the state.
                os.kill(process.pid, signal.SIGINT)
            else:
                os.killpg(process.pid, signal.SIGTERM)


class _StreamReader(threading.Thread):
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
