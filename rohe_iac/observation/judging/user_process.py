"""User process: runs a user function in a process of its own, within budgets of time and memory.

A function that loops is ended, one that leaks gets no more memory, and one that crashes takes nothing with it; the
agent goes on with everything else. Between calls the process and its descendants are stopped, and all end together.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import msgspec

from rohe_iac.foundation.quantities import exact_bytes
from rohe_iac.observation.contract import ProcessingSpec
from rohe_iac.observation.judging.process_family import descendants, memory_of, send, stop_descendants
from rohe_iac.observation.judging.user_program import LENGTH, FunctionAnswer, Task

CALL_SECONDS = 2.0
"""Seconds that a function may take for one window, parser included."""

LOAD_SECONDS = 10.0
"""Seconds that its module, and what that imports, may take to load."""

LOOK_SECONDS = 0.05
"""Seconds between two looks at the memory of a process that has not answered yet."""

MAX_ANSWER = 2**20
"""Bytes of an answer, at most."""

ENDING_SECONDS = 1.0
"""Seconds within which a process is expected to have ended whose connection broke, or that was told to end."""

CREDENTIALS = frozenset({"ROHE_AMQP_PASSWORD", "ROHE_REPORT_CREDENTIALS"})
"""Variables of an agent's environment that are, or name the file of, a password; functions of users do not get them."""

_ANSWER = msgspec.msgpack.Decoder(FunctionAnswer)


class FunctionFailed(Exception):
    """A user function has no numbers for a window; the message says why."""


class _Ended(Exception):
    """The call is not waited for any more."""


class _TooLarge(Exception):
    """The processes of a function have more memory than they may; the message says so."""


class UserProcess:
    """One user function, whose process is started when it is first called, and again after it was ended.

    Its methods are called by one thread, which lives as long as the process: the system ends a process with the thread
    that started it.

    Attributes:
        ending: Ends a call that is under way when it is set, by any thread; it then fails.
    """

    def __init__(self, spec: ProcessingSpec, *, seconds: float = CALL_SECONDS) -> None:
        """Prepares a function.

        Args:
            spec: Function, parser, features, options, and the memory that its processes may have.
            seconds: Seconds that a call may take.
        """
        self.ending = threading.Event()
        self._task = Task(spec.function, spec.parser, tuple(spec.features), dict(spec.options), spec.memory)
        self._seconds = seconds
        self._stopped: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def call(self, rows: bytes) -> dict[str, float]:
        """Returns the numbers by name that the function returns for the reports of a window.

        Args:
            rows: The reports, a list of mappings in MessagePack.

        Raises:
            FunctionFailed: The function raised, took too long, ended its process, or could not be loaded.
        """
        if self._connection is None:
            self._start()
        return self._ask(rows, self._seconds).numbers

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            # The process is a keeper, which ends all descendants before itself.
            self._process.terminate()
            try:
                self._process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                send(stop_descendants(self._process.pid), signal.SIGKILL)
                self._process.kill()
                self._process.wait()
            self._process = None
        self._stopped = []

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()

    def _start(self) -> None:
        self._connection, far = socket.socketpair()
        with far:
            # It writes nothing to this process but answers; what the function prints goes to the log.
            command = [sys.executable, "-P", "-m", "rohe_iac.observation.judging.user_program", str(far.fileno())]
            environment = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    pass_fds=[far.fileno()],
                    start_new_session=True,
                    env=environment,
                )
            except OSError as error:
                self.close()
                raise FunctionFailed(f"no process can be started: {error.strerror}") from error
        self._ask(msgspec.msgpack.encode(self._task), LOAD_SECONDS, loading=True)

    def _ask(self, content: bytes, seconds: float, *, loading: bool = False) -> FunctionAnswer:
        send(self._stopped, signal.SIGCONT)
        try:
            answer = _ANSWER.decode(self._exchange(content, time.monotonic() + seconds))
            assert self._process is not None
            self._stopped = stop_descendants(self._process.pid)
            self._check_memory(self._process.pid, self._stopped)
        except _TooLarge as error:
            self.close()
            raise FunctionFailed(str(error)) from None
        except _Ended:
            self.close()
            raise FunctionFailed("the agent ended") from None
        except TimeoutError:
            self.close()
            verb = "load" if loading else "answer"
            raise FunctionFailed(f"it did not {verb} within {seconds:g} s, and was ended") from None
        except (OSError, msgspec.DecodeError) as error:
            code = self._ended_with()
            self.close()
            raise FunctionFailed(f"its process ended ({code})") from error
        if answer.failure:
            short = answer.failure.startswith("MemoryError")
            if loading or short:
                # What it holds is given back with its process.
                self.close()
            bound = f" (its processes may have {self._shown_bound} of memory)" if short else ""
            raise FunctionFailed(answer.failure.rstrip(": ") + bound)
        return answer

    def _ended_with(self) -> str:
        """Returns the exit code of the process, or the signal that ended it, as people read it."""
        assert self._process is not None
        try:
            code = self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            return "it closed its connection"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def _exchange(self, content: bytes, end: float) -> bytes:
        """Sends a message and returns the answer to it, both until a time of the monotonic clock.

        Raises:
            TimeoutError: There is no answer by then.
            OSError: The process has ended.
            _TooLarge: It has more memory than it may.
            _Ended: `ending` is set.
        """
        connection = self._connection
        assert connection is not None
        connection.settimeout(max(0.001, end - time.monotonic()))
        connection.sendall(LENGTH.pack(len(content)) + content)
        self._wait(connection, end)
        (length,) = LENGTH.unpack(self._read(connection, LENGTH.size, end))
        if length > MAX_ANSWER:
            raise ConnectionAbortedError
        return self._read(connection, length, end)

    def _wait(self, connection: socket.socket, end: float) -> None:
        """Waits until there is an answer or the end has come, and meanwhile looks at the memory."""
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(min(left, LOOK_SECONDS))
            with contextlib.suppress(TimeoutError):
                connection.recv(1, socket.MSG_PEEK)
                return
            if self.ending.is_set():
                raise _Ended
            if self._process is not None:
                self._check_memory(self._process.pid, descendants(self._process.pid))

    def _check_memory(self, keeper: int, kept: list[int]) -> None:
        if memory_of([keeper, *kept]) > self._task.memory:
            raise _TooLarge(f"its processes had more than {self._shown_bound} of memory, and were ended")

    @property
    def _shown_bound(self) -> str:
        return exact_bytes(self._task.memory)

    @staticmethod
    def _read(connection: socket.socket, length: int, end: float) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            connection.settimeout(max(0.001, end - time.monotonic()))
            part = connection.recv(min(length - len(parts), 65536))
            if not part:
                raise ConnectionAbortedError
            parts += part
        return bytes(parts)
