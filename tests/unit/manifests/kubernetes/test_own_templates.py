"""Claims about templates of a repository: they replace those of rohe, or add objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from one_node import write_repository

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.manifests.kubernetes.own_templates import OwnTemplates
from rohe_iac.manifests.rendering import UnrenderableManifest
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.verify import verify_saved

SERVICES = """
    - {name: web, image: e/web:1, replicas: 2, ports: [{name: http}]}
    - {name: log, image: e/log:1}
"""

MONITOR = """
{% if ports %}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ workload | yaml }}
  namespace: {{ namespace | yaml }}
  labels: {{ labels | yaml(4) }}
spec:
  selector:
    matchLabels: {{ selector | yaml(6) }}
  endpoints: [{port: {{ ports[0].name | flow }}}]
{% endif %}
"""

ACCOUNT = "{% include 'rohe/serviceaccount.yaml.j2' %}\nimagePullSecrets: [{name: registry}]\n"


def _planned(folder: Path, **templates: str) -> PlanFile:
    write_repository(folder, SERVICES, "target: {kubernetes: {namespace: n}}")
    (folder / "blueprints" / "templates").mkdir()
    for name, text in templates.items():
        (folder / "blueprints" / "templates" / f"{name.replace('_', '-')}.yaml.j2").write_text(text)
    return make_plan(folder).planfile


def _documents(planfile: PlanFile, kind: str) -> list[Any]:
    return [yaml.safe_load(manifest.text) for manifest in planfile.manifests if manifest.kind == kind]


def test_a_template_of_the_same_name_replaces_one_and_may_include_it(tmp_path: Path) -> None:
    planfile = _planned(tmp_path, serviceaccount=ACCOUNT)
    (account,) = _documents(planfile, "ServiceAccount")
    assert account["imagePullSecrets"] == [{"name": "registry"}]
    assert (account["metadata"]["name"], account["automountServiceAccountToken"]) == ("rohe-desk", False)
    assert "blueprints/templates/serviceaccount.yaml.j2" in {source.path for source in planfile.inputs}
    assert verify_saved(planfile, tmp_path).faults == ()


def test_other_templates_add_an_object_a_stack_a_workload_or_a_replica(tmp_path: Path) -> None:
    marker = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ NAME | flow }}, namespace: {{ namespace | flow }}}\n"
    planfile = _planned(
        tmp_path,
        workload_monitor=MONITOR,
        stack_note=marker.replace("NAME", "('note-' ~ stack)"),
        replica_note=marker.replace("NAME", "(instance ~ '-on-' ~ node)"),
    )
    (monitor,) = _documents(planfile, "ServiceMonitor")
    assert (monitor["metadata"]["name"], monitor["spec"]["endpoints"]) == ("web", [{"port": "http"}])
    names = {item["metadata"]["name"] for item in _documents(planfile, "ConfigMap")}
    assert names == {"note-desk", "web-0-on-one", "web-1-on-one", "log-0-on-one"}
    addresses = {item.name: item.address for item in planfile.manifests}
    assert addresses["configmap-web-1-on-one"] == "replica/pages:web/1"
    assert addresses["servicemonitor-web"] == "service/pages:web"
    assert verify_saved(planfile, tmp_path).faults == ()


def test_a_template_that_renders_to_nothing_leaves_its_objects_out(tmp_path: Path) -> None:
    planfile = _planned(tmp_path, networkpolicy="{# this cluster has no policies #}\n")
    assert _documents(planfile, "NetworkPolicy") == []
    assert not [name for item in planfile.manifests for name in item.depends_on if "networkpolicy" in name]
    assert verify_saved(planfile, tmp_path).faults == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deployment", "", "leaves out log-0"),
        ("serviceaccount", ACCOUNT.replace("imagePull", "{{ nothing }}"), "serviceaccount.yaml.j2 fails"),
        ("serviceaccount", "{% if %}", "serviceaccount.yaml.j2 fails"),
        ("serviceaccount", "a: {{ object }}", "fails"),
        ("serviceaccount", "a: {{ 1 / 0 }}", "fails"),
        ("serviceaccount", "kind: Secret\nmetadata: {name: x}\n", "gives Secret x, not ServiceAccount rohe-desk"),
        ("serviceaccount", "kind: A\n---\nkind: B\n", "does not give one document"),
        ("stack_x", "kind: A\n", "gives no object with kind and metadata.name"),
        ("stack_x", "kind: ServiceAccount\nmetadata: {name: rohe-desk}\n", "which is there already"),
        ("extra", "kind: A\nmetadata: {name: a}\n", "replaces none"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UnrenderableManifest) as caught:
        _planned(tmp_path, **{name: text})
    assert message in caught.value.brief
    assert f"{name.replace('_', '-')}.yaml.j2" in caught.value.brief or "blueprints/templates" in caught.value.brief


def test_a_repository_without_templates_has_nothing_to_add() -> None:
    assert list(OwnTemplates({}).additions("stack", {})) == []
