"""`rohe broker run`: runs a broker's server in a container, and has it read its users again when they change.

A cluster changes a mounted Secret under a running container by renaming a link; the server itself does not look. The
module imports little, since it lives in the memory of the broker.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.targets.broker.server import BrokerServer
from rohe_iac.targets.broker.servers import SERVERS

LOG = logging.getLogger("rohe.broker")

INTERVAL = 0.5
"""Seconds between two looks at the files of the folder."""


class SettingsMissing(RoheError):
    """The folder has no settings of a known server."""

    exit_code = ExitCode.UNREACHABLE


def server_of(folder: Path) -> BrokerServer:
    """Returns the server whose settings are in the folder.

    Raises:
        SettingsMissing: There are settings of none.
    """
    for server in SERVERS.values():
        if (folder / server.settings_file).is_file():
            return server
    names = " or ".join(server.settings_file for server in SERVERS.values())
    raise SettingsMissing(f"{folder} has no {names}", hint="mount the Secret with the broker's settings there")


def run_broker(folder: Path) -> int:
    """Runs the server until it ends or SIGTERM or SIGINT ends it; returns its exit code, 128 + N after signal N.

    Args:
        folder: The folder with the settings and the users. A changed file makes the server read its users and
            certificates again; changed settings, which it cannot adopt, have it started again.

    Raises:
        SettingsMissing: The folder has no settings of a known server.
        BrokerMissing: The server's program is not installed.
    """
    server = server_of(folder)
    path = folder / server.settings_file
    known, settings = _signature(folder), path.read_bytes()
    command = [server.binary(), "-c", str(path)]
    process, ending = subprocess.Popen(command), False

    def forward(number: int, _frame: FrameType | None) -> None:
        nonlocal ending
        ending = True
        process.send_signal(signal.SIGTERM if number == signal.SIGINT else number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    while True:
        try:
            code = process.wait(INTERVAL)
        except subprocess.TimeoutExpired:
            found = _signature(folder)
            if found == known:
                continue
            known, former, settings = found, settings, path.read_bytes()
            if settings == former:
                LOG.info("the users or certificates changed: the server reads them again")
                process.send_signal(signal.SIGHUP)
                continue
            LOG.info("the settings changed: the server starts again")
            process.terminate()
            code = process.wait()
            if not ending:
                process = subprocess.Popen(command)
                continue
        return code if code >= 0 else 128 - code


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Returns what changes with any file of the folder: the names, and where and when each was written last."""
    found = []
    for path in sorted(folder.iterdir()):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # removed since the folder was listed
        found.append((path.name, status.st_ino, status.st_mtime_ns))
    return tuple(found)


def main() -> None:
    """Runs the broker of the folder that the command line names, without what `rohe` loads for other commands."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        code = run_broker(Path(sys.argv[1]))
    except RoheError as error:
        os.write(2, f"{error.brief}: {error.detail or error.hint}\n".encode())
        code = int(error.exit_code)
    sys.exit(code)


if __name__ == "__main__":
    main()
