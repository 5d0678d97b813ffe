"""What survives the pods of a stack, and the Secrets that its pods have, as manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.by_target import manifests_of, prerequisites_of
from rohe_iac.manifests.kubernetes.broker import BrokerAccess
from rohe_iac.manifests.kubernetes.objects import KubernetesManifests
from rohe_iac.manifests.kubernetes.quantities import byte_quantity
from rohe_iac.manifests.kubernetes.secrets import BROKER_SECRET, credential_secret
from rohe_iac.manifests.kubernetes.storage import BROKER_SIZE, STORE_MARGIN
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec: {pipelines: [p, quiet], inventory: i, target: {kubernetes: {namespace: n}}%s}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec:
  services: [{name: web, image: w:1, reports: {}}]
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: quiet}
spec:
  services: [{name: mute, image: m:1}]
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec: {nodes: [{name: edge-1, cpu: 8, memory: {rss: 16Gi}}]}
"""


@pytest.fixture
def rendered(tmp_path: Path) -> Any:
    def render(more: str = "") -> tuple[dict[str, Manifest], Any]:
        (tmp_path / "all.yaml").write_text(BLUEPRINT % more)
        blueprint = load(tmp_path)
        decided = plan(problem_of(blueprint))
        return {manifest.name: manifest for manifest in manifests_of(blueprint, decided)}, (blueprint, decided)

    return render


def pod(manifests: dict[str, Manifest], instance: str) -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load(manifests[f"deployment-{instance}"].text)["spec"]["template"]["spec"]
    return spec


def variables(manifests: dict[str, Manifest], instance: str) -> dict[str, str]:
    return {entry["name"]: entry.get("value", "") for entry in pod(manifests, instance)["containers"][0]["env"]}


def test_each_reporter_agent_and_broker_has_a_claim_of_its_instance_and_node(rendered: Any) -> None:
    manifests, _ = rendered(", store: {maxSize: 1Gi}, storage: {claim: {class: local-path, size: 600Mi}}")
    claims = {name: yaml.safe_load(item.text) for name, item in manifests.items() if item.retained}
    sizes = {claim["metadata"]["name"]: claim["spec"]["resources"]["requests"]["storage"] for claim in claims.values()}
    assert sizes == {
        "web-0.edge-1": "600Mi",
        "rohe-agent-p-0.edge-1": byte_quantity(2**30 + STORE_MARGIN),
        "rohe-broker-0.edge-1": byte_quantity(BROKER_SIZE),
    }
    assert {claim["spec"]["storageClassName"] for claim in claims.values()} == {"local-path"}
    assert pod(manifests, "web-0")["volumes"][0]["persistentVolumeClaim"] == {"claimName": "web-0.edge-1"}
    assert "persistentvolumeclaim-web-0.edge-1" in manifests["deployment-web-0"].depends_on
    assert not pod(manifests, "mute-0").get("volumes")


def test_a_folder_of_the_node_has_one_folder_a_stack_and_instance(rendered: Any) -> None:
    manifests, _ = rendered(", storage: {hostPath: /srv/rohe}")
    assert not [item for item in manifests.values() if item.retained]
    assert pod(manifests, "web-0")["volumes"][0]["hostPath"]["path"] == "/srv/rohe"
    assert pod(manifests, "web-0")["containers"][0]["volumeMounts"][0]["subPath"] == "n/s/web-0"


def test_a_folder_that_ends_with_the_pod_is_used_only_where_it_is_asked_for(rendered: Any) -> None:
    manifests, _ = rendered(", storage: {emptyDir: {}}")
    assert pod(manifests, "web-0")["volumes"][0] == {"name": "rohe", "emptyDir": {}}


def test_apply_makes_the_secrets_of_the_stack_s_own_broker_and_they_are_not_rendered(rendered: Any) -> None:
    manifests, (blueprint, decided) = rendered()
    kinds = {name: item.kind for name, item in manifests.items() if not item.rendered}
    assert kinds == {
        "broker-settings": "Broker",
        "credential-operator": "Credential",
        "credential-rohe-agent-p": "Credential",
        "credential-web": "Credential",
    }
    assert "credential-web" in manifests["deployment-web-0"].depends_on
    secrets = [volume["secret"]["secretName"] for volume in pod(manifests, "web-0")["volumes"] if "secret" in volume]
    assert secrets == [credential_secret("web")]
    access = BrokerAccess(KubernetesManifests(blueprint, decided), "n")
    assert access.own is not None
    assert access.secret_of(access.own) == BROKER_SECRET
    assert variables(manifests, "web-0")["ROHE_REPORT_CREDENTIALS"] == "/etc/rohe/credentials/credentials.json"
    assert pod(manifests, "rohe-broker-0")["containers"][0]["command"][:3] == ["rohe", "broker", "run"]


def test_a_broker_of_the_user_s_has_the_secret_that_the_user_names(rendered: Any) -> None:
    manifests, (blueprint, decided) = rendered(", broker: {url: 'mqtts://mq:8883', credentials: {secret: mq}}")
    assert all(item.rendered for item in manifests.values())
    secrets = [volume["secret"]["secretName"] for volume in pod(manifests, "web-0")["volumes"] if "secret" in volume]
    assert secrets == ["mq"]
    told = variables(manifests, "web-0")
    assert (told["ROHE_REPORT_URL"], told["ROHE_REPORT_CREDENTIALS"]) == ("mqtts://mq:8883", "/etc/rohe/credentials")
    (secret,) = [item for item in prerequisites_of(blueprint, decided) if item.kind == "Secret"]
    assert (secret.name, secret.content[:22]) == ("mq", "keys user and password")


def test_a_broker_of_the_user_s_may_take_no_credentials(rendered: Any) -> None:
    manifests, _ = rendered(", broker: {url: 'mqtt://mq:1883'}")
    assert "ROHE_REPORT_CREDENTIALS" not in variables(manifests, "web-0")
    assert not [volume for volume in pod(manifests, "web-0")["volumes"] if "secret" in volume]
