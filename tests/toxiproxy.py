"""A proxy of TCP whose connections can be slowed down and cut (toxiproxy), for servers behind bad networks.

`python tests/toxiproxy.py` builds it into the cache, as `make programs` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.deployment.programs.build import build
from rohe_iac.deployment.programs.go_module import GoModule
from rohe_iac.trial_cluster.keeper_main import free_ports

PROGRAM = "toxiproxy-server"
MODULE = GoModule(
    "toxiproxy",
    "toxiproxy",
    "github.com/Shopify/toxiproxy/v2",
    {PROGRAM: "github.com/Shopify/toxiproxy/v2/cmd/server"},
    {},
    1,
    Path(__file__).parents[1] / "tools" / "toxiproxy",
)


class Proxy:
    """One proxy of one server.

    Attributes:
        port: Port of 127.0.0.1 that it listens on.
    """

    def __init__(self, api: int, port: int, upstream: str) -> None:
        self._api, self.port = api, port
        self._ask("/proxies", {"name": "server", "listen": f"127.0.0.1:{port}", "upstream": upstream})

    def delay(self, seconds: float) -> None:
        """Delays every answer of the server from now on; what is under way goes on."""
        toxic = {"name": "delay", "type": "latency", "attributes": {"latency": int(seconds * 1000)}}
        self._ask("/proxies/server/toxics", toxic)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Ends all connections and refuses new ones while the block runs."""
        self._ask("/proxies/server", {"enabled": False})
        try:
            yield
        finally:
            self._ask("/proxies/server", {"enabled": True})

    def _ask(self, path: str, values: dict[str, Any]) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{self._api}{path}", json.dumps(values).encode())
        with urllib.request.urlopen(request, timeout=10):
            return


@contextmanager
def proxy_of(upstream: str) -> Iterator[Proxy]:
    """Runs a proxy of a server, given as HOST:PORT; without the program the test is skipped, loudly."""
    if not MODULE.built:
        pytest.skip("toxiproxy is not built; `make programs` builds it")
    api, port = free_ports(2)
    command = [str(MODULE.executable(PROGRAM)), "-host", "127.0.0.1", "-port", str(api)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                proxy = Proxy(api, port, upstream)
                break
            except urllib.error.URLError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield proxy
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    print(build(MODULE, lambda line: print(line, file=sys.stderr)))
