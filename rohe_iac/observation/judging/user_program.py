"""User program: the process that runs one user function, started by `user_process` with bounds of time and memory.

It is told what to run, loads it, and then answers each window with numbers or with the reason why there are none.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.observation.judging.process_family import memory_of
from rohe_iac.observation.judging.process_keeper import fork_kept
from rohe_iac.observation.measuring.user_function import UnusableFunction, load_user_function
from rohe_iac.observation.reports.sample import number_of

LENGTH = struct.Struct(">I")
"""What precedes each message in both directions: its length in bytes."""


class Task(msgspec.Struct):
    """What a process runs.

    Attributes:
        function: `file.py:name` of the function.
        parser: `file.py:name` of what turns a report into samples; "" for none.
        features: Names of numbers that a sample must have.
        options: Keyword arguments of the function.
        memory: Bytes of memory that the processes of the function may have, Python and modules included.
    """

    function: str
    parser: str
    features: tuple[str, ...]
    options: dict[str, Any]
    memory: int


class FunctionAnswer(msgspec.Struct):
    """What came of loading, or of one window.

    Attributes:
        numbers: Numbers by name.
        failure: Why there are none; "" where there are.
    """

    numbers: dict[str, float] = {}
    failure: str = ""


def measured(
    task: Task, function: Callable[..., Any], parser: Callable[..., Any] | None, rows: list[dict[str, Any]]
) -> FunctionAnswer:
    """Returns the numbers of a function for some rows, each of a report; whatever it raises is the failure."""
    try:
        parsed: list[dict[str, Any]] = []
        for row in rows:
            made = parser(row) if parser is not None else row
            parsed += [dict(sample) for sample in made] if isinstance(made, list | tuple) else [dict(made)]
        wanted = [row for row in parsed if all(number_of(row.get(name)) is not None for name in task.features)]
        found = {str(name): number_of(value) for name, value in dict(function(wanted, **task.options)).items()}
    except Exception as error:  # noqa: BLE001
        # The function is the user's code and may raise anything; a failure is counted against it alone.
        return FunctionAnswer(failure=f"{type(error).__name__}: {error}"[:500])
    return FunctionAnswer({name: value for name, value in found.items() if value is not None})


def main(descriptor: int) -> None:
    """Answers what comes on a socket until it is closed."""
    fork_kept(descriptor)
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rwb") as stream:

        def received() -> bytes:
            with contextlib.suppress(ConnectionError):  # the agent ends this process
                head = stream.read(LENGTH.size)
                return stream.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else b""
            return b""

        def send(answer: FunctionAnswer) -> None:
            content = msgspec.msgpack.encode(answer)
            stream.write(LENGTH.pack(len(content)) + content)
            stream.flush()

        if not (first := received()):
            return
        task = msgspec.msgpack.decode(first, type=Task)
        try:
            function = load_user_function(task.function).function
            parser = load_user_function(task.parser).function if task.parser else None
        except UnusableFunction as error:
            send(FunctionAnswer(failure=error.brief[:500]))
            return
        _limit(task.memory)
        send(FunctionAnswer())
        while content := received():
            send(measured(task, function, parser, msgspec.msgpack.decode(content)))


def _limit(memory: int) -> None:
    """Bounds the private memory of this process to so many bytes; the agent looks at the rest.

    The kernel counts address space, of which a process has more than memory, such as the stacks of its threads: what it
    has of that by now is not part of the bound.
    """
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        present = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
        limit = present + max(0, memory - memory_of([os.getpid(), os.getppid()]))
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if soft in (resource.RLIM_INFINITY, -1) or limit < soft:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]))
