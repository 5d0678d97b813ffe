"""Settings of the programs of real nodes: container runtime, network, kubelet, service proxy and DNS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from real_node.store import snapshotter

PODS = "10.244.0.0/24"
"""Addresses of the pods; they exist inside the network namespace of the nodes only."""
DOMAIN = "cluster.local"
"""The domain of the cluster's names."""
SANDBOX_IMAGE = "rohe.test/sandbox:1"
"""The image that holds the namespaces of a pod."""
NETWORK_PLUGINS = Path("/usr/lib/cni")
"""The folder of Debian's containernetworking-plugins."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """The API server as nodes reach it.

    Attributes:
        url: Its URL.
        token: Token of an administrator of the cluster.
        name: Name in its certificate.
        authority: The certificate, in base64, that its own is checked against.
    """

    url: str
    token: str
    name: str
    authority: str

    def kubeconfig(self) -> str:
        """Returns the text of a kubeconfig."""
        check = {"certificate-authority-data": self.authority, "tls-server-name": self.name}
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "cluster", "cluster": {"server": self.url, **check}}],
                "users": [{"name": "node", "user": {"token": self.token}}],
                "contexts": [{"name": "node", "context": {"cluster": "cluster", "user": "node"}}],
                "current-context": "node",
            }
        )


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """The files that all nodes share.

    Attributes:
        folder: Folder of the files.
        address: Address of the DNS server.
        server: The API server.
        client: The certificate that the API server shows to kubelets, as PEM.
    """

    folder: Path
    address: str
    server: ApiServer
    client: str

    def write(self) -> None:
        """Writes the files."""
        write_private(self.folder / "kubeconfig", self.server.kubeconfig())
        write_private(self.folder / "clients.crt", self.client)
        write_private(self.folder / "network" / "10-pods.conflist", json.dumps(self._network()))
        write_private(self.folder / "proxy.yaml", yaml.safe_dump(self._proxy()))
        write_private(self.folder / "Corefile", self._corefile())
        write_private(self.folder / "resolv.conf", "")

    def _network(self) -> dict[str, object]:
        addresses = {
            "type": "host-local",
            "dataDir": f"{self.folder}/addresses",
            "ranges": [[{"subnet": PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        bridge = {"type": "bridge", "bridge": "pods", "isGateway": True, "hairpinMode": True, "ipam": addresses}
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]}

    def _proxy(self) -> dict[str, object]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clusterCIDR": PODS,
            "bindAddress": self.address,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "clientConnection": {"kubeconfig": f"{self.folder}/kubeconfig"},
            # The limits of connection tracking are the machine's.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "iptables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
        }

    def _corefile(self) -> str:
        return f"""\
.:53 {{
    bind {self.address}
    errors
    kubernetes {DOMAIN} in-addr.arpa {{
        kubeconfig {self.folder}/kubeconfig node
        ttl 0
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The files of one node.

    Attributes:
        name: Name of the node.
        folder: Folder of everything that the node writes.
        address: Address of the node.
        group: Path of the control group of its pods.
        shared: What all nodes share.
    """

    name: str
    folder: Path
    address: str
    group: str
    shared: SharedSettings

    @property
    def socket(self) -> str:
        """Returns the path of the container runtime's socket."""
        return f"{self.folder}/containerd.sock"

    def write(self) -> None:
        """Writes the files."""
        write_private(self.folder / "containerd.toml", self._containerd())
        write_private(self.folder / "kubelet.yaml", yaml.safe_dump(self._kubelet()))

    def _containerd(self) -> str:
        # Without CAP_SYS_RESOURCE, as in many virtual machines, no process may get a lower score than its parent has.
        return f"""\
version = 2
root = "{self.folder}/containerd"
state = "{self.folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "{self.socket}"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "{SANDBOX_IMAGE}"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "{snapshotter()}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{NETWORK_PLUGINS}"
conf_dir = "{self.shared.folder}/network"
"""

    def _kubelet(self) -> dict[str, object]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "address": self.address,
            "healthzPort": 0,
            "readOnlyPort": 0,
            # As in clusters of kubeadm: the API server decides who may use a kubelet, and itself has a certificate.
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": f"{self.shared.folder}/clients.crt"},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": self.group,
            "failSwapOn": False,
            "failCgroupV1": False,
            "enforceNodeAllocatable": [],
            "localStorageCapacityIsolation": False,
            "evictionHard": {"memory.available": "1Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
            "imageGCHighThresholdPercent": 100,
            "podLogsDir": f"{self.folder}/logs",
            "clusterDNS": [self.shared.address],
            "clusterDomain": DOMAIN,
            "resolvConf": f"{self.shared.folder}/resolv.conf",
            "nodeStatusUpdateFrequency": "1s",
            "serializeImagePulls": False,
            "registerNode": True,
        }


def write_private(path: Path, text: str) -> None:
    """Writes a file that its owner alone can read, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
