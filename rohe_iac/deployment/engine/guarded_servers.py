"""Guarded servers: the gRPC servers that the Automation API opens in this process answer the engine alone."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.automation import _stack

from rohe_iac.deployment.engine.peer_guard import PeerGuard


@contextlib.contextmanager
def guarded_servers(engine: Callable[[], int], on_refusal: Callable[[str], None]) -> Iterator[None]:
    """Guards the servers that the Automation API opens while the block runs.

    The Automation API opens a server for the inline program and one for events, and has no setting for interceptors;
    the name `grpc` of its module is therefore replaced for the time of the block. Only one thread may be in a block.

    Args:
        engine: Returns the id of the engine's process, 0 while none runs.
        on_refusal: Receives a sentence about each refused caller, from the thread of the call.
    """

    def server(pool: ThreadPoolExecutor, options: Sequence[tuple[str, Any]] = ()) -> _GuardedServer:
        guard = PeerGuard(engine, on_refusal)
        return _GuardedServer(grpc.server(pool, interceptors=[guard], options=options), guard)

    before = vars(_stack)["grpc"]
    vars(_stack)["grpc"] = types.SimpleNamespace(**{**vars(before), "server": server})
    try:
        yield
    finally:
        vars(_stack)["grpc"] = before


class _GuardedServer:
    """A gRPC server that passes the number of its port on to its guard."""

    def __init__(self, server: grpc.Server, guard: PeerGuard) -> None:
        self._server, self._guard = server, guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def add_insecure_port(self, address: str) -> int:
        self._guard.port = self._server.add_insecure_port(address)
        return self._guard.port
