"""Daemon: supervisord, with logs that survive a full disk and a record of how each run of a program ended.

Runs in the folder `run` of a stack: `python -P -m rohe_iac.targets.local.supervisor.daemon -c supervisord.conf`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import Any

from supervisor import loggers, options, process, supervisord
from supervisor.medusa import asyncore_25

from rohe_iac.foundation.quantities import counted, shown_bytes
from rohe_iac.targets.local.supervisor import cgroups, wrapper
from rohe_iac.targets.local.supervisor.processes import is_suspended
from rohe_iac.targets.local.supervisor.settings import WATCHDOG

LOOK_EVERY = 1.0
"""Least seconds between two looks at the watchdog."""


class PatientLog(loggers.Handler):  # type: ignore[misc]
    """A rotated log of bounded size. Where it cannot be written, it loses lines, counts them and says so later.

    Supervisor's own handler raises there, which ends the daemon and every program with it.
    """

    def __init__(self, filename: str, mode: str = "ab", maxBytes: int = 0, backupCount: int = 0) -> None:  # noqa: ARG002
        """Opens the log; the names of the parameters are those that supervisor passes.

        Args:
            filename: The log's path.
            mode: Ignored: a log is always appended to.
            maxBytes: Size in bytes above which the log is rotated, 0 for never.
            backupCount: Number of older files to keep.
        """
        super().__init__()
        self._path, self._limit, self._backups = filename, maxBytes, backupCount
        self._descriptor, self._size, self._lost = -1, 0, 0
        self.reopen()

    def emit(self, record: Any) -> None:
        """Writes a record; a record that cannot be written is counted as lost lines."""
        plain = self.fmt == "%(message)s" and isinstance(record.msg, bytes)
        content = record.msg if plain else (self.fmt % record.asdict()).encode(errors="replace")
        # A line may have been cut when the room ended.
        note = (
            f"\nrohe: {counted(self._lost, 'line')} of this log could not be written\n".encode() if self._lost else b""
        )
        try:
            if self._limit and self._size + len(content) > self._limit and self._size:
                self._rotate()
            if self._descriptor < 0:
                self._open()
            if note:
                self._write(note)
                self._lost = 0
            self._write(content)
        except OSError:
            self._lost += max(1, content.count(b"\n"))

    def flush(self) -> None:
        """Does nothing: nothing is buffered."""

    def reopen(self) -> None:
        """Closes and opens the file again."""
        self.close()
        with contextlib.suppress(OSError):
            self._open()

    def remove(self) -> None:
        """Closes and removes the file."""
        self.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _open(self) -> None:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _write(self, content: bytes) -> None:
        while content:
            written = os.write(self._descriptor, content)
            self._size += written
            content = content[written:]

    def _rotate(self) -> None:
        self.close()
        for index in range(self._backups, 0, -1):
            source = self._path if index == 1 else f"{self._path}.{index - 1}"
            with contextlib.suppress(FileNotFoundError):
                os.replace(source, f"{self._path}.{index}")


class SteadyTime:
    """The time as supervisor's processes read it: seconds since the epoch that go on as the monotonic clock does.

    Supervisor counts by it how long a program may take to end: a clock set forward would have it killed at once.
    """

    def __init__(self) -> None:
        """Begins with the present time of the clock."""
        self._start = time.time() - time.monotonic()

    def time(self) -> float:
        """Returns the time."""
        return self._start + time.monotonic()


class RecordingOptions(options.ServerOptions):  # type: ignore[misc]
    """Supervisor's options, which record how each process ended before the supervisor starts it again."""

    def waitpid(self) -> tuple[int | None, int | None]:
        """Returns the next child that ended and its wait status, or (None, None)."""
        pid, status = super().waitpid()
        process = self.pidhistory.get(pid) if pid else None
        if process is not None:
            record_end(f"programs/{process.config.name}", pid, status)
        return pid, status


class WatchingSupervisor(supervisord.Supervisor):  # type: ignore[misc]
    """Supervisor that keeps its watchdog at work: one that is suspended is continued, or else killed and restarted."""

    def __init__(self, settings: RecordingOptions) -> None:
        """Prepares the supervisor with its settings."""
        super().__init__(settings)
        self._next_look = 0.0
        self._continued = 0

    def tick(self, now: float | None = None) -> None:
        """Does the periodic work, which comes at least once a second."""
        super().tick(now)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_EVERY
            self._keep_watchdog()

    def _keep_watchdog(self) -> None:
        group = self.process_groups.get(WATCHDOG)
        pid = group.processes[WATCHDOG].pid if group is not None else 0
        if not pid or not is_suspended(pid):
            self._continued = 0
            return
        # What SIGCONT has not continued, such as a process that a debugger has stopped, is replaced.
        again = self._continued == pid
        self.options.logger.warn(
            f"the watchdog was suspended: it is {'killed and restarted' if again else 'continued'}"
        )
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL if again else signal.SIGCONT)
        self._continued = pid


def record_end(folder: str, pid: int, status: int) -> None:
    """Writes end.json: how the run of a program ended, and whether the kernel killed for its memory limit meanwhile.

    Args:
        folder: The program's folder; a process without one, such as the watchdog, is not recorded.
        pid: The process that ended.
        status: Its wait status.
    """
    if not os.path.isdir(folder):
        return
    last = wrapper.read_json(f"{folder}/end.json")
    settings = wrapper.read_json(f"{folder}/program.json")
    kills = cgroups.memory_kills(settings.get("cgroups", ()))
    value = {
        "pid": pid,
        "at": time.time(),
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "memory_kills": kills,
        "words": _end_words(folder, pid, status),
    }
    if kills > int(last.get("memory_kills", 0)):
        value["words"] = f"was killed for memory: {shown_bytes(settings['program']['memory'])}"
    wrapper.write_json(f"{folder}/end.json", value)
    if value["code"] == 0 and settings.get("program", {}).get("once"):
        run = wrapper.read_json(f"{folder}/run.json")
        if run.get("pid") == pid and run.get("digest") == settings.get("digest"):
            wrapper.write_json(f"{folder}/{wrapper.DONE}", {"digest": run["digest"]})


def _end_words(folder: str, pid: int, status: int) -> str:
    """Returns how a run ended, to follow `the last run`."""
    liveness = wrapper.read_json(f"{folder}/liveness.json")
    if liveness.get("pid") == pid:
        return f"was restarted: {liveness.get('reason')}"
    if os.WIFEXITED(status):
        return f"ended with exit code {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    known = number in set(signal.Signals)
    return f"was ended by {signal.Signals(number).name if known else f'signal {number}'}"


def main(arguments: list[str]) -> None:
    """Runs the daemon until it is stopped."""
    loggers.RotatingFileHandler = PatientLog
    process.time = SteadyTime()
    # A pid file cannot be written on a full disk, so programs learn the daemon's process id from their environment.
    os.environ[wrapper.SUPERVISOR] = str(os.getpid())
    settings = RecordingOptions()
    settings.realize(arguments, doc=supervisord.__doc__)
    settings.first, settings.test = True, False
    with contextlib.suppress(asyncore_25.ExitNow):
        WatchingSupervisor(settings).main()


if __name__ == "__main__":
    main(sys.argv[1:])
