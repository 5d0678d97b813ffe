"""The executable `pulumi-resource-rohe`: prints its port and serves the engine until it is told to stop."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from concurrent import futures

THREADS = 32
"""Resources made at the same time."""


def main() -> None:
    """Serves on a port of loopback that the system gives; the engine reads it from stdout."""
    import grpc

    from rohe_iac.targets.provider.service import provider_class
    from rohe_iac.targets.provider.stubs import load_stubs

    _end_with_parent()
    stubs = load_stubs()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=THREADS))
    stubs.provider_grpc.add_ResourceProviderServicer_to_server(provider_class(stubs)(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine asks its plugins to go by a signal and waits seconds for those that do not; nothing is kept in memory.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _end_with_parent() -> None:
    # The kernel's own "kill me when my parent dies" goes by thread, and the engine's threads come and go; so watch
    # the process. What was half-made then is made again by the next apply: every `make` is idempotent.
    parent = os.getppid()

    def watch() -> None:
        try:
            select.select([os.pidfd_open(parent)], [], [])
        except OSError:
            # A kernel without pidfd_open (before 5.3), or a parent that is gone already.
            while os.getppid() == parent:
                time.sleep(0.2)
        os._exit(1)

    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
