"""Program of the keeper: `python -m rohe_iac.trial_cluster.keeper_main FOLDER OWNER KUBERNETES KINE KWOK`."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from rohe_iac.trial_cluster.files import ControlPlaneFiles
from rohe_iac.trial_cluster.keeper import run
from rohe_iac.trial_cluster.programs import ClusterPrograms
from rohe_iac.trial_cluster.servers import ServerCommands


def free_ports(count: int) -> list[int]:
    """Returns TCP ports of 127.0.0.1 on which nothing listens, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(opened.getsockname()[1]) for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


def main(arguments: list[str]) -> int:
    """Runs a control plane in FOLDER until a signal, or the end of the process OWNER; returns the exit status."""
    folder, owner, kubernetes, kine, kwok = arguments
    files = ControlPlaneFiles(Path(folder))
    store, api = free_ports(2)
    programs = ClusterPrograms(Path(kubernetes), Path(kine), Path(kwok))
    return run(files, ServerCommands(programs, files, store, api), files.prepare(), int(owner))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
