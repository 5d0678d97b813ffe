"""Reports of real pods: none is lost where all pods of a stack are deleted with no grace, or its TLS is rotated."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from operators import Operator
from shared_cluster import Cluster

from rohe_iac.sinks.packing import unpacked

pytestmark = [pytest.mark.platform, pytest.mark.engine]

LOAD = Path(__file__).with_name("steady_load.py")
RATE = 40
"""Reports a second of each reporter."""
REPORTERS = ("load-0", "load-1")
AGENT = "rohe-agent-p-0"


@dataclass(frozen=True)
class ReportsOperator(Operator):
    """A user of a stack of two reporters, an agent and a broker with TLS, whose volumes the test reads itself."""

    def write(self) -> None:
        """Writes the blueprint."""
        load = {
            "name": "load",
            "image": "rohe/digits:0.1.0",
            "command": ["python", "/opt/load/load.py", "/ledger", str(RATE)],
            "replicas": len(REPORTERS),
            "reports": {},
            "requests": {"cpu": "100m", "memory": {"rss": "64Mi"}},
            "limits": {"memory": "512Mi"},
            "files": [{"path": "/opt/load/load.py", "from": "load.py"}],
            "volumes": [{"name": "ledger", "path": "/ledger", "size": "16Mi"}],
            "placement": {"spread": [{"topologyKey": "node", "maxPerDomain": 1}]},
        }
        nodes = [{"name": name, "cpu": 4, "memory": {"rss": "2Gi"}} for name in ("pi-1", "zero-1")]
        specs: dict[tuple[str, str], dict[str, Any]] = {
            ("Inventory", "edge"): {"nodes": nodes},
            ("Pipeline", "p"): {"services": [load]},
            ("Stack", "reports"): {
                "pipelines": ["p"],
                "inventory": "edge",
                "target": {"kubernetes": {"context": self.pods.context, "namespace": self.namespace}},
                "broker": {"embedded": {"tls": {"clientCertificates": True}}},
            },
        }
        documents = [
            {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
            for (kind, name), spec in specs.items()
        ]
        (self.folder / "blueprints").mkdir(parents=True)
        (self.folder / "rohe.yaml").write_text("project: market\n")
        (self.folder / "load.py").write_text(LOAD.read_text())
        (self.folder / "blueprints" / "all.yaml").write_text(yaml.safe_dump_all(documents))

    def volume(self, claim: str) -> Path:
        """Returns the folder of a claim's volume on this machine."""
        (found,) = [
            item
            for item in self.pods.objects("persistentvolumeclaims", self.namespace)
            if item["metadata"]["name"] == claim or item["metadata"]["name"].startswith(f"{claim}.")
        ]
        return self.pods.plane.files.volumes / str(found["spec"]["volumeName"])

    def accepted(self) -> Counter[tuple[str, str]]:
        """Returns how often the reporters recorded a report as accepted, by (instance, request)."""
        ledgers = {instance: self.volume(f"volume.{instance}.ledger") / "accepted" for instance in REPORTERS}
        return Counter((instance, line) for instance, path in ledgers.items() for line in path.read_text().splitlines())

    def stored(self) -> Counter[tuple[str, str]]:
        """Returns how often the agent stored the report of a request, by (instance, request)."""
        (path,) = self.volume(AGENT).rglob("agent.db")
        database = sqlite3.connect(path)
        try:
            rows = database.execute("SELECT kind, at, client, payload FROM inputs WHERE kind LIKE 'report%'").fetchall()
        finally:
            database.close()
        reports = [report for row in rows for report in unpacked(row)]
        return Counter((client, json.loads(payload)["request"]) for _, _, client, payload in reports)

    def uids(self) -> set[str]:
        """Returns what tells the stack's pods from those of their names before."""
        return {pod["metadata"]["uid"] for pod in self.pods.objects("pods", self.namespace)}

    def delete_pods(self) -> None:
        """Deletes every pod at once and with no grace."""
        self.pods.kubectl("delete", "pods", "--all", "-n", self.namespace, "--grace-period=0", "--force")

    def wait_for_storage(self) -> None:
        """Waits until every report that is accepted by now is stored, and one of each reporter that came after."""
        known = self.accepted()
        boots = {instance: {request for name, request in known if name == instance} for instance in REPORTERS}

        def new() -> bool:
            stored = self.stored()
            return not known - stored and all(
                any(name == instance and request not in boots[instance] for name, request in stored)
                for instance in REPORTERS
            )

        self.wait(new, "reports are not stored")


@pytest.fixture
def operator(cluster_engine: None, pods: Cluster, tmp_path: Path) -> Iterator[ReportsOperator]:
    """A user whose stack is not applied yet."""
    user = ReportsOperator(pods, tmp_path / "market", pods.namespace(create=False), tmp_path / "state")
    user.write()
    return user


def test_what_was_accepted_is_stored_once_whatever_ends_the_pods_and_whoever_signs_for_the_broker(
    operator: ReportsOperator,
) -> None:
    """Reporters that ignore SIGTERM, agent and broker: deleted under load, after a rotation that spares them."""
    operator.rohe("apply", "--yes")
    (broker,) = [part for part in operator.answer("status")["parts"] if part["address"].startswith("broker/")]
    assert broker["certificate"]["daysLeft"] == 364
    operator.wait_for_storage()

    former = operator.uids()
    operator.rohe("rotate", "--yes")
    operator.wait_for_storage()
    assert operator.uids() == former

    operator.delete_pods()
    operator.wait_for_storage()
    assert not former & operator.uids()

    for instance in REPORTERS:
        (operator.volume(f"volume.{instance}.ledger") / "end").touch()
    counters = [operator.volume(f"volume.{instance}.ledger") / "counters" for instance in REPORTERS]
    operator.wait(lambda: all(path.exists() for path in counters), "reports are not acknowledged")
    ended = [json.loads(path.read_text()) for path in counters]
    assert all(item["flushed"] and not item["refused"] for item in ended), ended
    stored = operator.stored()
    assert not operator.accepted() - stored
    assert max(stored.values()) == 1
    assert operator.rohe("status", "--check")
    operator.rohe("destroy", "--yes")
