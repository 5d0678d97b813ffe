"""Storage and Secrets of an observed stack in a cluster, by the command line: made, kept, moved and removed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rohe_iac.targets.broker.certificates import KeyPair, is_due, is_for, new_server
from rohe_iac.targets.kubernetes.broker_secrets import TOUCHED
from rohe_iac.trial_cluster.nodes import simulated_node

if TYPE_CHECKING:
    from shared_cluster import Cluster

pytestmark = pytest.mark.engine


@dataclass
class Watched:
    """A stack `watched`: a service `web` that reports to an agent, on two simulated nodes."""

    cluster: Cluster
    folder: Path
    namespace: str
    nodes: tuple[str, str]

    def write(self, *, replicas: int = 1, on: int = 0, namespace: str = "", **spec: Any) -> None:
        web = {
            "name": "web",
            "image": "registry.example/web:1",
            "command": ["web"],
            "replicas": replicas,
            "reports": {},
            "requests": {"cpu": "100m", "memory": {"rss": "64Mi"}},
            "placement": {"nodeSelector": {"place": str(on)}},
        }
        nodes = [
            {"name": name, "cpu": 4, "memory": {"rss": "8Gi"}, "labels": {"place": str(index)}}
            for index, name in enumerate(self.nodes)
        ]
        target = {"kubernetes": {"context": self.cluster.context, "namespace": namespace or self.namespace}}
        specs: dict[tuple[str, str], dict[str, Any]] = {
            ("Inventory", "edge"): {"nodes": nodes},
            ("Pipeline", "p"): {"services": [web]},
            ("Stack", "watched"): {"pipelines": ["p"], "inventory": "edge", "target": target, **spec},
        }
        documents = [
            {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": value}
            for (kind, name), value in specs.items()
        ]
        (self.folder / "blueprints").mkdir(parents=True, exist_ok=True)
        (self.folder / "rohe.yaml").write_text("project: market\n")
        (self.folder / "blueprints" / "all.yaml").write_text(yaml.safe_dump_all(documents))

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def run(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from rohe_iac.cli.main import main; main()", *words],
            cwd=self.folder,
            env={**self.cluster.environment, "XDG_STATE_HOME": str(self.state)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if words[0] == "apply" else "")

    def status(self) -> dict[str, dict[str, Any]]:
        """Returns the parts that `rohe status` shows, by instance; agents on simulated nodes do not answer."""
        return {part["instance"]: part for part in json.loads(self.run("status", "-o", "json"))["parts"]}

    def secrets(self) -> dict[str, dict[str, str]]:
        """Returns the values of the stack's Secrets by their names and keys."""
        return {
            item["metadata"]["name"]: {key: base64.b64decode(text).decode() for key, text in item["data"].items()}
            for item in self.cluster.objects("secrets", self.namespace)
        }

    def password(self, client: str) -> str:
        return str(json.loads(self.secrets()[f"rohe-credential-{client}"]["credentials.json"])["password"])

    def broker_pod(self) -> dict[str, Any]:
        pods = self.cluster.objects("pods", self.namespace)
        (pod,) = [pod for pod in pods if "broker" in pod["metadata"]["name"]]
        return pod

    def claims(self) -> dict[str, str]:
        """Returns the phases of the stack's claims by name."""
        found = self.cluster.objects("persistentvolumeclaims", self.namespace)
        return {item["metadata"]["name"]: item["status"].get("phase", "") for item in found}


@pytest.fixture
def watched(cluster_engine: None, cluster: Cluster, tmp_path: Path) -> Watched:
    unique = cluster.namespace(create=False)
    nodes = (f"{unique}-a", f"{unique}-b")
    cluster.add_nodes(*(simulated_node(name, labels={"place": str(index)}) for index, name in enumerate(nodes)))
    return Watched(cluster, tmp_path / "market", unique, nodes)


def test_passwords_are_made_once_rotated_by_deletion_and_nowhere_but_in_secrets(watched: Watched) -> None:
    watched.write()
    watched.run("apply", "--yes", "--allow-interruption")
    secrets = watched.secrets()
    clients = {"web", "operator", "rohe-agent-p"}
    assert set(secrets) == {"rohe-broker", *(f"rohe-credential-{client}" for client in clients)}
    words = {client: watched.password(client) for client in clients}
    assert len(set(words.values())) == 3
    assert all(word in secrets["rohe-broker"]["users.conf"] for word in words.values())
    written = [path for path in watched.folder.rglob("*") if path.is_file()]
    assert not [path for path in written for word in words.values() if word.encode() in path.read_bytes()]
    assert "Secret" not in {item["kind"] for item in yaml.safe_load_all(watched.run("render", "--out", "-"))}

    watched.write(replicas=2)
    watched.run("apply", "--yes", "--allow-interruption")
    assert {client: watched.password(client) for client in clients} == words
    assert "report.web.web-1" in watched.secrets()["rohe-broker"]["users.conf"]
    pods = watched.cluster.objects("pods", watched.namespace)
    broker = watched.broker_pod()
    assert TOUCHED in broker["metadata"]["annotations"]
    uid = broker["metadata"]["uid"]
    serials = {instance: part["serial"] for instance, part in watched.status().items()}
    assert serials == {"web-0": 1, "web-1": 2, "rohe-agent-p-0": 2, "rohe-broker-0": 1}
    pod = next(item["metadata"]["name"] for item in pods if item["metadata"]["labels"]["rohe.dev/instance"] == "web-1")
    marks = ("rohe.dev/digest=other", "rohe.dev/serial=1")
    watched.cluster.kubectl("annotate", "pod", pod, "-n", watched.namespace, "--overwrite", *marks)
    stale = "it runs as record 1 had it; it changed in record 2"
    assert watched.cluster.until(lambda: watched.status()["web-1"]["stale"] == stale)
    assert not watched.status()["web-0"]["stale"]

    watched.cluster.kubectl("delete", "secret", "rohe-credential-web", "-n", watched.namespace)
    watched.run("apply", "--yes", "--allow-interruption")
    rotated = watched.password("web")
    assert rotated != words["web"]
    users = watched.secrets()["rohe-broker"]["users.conf"]
    assert rotated in users
    assert words["web"] not in users
    assert uid in {pod["metadata"]["uid"] for pod in watched.cluster.objects("pods", watched.namespace)}

    watched.write(replicas=1)
    watched.run("apply", "--yes", "--allow-interruption")
    assert "report.web.web-1" not in watched.secrets()["rohe-broker"]["users.conf"]


def test_certificates_of_the_broker_are_made_renewed_without_a_restart_and_nowhere_but_in_secrets(
    watched: Watched,
) -> None:
    watched.write(broker={"embedded": {"tls": True}})
    watched.run("apply", "--yes", "--allow-interruption")
    first = watched.secrets()
    host = f"rohe-broker.{watched.namespace}.svc"
    authority = _pair(first["rohe-broker-authority"])
    assert is_for(_pair(first["rohe-broker"]), authority, [host, f"{host}.cluster.local", host[:-4], "rohe-broker"])
    content = json.loads(first["rohe-credential-web"]["credentials.json"])
    assert (content["url"], content["ca"]) == (f"mqtts://{host}:8883", authority.certificate.decode())
    written = [path.read_bytes() for path in watched.folder.rglob("*") if path.is_file()]
    assert not [text for text in written if b"PRIVATE KEY" in text or b"BEGIN CERTIFICATE" in text]
    assert watched.status()["rohe-broker-0"]["certificate"]["daysLeft"] == 364
    assert "No change" in watched.run("apply", "--yes", "--allow-interruption")
    assert watched.secrets() == first

    old = new_server(authority, (host, f"{host}.cluster.local", host[:-4], "rohe-broker"), time.time() - 355 * 86400)
    values = {"tls.crt": old.certificate.decode(), "tls.key": old.key.decode()}
    patch = json.dumps({"stringData": values})
    watched.cluster.kubectl("patch", "secret", "rohe-broker", "-n", watched.namespace, "--type=merge", "-p", patch)
    said = watched.run("status")
    assert "the broker's certificate expires in 9 days" in said
    uid = watched.broker_pod()["metadata"]["uid"]
    watched.run("apply", "--yes", "--allow-interruption")
    renewed = watched.secrets()
    assert renewed["rohe-broker-authority"] == first["rohe-broker-authority"]
    assert not is_due(_pair(renewed["rohe-broker"]), time.time())
    assert (watched.broker_pod()["metadata"]["uid"], TOUCHED in watched.broker_pod()["metadata"]["annotations"]) == (
        uid,
        True,
    )
    assert "the broker's certificate" not in watched.run("status")

    watched.write()
    watched.run("apply", "--yes", "--allow-interruption")
    plain = watched.secrets()
    assert "rohe-broker-authority" not in plain
    assert "tls.key" not in plain["rohe-broker"]
    assert "ca" not in json.loads(plain["rohe-credential-web"]["credentials.json"])


def _pair(values: dict[str, str]) -> KeyPair:
    return KeyPair(values["tls.crt"].encode(), values["tls.key"].encode())


def test_a_claim_stays_behind_when_its_replica_moves_and_goes_with_the_stack(watched: Watched) -> None:
    watched.write(storage={"claim": {"size": "600Mi"}})
    watched.run("apply", "--yes", "--allow-interruption")
    former = f"web-0.{watched.nodes[0]}"
    assert watched.cluster.until(lambda: set(watched.claims().values()) == {"Bound"})
    assert former in watched.claims()
    assert len(watched.claims()) == 3

    watched.write(on=1, storage={"claim": {"size": "600Mi"}})
    watched.run("apply", "--yes", "--allow-interruption")
    assert {former, f"web-0.{watched.nodes[1]}"} <= set(watched.claims())
    assert "No change" in watched.run("apply", "--yes", "--allow-interruption")

    # Another namespace: nothing but the claims stays in the former one, and apply says so.
    other = watched.cluster.namespace(create=False)
    watched.write(on=1, namespace=other, storage={"claim": {"size": "600Mi"}})
    moved = watched.run("apply", "--yes", "--allow-interruption")
    assert f"4 claims of the stack stay in its former namespace {watched.namespace}, " in moved
    assert f"kubectl delete namespace {watched.namespace}" in moved
    kinds = "secrets,deployments,services,configmaps,leases,roles,rolebindings,serviceaccounts,networkpolicies"
    left = watched.cluster.objects(kinds, watched.namespace)
    assert [item for item in left if "rohe.dev/stack" in item["metadata"].get("labels", {})] == []
    assert len(watched.claims()) == 4
    watched.cluster.kubectl("delete", "pvc", "--all", "--wait=false", "-n", watched.namespace)
    watched.namespace = other

    rubbish = json.dumps({"stringData": {"credentials.json": "rubbish"}})
    watched.cluster.kubectl("patch", "secret", "rohe-credential-web", "-n", watched.namespace, "-p", rubbish)
    said = watched.run("apply", "--yes")
    assert "secret/rohe-credential-web is not as the broker and its clients need it" in said
    assert json.loads(watched.secrets()["rohe-credential-web"]["credentials.json"])["user"] == "web"
    assert "No change" in watched.run("apply", "--yes")
    claim = f"web-0.{watched.nodes[1]}"
    watched.cluster.kubectl("delete", "pvc", claim, "-n", watched.namespace, "--wait=false")
    ending = f"persistentvolumeclaim/{claim} is being deleted, kept by finalizer kubernetes.io/pvc-protection"
    assert ending in " ".join(watched.run("status").split())
    assert ending in " ".join(watched.run("apply", "--yes").split())

    watched.run("destroy", "--yes")
    gone = watched.cluster.kubectl("get", "namespace", watched.namespace, check=False).returncode
    assert gone != 0 or watched.claims() == {}
