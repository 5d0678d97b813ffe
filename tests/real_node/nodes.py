"""Real nodes: their namespaces, their link to the machine, their programs, and their end.

All nodes of one RealNodes share namespaces, a bridge that joins their pods, one service proxy and one DNS server; each
has a container runtime and a kubelet of its own.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from real_node.control_groups import make_control_groups, remove_control_groups
from real_node.settings import NETWORK_PLUGINS, ApiServer, NodeSettings, SharedSettings
from real_node.store import copy_store

PATIENCE = 60.0
"""Seconds that a program has to start; on a machine at rest it takes one."""
PACKAGES = ("buildah", "containerd", "containernetworking-plugins", "debootstrap", "iptables", "runc")
"""Packages of Debian that nodes and their images need."""
COMMANDS = ("buildah", "containerd", "ctr", "debootstrap", "ip", "iptables", "nsenter", "runc", "setpriv", "unshare")
"""Commands of those packages, of iproute2 and of util-linux."""
SEARCH = f"/usr/local/sbin:/usr/sbin:/sbin:{os.environ.get('PATH', '')}"
"""Where commands are looked for."""
END = "-----END CERTIFICATE-----"
"""The last line of a certificate as PEM."""
HIDDEN = ("/run", "/var/lib/cni", "/var/lib/kubelet", "/var/log")
"""Folders that the programs write to without being asked; each is an empty one inside the namespaces."""
SETTINGS = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")
"""Settings of the kernel, of the network namespace, without which pods do not reach Services."""


def obstacle() -> str:
    """Returns why no real node can be started on this machine; "" where nothing is known to be in the way."""
    if os.geteuid() != 0:
        return "a real node needs root"
    missing = [name for name in COMMANDS if shutil.which(name, path=SEARCH) is None]
    if not missing and (NETWORK_PLUGINS / "bridge").exists():
        return ""
    return f"there is no {', '.join(missing) or 'network plug-in'}: apt-get install {' '.join(PACKAGES)}"


class NodeFailed(Exception):
    """A node did not start; the text has the ends of the logs."""


@dataclass(frozen=True, slots=True)
class NodePrograms:
    """The executables of nodes that Debian does not have."""

    kubelet: Path
    proxy: Path
    dns: Path

    def missing(self) -> str:
        """Returns which of them is not built; "" where all are."""
        return ", ".join(f"there is no {path}" for path in (self.kubelet, self.proxy, self.dns) if not path.is_file())


class RealNodes:
    """Nodes that join the control plane of a kubeconfig; a context that ends them and all of their pods.

    Attributes:
        names: Names of the nodes.
        folder: Folder of the nodes' files.
    """

    def __init__(
        self, names: Sequence[str], kubeconfig: Path, client: Path, programs: NodePrograms, store: Path
    ) -> None:
        """Starts nothing yet.

        Args:
            names: Names of the nodes.
            kubeconfig: Kubeconfig of an administrator, who has a token.
            client: File with the certificate that the API server shows to kubelets, and maybe its private key.
            programs: The executables.
            store: Root folder of a container runtime that has all images; it is not changed.
        """
        self.names = tuple(names)
        self.folder = Path(tempfile.mkdtemp(prefix="nodes-", dir=store.parent))
        self._kubeconfig = yaml.safe_load(kubeconfig.read_text())
        self._client = client.read_text().partition(END)[0] + END + "\n"
        self._programs, self._store = programs, store
        self._running: list[subprocess.Popen[bytes]] = []
        self._inside: list[str] = []

    def __enter__(self) -> RealNodes:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def logs(self) -> str:
        """Returns the ends of the logs of all programs."""
        return "\n".join(f"== {path}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.rglob("*.log")))

    def _end(self) -> None:
        for process in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        self._running.clear()
        remove_control_groups(self.folder.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        # The first process of the namespaces: the kernel ends all others with it, and it ends with the tests.
        first = self._begin(
            "first",
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child=SIGKILL",
            "--mount-proc",
            "sleep",
            "infinity",
        )
        inner = _child_of(first.pid)
        self._inside = ["nsenter", "-t", str(inner), "-n", "-m", "-p"]
        outer, addresses = self._link(inner)
        shared = SharedSettings(self.folder, addresses[0], self._server(outer), self._client)
        shared.write()
        self._hide_the_machine()
        make_control_groups(self.folder.name)
        self._begin_inside("dns", str(self._programs.dns), "-conf", f"{self.folder}/Corefile")
        self._begin_inside(
            "proxy",
            str(self._programs.proxy),
            "--config",
            f"{self.folder}/proxy.yaml",
            "--hostname-override",
            self.names[0],
        )
        for name, address in zip(self.names, addresses, strict=True):
            folder = self.folder / name
            copy_store(self._store, folder / "containerd")
            make_control_groups(f"{self.folder.name}/{name}")
            settings = NodeSettings(name, folder, address, f"/{self.folder.name}/{name}", shared)
            settings.write()
            self._begin_inside(f"{name}-containerd", "containerd", "--config", f"{folder}/containerd.toml")
            self._begin_kubelet(settings)

    def _begin_kubelet(self, node: NodeSettings) -> None:
        self._wait("the container runtime", Path(node.socket).exists)
        self._begin_inside(
            f"{node.name}-kubelet",
            str(self._programs.kubelet),
            *("--config", f"{node.folder}/kubelet.yaml", "--kubeconfig", f"{self.folder}/kubeconfig"),
            *("--root-dir", f"{node.folder}/kubelet", "--cert-dir", f"{node.folder}/certificates"),
            *("--hostname-override", node.name, "--node-ip", node.address),
        )

    def _link(self, inner: int) -> tuple[str, list[str]]:
        """Joins the network namespace with the machine's; returns the machine's address in it and one a node."""
        for number in range(1, 255):
            name = f"rohe-nodes-{number}"
            made = _run(
                "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(inner), check=False
            )
            if made.returncode == 0:
                break
        else:
            raise NodeFailed(f"no link to the machine: {made.stderr}")
        outer = f"10.213.{number}.1"
        addresses = [f"10.213.{number}.{index}" for index in range(2, 2 + len(self.names))]
        _run("ip", "address", "add", f"{outer}/24", "dev", name)
        _run("ip", "link", "set", name, "up")
        for address in addresses:
            self._run_inside("ip", "address", "add", f"{address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            self._run_inside("ip", "link", "set", link, "up")
        # Nothing lies beyond the machine; the service proxy needs a route all the same.
        self._run_inside("ip", "route", "add", "default", "via", outer)
        return outer, addresses

    def _server(self, outer: str) -> ApiServer:
        """Passes the port of the API server on, which listens on loopback alone, at the machine's end of the link."""
        cluster, user = self._kubeconfig["clusters"][0]["cluster"], self._kubeconfig["users"][0]["user"]
        server = urlsplit(cluster["server"])
        host, port = str(server.hostname), str(server.port)
        self._begin("forwarder", sys.executable, str(Path(__file__).with_name("forwarder.py")), outer, host, port)
        authority = base64.b64encode(Path(cluster["certificate-authority"]).read_bytes()).decode()
        return ApiServer(f"https://{outer}:{port}", user["token"], host, authority)

    def _hide_the_machine(self) -> None:
        self._run_inside("mount", "--make-rshared", "/")
        for folder in HIDDEN:
            Path(folder).mkdir(exist_ok=True)
            self._run_inside("mount", "-t", "tmpfs", "tmpfs", folder)
        for setting in SETTINGS:
            self._run_inside("sh", "-c", f"echo 1 > /proc/sys/{setting}")

    def _run_inside(self, *command: str) -> None:
        _run(*self._inside, *command)

    def _begin_inside(self, name: str, *command: str) -> None:
        self._begin(name, *self._inside, *command)

    def _begin(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise NodeFailed(f"{what} did not start\n{self.logs()}")
            time.sleep(0.05)


def _child_of(pid: int) -> int:
    """Returns the only child of a process, once there is one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise NodeFailed("no namespaces were made")


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if check and ended.returncode:
        raise NodeFailed(f"{' '.join(command)}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return ended


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": SEARCH}
