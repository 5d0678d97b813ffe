"""Peer guard: lets one process of this machine call a gRPC server, and refuses all others.

The engine and its plugins speak over ports of loopback without passwords, and every user can connect to those.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import grpc

from rohe_iac.foundation.peers import Endpoint, Peer, peer_of

REPORTED = 100
"""A caller's refusals are reported for the first time and then once in so many, so that no caller can fill a log."""


class PeerGuard(grpc.ServerInterceptor):
    """Refuses every call whose connection is not one of the permitted process.

    Attributes:
        port: Port of the server on 127.0.0.1, 0 before it is known; every call is refused until then.
    """

    def __init__(self, permitted: Callable[[], int], on_refusal: Callable[[str], None]) -> None:
        """Makes a guard.

        Args:
            permitted: Returns the id of the process that may call, 0 where there is none.
            on_refusal: Receives a sentence about a refused caller, from the thread of the call.
        """
        self.port = 0
        self._permitted, self._on_refusal = permitted, on_refusal
        self._known: frozenset[tuple[int, Peer]] = frozenset()
        self._refusals: dict[str, int] = {}
        self._counting = threading.Lock()

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Returns the handler of a call with the check before it."""
        handler = continuation(details)
        if handler is None:
            return None
        if handler.request_streaming:
            behaviour = handler.stream_stream if handler.response_streaming else handler.stream_unary
        else:
            behaviour = handler.unary_stream if handler.response_streaming else handler.unary_unary

        def answer(request: Any, context: Any) -> Any:
            self._check(details.method, context)
            return behaviour(request, context)

        def stream(request: Any, context: Any) -> Iterator[Any]:
            self._check(details.method, context)
            yield from behaviour(request, context)

        kinds = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }
        made = kinds[handler.request_streaming, handler.response_streaming]
        checked = stream if handler.response_streaming else answer
        return made(checked, handler.request_deserializer, handler.response_serializer)

    def _check(self, method: str, context: Any) -> None:
        far = _endpoint(context.peer())
        peer = peer_of(("127.0.0.1", self.port), far) if far is not None else None
        if peer is not None and self._is_permitted(peer):
            return
        self._report(peer, method)
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "only the engine that rohe started may call this server")

    def _is_permitted(self, peer: Peer) -> bool:
        pid = self._permitted()
        if pid <= 0:
            return False
        if (pid, peer) not in self._known:
            if not peer.belongs_to(pid):
                return False
            # The number of a socket is not given again while the socket is open, and the table shows open ones alone.
            self._known = frozenset({*list(self._known)[-15:], (pid, peer)})
        return True

    def _report(self, peer: Peer | None, method: str) -> None:
        caller = f"a process of user {peer.user}" if peer is not None else "a process that has ended its connection"
        with self._counting:
            count = self._refusals.get(caller, 0)
            self._refusals[caller] = count + 1
        if count % REPORTED == 0:
            times = f", {count + 1} calls so far" if count else ""
            name = method.rpartition("/")[2]
            self._on_refusal(f"refused the call {name} of {caller}: only the engine that rohe started may call{times}")


def _endpoint(text: str) -> Endpoint | None:
    """Returns the endpoint of gRPC's text for a peer (`ipv4:127.0.0.1:80`, `ipv6:%5B::1%5D:80`), None for others."""
    family, _, rest = unquote(text).partition(":")
    address, _, port = rest.rpartition(":")
    if family not in ("ipv4", "ipv6") or not port.isdecimal():
        return None
    try:
        return str(ipaddress.ip_address(address.strip("[]"))), int(port)
    except ValueError:
        return None
