"""The executable `pulumi-resource-rohe`: prints its port and serves the engine until a signal stops it."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time

THREADS = 512
"""Number of resources that can be made, or waited for, at the same time; a thread is made when it is needed."""


def main() -> None:
    """Serves on a free port of loopback, which the engine reads from the standard output."""
    # The engine stops its plugins by a signal and waits seconds for those that stay. Nothing here is kept in memory,
    # so the process may exit at once, during the imports too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    from concurrent import futures

    import grpc

    from rohe_iac.deployment.engine.peer_guard import PeerGuard
    from rohe_iac.targets.provider.service import provider_of
    from rohe_iac.targets.provider.stubs import load_stubs

    _end_with_parent()
    stubs = load_stubs()
    engine = os.getppid()
    guard = PeerGuard(lambda: engine, _report)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=THREADS), interceptors=[guard])
    stubs.provider_grpc.add_ResourceProviderServicer_to_server(provider_of(stubs), server)
    port = guard.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _report(sentence: str) -> None:
    from rohe_iac.deployment.ports import NOTE

    # The engine passes lines of the standard error on to rohe, which shows the lines that begin so.
    sys.stderr.write(f"{NOTE}{sentence}\n")
    sys.stderr.flush()


def _end_with_parent() -> None:
    # PR_SET_PDEATHSIG reacts to the end of the parent's thread, and the engine's threads come and go, so the parent's
    # process is watched instead. The next apply finishes what is half-made then: every `make` is idempotent.
    parent = os.getppid()

    def watch() -> None:
        try:
            select.select([os.pidfd_open(parent)], [], [])
        except OSError:
            # The kernel is older than pidfd_open (5.3), or the parent has ended already.
            while os.getppid() == parent:
                time.sleep(0.2)
        os._exit(1)

    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
