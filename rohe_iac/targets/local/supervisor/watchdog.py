"""Watchdog: keeps the supervisor of a stack up, and ends programs that do not answer, which the supervisor restarts.

The supervisor runs the watchdog as one of its programs, restarts it when it dies and continues it when it is suspended.
When the supervisor dies, the watchdog, which outlives it, starts the supervisor again and exits; the new supervisor
starts a watchdog of its own.
Runs as `python -P -m rohe_iac.targets.local.supervisor.watchdog STACK_FOLDER`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder, free_bytes, write_obstacle
from rohe_iac.targets.local.stack_folder import BROKER, Layout
from rohe_iac.targets.local.supervisor import wrapper
from rohe_iac.targets.local.supervisor.probes import Liveness
from rohe_iac.targets.local.supervisor.processes import end_group, is_suspended
from rohe_iac.targets.local.supervisor.program import read_program
from rohe_iac.targets.local.supervisor.supervision import Supervision

LOG = logging.getLogger(__name__)

PERIOD = 2.0
"""Seconds between two rounds."""

SILENCE = 30.0
"""Seconds without an answer after which the supervisor is killed and started again."""

ROOM_AGAIN = 4 * 2**20
"""Bytes free above which a disk that was full counts as having room again."""

MAX_PAUSE = 60.0
"""Longest pause in seconds between two attempts to start the supervisor."""


class Watchdog:
    """Watches one supervisor and its programs."""

    def __init__(self, layout: Layout, supervisor: int) -> None:
        """Watches the supervisor with the process id `supervisor` until it ends."""
        self._layout = layout
        self._supervisor = supervisor
        self._supervision = Supervision(layout)
        self._liveness: dict[str, Liveness] = {}
        self._answered = time.monotonic()
        self._was_full = False
        self._pool = ThreadPoolExecutor(8)

    def run(self) -> None:
        """Watches until the supervisor has ended, and then starts another one, unless the stack was ended."""
        while not self._ended(PERIOD):
            self._check_supervisor()
            self._check_programs()
            self._check_disk()
        self._revive()

    def _ended(self, patience: float) -> bool:
        """Waits for the supervisor's end for at most `patience` seconds and returns whether it has ended."""
        if os.getppid() != self._supervisor:
            return True
        try:
            descriptor = os.pidfd_open(self._supervisor)
        except OSError:
            # The kernel is older than pidfd_open (5.3).
            time.sleep(patience)
            return os.getppid() != self._supervisor
        try:
            select.select([descriptor], [], [], patience)
        finally:
            os.close(descriptor)
        return os.getppid() != self._supervisor

    def _check_supervisor(self) -> None:
        if self._supervision.pid(timeout=2.0):
            self._answered = time.monotonic()
            return
        if is_suspended(self._supervisor):
            LOG.warning("the supervisor was suspended: it is continued")
            os.kill(self._supervisor, signal.SIGCONT)
        if time.monotonic() - self._answered > SILENCE:
            LOG.warning("the supervisor has not answered for %.0f s: it is killed and started again", SILENCE)
            os.kill(self._supervisor, signal.SIGKILL)

    def _check_programs(self) -> None:
        due = []
        for folder in self._layout.program_folders():
            run = wrapper.read_json(str(folder / "run.json"))
            program = read_program(folder)
            if program is None or program.liveness is None or run.get("state") != "started":
                continue
            liveness = self._liveness.get(program.name)
            if liveness is None or liveness.run != run or liveness.probe != program.liveness:
                liveness = self._liveness[program.name] = Liveness(program.liveness, program.startup, run, self._layout)
            if liveness.is_due(time.monotonic()):
                due.append((folder, liveness))
        faults = self._pool.map(lambda pair: pair[1].fault(time.monotonic()), due)
        for (folder, liveness), fault in zip(due, list(faults), strict=True):
            if liveness.record(fault, time.monotonic()):
                reason = f"{liveness.probe.words} did not answer {liveness.probe.failures} times in a row: {fault}"
                LOG.warning("%s is restarted: %s", folder.name, reason)
                self._end(folder, liveness.pid, liveness.ticks, reason)
                del self._liveness[folder.name]

    def _check_disk(self) -> None:
        """Restarts the broker once a full disk has room again: NATS does not write to streams whose writes failed."""
        folder = self._layout.folder.path
        if write_obstacle(folder):
            self._was_full = True
        elif self._was_full and free_bytes(folder) >= ROOM_AGAIN:
            self._was_full = False
            broker = self._layout.program(BROKER)
            run = wrapper.read_json(str(broker / "run.json"))
            if run.get("state") == "started":
                LOG.warning("the disk has room again: the broker is restarted")
                self._end(broker, run["pid"], run.get("ticks"), "the disk was full and has room again")

    def _end(self, folder: Path, pid: int, ticks: int | None, reason: str) -> None:
        """Ends a program, which the supervisor then restarts, and writes the reason into the program's folder.

        Args:
            folder: The program's folder.
            pid: Process id of the program's run.
            ticks: When that process began, as `end_group` takes it.
            reason: Why the program is ended.
        """
        wrapper.write_json(str(folder / "liveness.json"), {"pid": pid, "reason": reason})
        self._pool.submit(end_group, pid, ticks)

    def _revive(self) -> None:
        # The supervisor read what this process prints.
        with contextlib.suppress(OSError):
            log = os.open(self._layout.log("watchdog"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, sys.stdout.fileno())
        pause = 1.0
        while self._layout.is_kept_up:
            try:
                LOG.warning("the supervisor ended: it is started again")
                self._supervision.revive()
                return
            except (RoheError, OSError) as error:
                LOG.warning("the supervisor cannot be started, next attempt in %.0f s: %s", pause, error)
                time.sleep(pause)
                pause = min(MAX_PAUSE, 2 * pause)


def main(folder: str) -> None:
    """Watches the supervisor that started this process."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stdout)
    # A line that cannot be written, such as after the end of the supervisor that reads it, is no reason to end.
    logging.raiseExceptions = False
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    supervisor = int(os.environ.get(wrapper.SUPERVISOR, "0"))
    Watchdog(Layout(StackFolder(Path(folder)), Path("/")), supervisor).run()


if __name__ == "__main__":
    main(sys.argv[1])
