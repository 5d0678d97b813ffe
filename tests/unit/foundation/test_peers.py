"""Claims about peers: the other end of a connection within this machine is known by user and socket, if it is open."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from rohe_iac.foundation.peers import listeners, peer_of


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_an_open_connection_belongs_to_its_user_and_process(server: socket.socket, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client:
        client.connect((address, server.getsockname()[1]))
        accepted, far = server.accept()
        with accepted:
            peer = peer_of(server.getsockname(), far)
            assert peer is not None
            assert (peer.uid, peer.inode) == (os.geteuid(), os.fstat(client.fileno()).st_ino)
            assert peer.belongs_to(os.getpid())
            with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
                assert not peer.belongs_to(other.pid)
                other.communicate(b"\n")
            assert not peer.belongs_to(0)
            assert f"uid {os.geteuid()}" in peer.user


def test_a_connection_that_was_closed_is_nobody_s_though_the_kernel_lists_it_under_root(server: socket.socket) -> None:
    with ExitStack() as stack:
        client = socket.create_connection(server.getsockname())
        accepted, far = server.accept()
        stack.enter_context(accepted)
        client.sendall(b"GET")
        client.close()
        assert peer_of(server.getsockname(), far) is None


def test_a_port_is_listed_while_a_socket_listens_on_it(server: socket.socket) -> None:
    assert listeners()[os.fstat(server.fileno()).st_ino] == server.getsockname()[1]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert os.fstat(silent.fileno()).st_ino not in listeners()
