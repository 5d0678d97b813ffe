"""Claims about peer_guard and guarded_servers: calls of one process are answered, of any other refused and reported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from pulumi.automation import _stack

from rohe_iac.deployment.engine.guarded_servers import guarded_servers
from rohe_iac.deployment.engine.peer_guard import REPORTED

METHODS = {
    "unary": grpc.unary_unary_rpc_method_handler(lambda request, _: request),
    "download": grpc.unary_stream_rpc_method_handler(lambda request, _: iter([request, request])),
    "upload": grpc.stream_unary_rpc_method_handler(lambda requests, _: b"".join(requests)),
    "both": grpc.stream_stream_rpc_method_handler(lambda requests, _: requests),
}


class _Desk:
    """A guarded server whose permitted process can be changed."""

    def __init__(self) -> None:
        self.permitted = os.getpid()
        self.refusals: list[str] = []


@pytest.fixture
def desk() -> _Desk:
    return _Desk()


@pytest.fixture
def channel(desk: _Desk) -> Iterator[grpc.Channel]:
    """Yields a channel to a server that was opened as the Automation API opens its servers."""
    pool = ThreadPoolExecutor(max_workers=2)
    with guarded_servers(lambda: desk.permitted, desk.refusals.append):
        server = vars(_stack)["grpc"].server(pool, options=[])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("Desk", METHODS)])
    port = server.add_insecure_port(address="127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(0).wait()
    pool.shutdown()


def _call_all(channel: grpc.Channel) -> list[object]:
    return [
        channel.unary_unary("/Desk/unary")(b"a"),
        list(channel.unary_stream("/Desk/download")(b"a")),
        channel.stream_unary("/Desk/upload")(iter([b"a", b"b"])),
        list(channel.stream_stream("/Desk/both")(iter([b"a", b"b"]))),
    ]


def test_the_permitted_process_is_answered_by_every_kind_of_method(desk: _Desk, channel: grpc.Channel) -> None:
    assert _call_all(channel) == [b"a", [b"a", b"a"], b"ab", [b"a", b"b"]]
    assert desk.refusals == []
    assert vars(_stack)["grpc"] is grpc


@pytest.mark.parametrize("permitted", [0, 1, os.getppid()])
def test_another_process_is_refused_by_every_kind_of_method_and_reported_seldom(
    desk: _Desk, channel: grpc.Channel, permitted: int
) -> None:
    desk.permitted = permitted
    calls = [
        lambda: channel.unary_unary("/Desk/unary")(b"a"),
        lambda: list(channel.unary_stream("/Desk/download")(b"a")),
        lambda: channel.stream_unary("/Desk/upload")(iter([b"a"])),
        lambda: list(channel.stream_stream("/Desk/both")(iter([b"a"]))),
    ]
    for call in calls * (REPORTED // 2):
        with pytest.raises(grpc.RpcError) as refusal:
            call()
        assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert len(desk.refusals) == 2
    assert "refused the call unary of a process of user" in desk.refusals[0]


def test_a_process_that_was_permitted_once_is_refused_when_another_is_permitted(
    desk: _Desk, channel: grpc.Channel
) -> None:
    assert channel.unary_unary("/Desk/unary")(b"a") == b"a"
    desk.permitted = 1
    with pytest.raises(grpc.RpcError):
        channel.unary_unary("/Desk/unary")(b"a")


def test_a_method_that_is_not_there_stays_so(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        channel.unary_unary("/Desk/nothing")(b"a")
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
