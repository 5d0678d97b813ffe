"""A service that runs once is a Job a replica, which has to end before what is after it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster_schemas import schema_faults
from one_node import write_repository

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.manifests.kubernetes.pod.once import JOB, MAKES_PODS
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.plans.comparison.replacement import replacements
from rohe_iac.usecases.plans.manifest_verification import manifest_faults
from rohe_iac.usecases.plans.plan import make_plan

SERVICES = """
    - {name: db, image: e/db:1, ports: [{name: sql}], requests: {cpu: 100m}}
    - name: migrate
      image: e/migrate:1
      command: [migrate]
      runOnce: true
      replicas: 2
      after: [db]
      env: {LEVEL: info, TOKEN: {secret: {name: token}}}
      health: {startup: 90s, readiness: {tcp: debug}}
      ports: [{name: debug}]
      volumes: [{path: /data, name: state, size: 1Gi}]
      requests: {cpu: 100m, memory: {rss: 32Mi}}
    - {name: web, image: e/web:1, after: [migrate], requests: {cpu: 100m}}
"""


def planned(folder: Path, services: str = SERVICES) -> PlanFile:
    folder.mkdir()
    target = "target: {kubernetes: {namespace: kiosk, unreachable: skip}}"
    return make_plan(write_repository(folder, services, target)).planfile


def documents(manifests: Sequence[Manifest], kind: str) -> dict[str, Any]:
    return {item.name: yaml.safe_load(item.text) for item in manifests if item.kind == kind}


@pytest.fixture
def planfile(tmp_path: Path) -> PlanFile:
    return planned(tmp_path / "kiosk")


def test_each_replica_is_a_job_that_is_tried_once_and_stays(planfile: PlanFile) -> None:
    jobs = documents(planfile.manifests, JOB)
    assert sorted(jobs) == ["job-migrate-0", "job-migrate-1"]
    assert sorted(documents(planfile.manifests, "Deployment")) == ["deployment-db-0", "deployment-web-0"]
    spec = jobs["job-migrate-0"]["spec"]
    assert (spec["backoffLimit"], "ttlSecondsAfterFinished" in spec) == (0, False)
    # A pod that the cluster ends for a reason of its own has not failed.
    assert [rule["action"] for rule in spec["podFailurePolicy"]["rules"]] == ["Ignore"]
    notes = jobs["job-migrate-0"]["metadata"]["annotations"]
    assert notes == {
        "rohe.dev/address": "replica/pages:migrate/0",
        "rohe.dev/node": "one",
        "rohe.dev/startup": "90",
        "rohe.dev/unreachable": "skip",
    }
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (pod["restartPolicy"], pod["hostname"]) == ("Never", "migrate-0")
    assert not {"readinessProbe", "livenessProbe", "startupProbe"} & container.keys()
    env = {entry["name"]: entry for entry in container["env"]}
    assert (env["ROHE_INSTANCE"]["value"], env["LEVEL"]["value"]) == ("migrate-0", "info")
    assert env["TOKEN"]["valueFrom"]["secretKeyRef"]["name"] == "token"
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == "volume.migrate-0.state"
    terms = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms[0]["matchFields"][0]["values"] == ["one"]


def test_its_manifests_keep_the_schemas_and_the_plan(planfile: PlanFile) -> None:
    assert [fault for manifest in planfile.manifests for fault in schema_faults(manifest)] == []
    assert list(manifest_faults(planfile)) == []
    missing = [item for item in planfile.manifests if item.name != "job-migrate-1"]
    found = " ".join(manifest_faults(replace(planfile, manifests=tuple(missing))))
    assert "replica/pages:migrate/1 is placed but no manifest makes it" in found


def test_what_is_after_it_needs_it(planfile: PlanFile) -> None:
    needs = {item.name: item.needs for item in planfile.manifests if item.kind in MAKES_PODS}
    assert needs["deployment-web-0"] == ("service/pages:migrate",)
    assert needs["job-migrate-0"] == ("service/pages:db",)


def test_it_may_reach_what_it_is_after_and_no_budget_keeps_its_pods(planfile: PlanFile) -> None:
    policies = documents(planfile.manifests, "NetworkPolicy")
    (dns, database) = policies["networkpolicy-migrate"]["spec"]["egress"]
    assert dns["ports"] == [{"port": 53, "protocol": "UDP"}, {"port": 53}]
    chosen = database["to"][0]["podSelector"]["matchExpressions"]
    assert chosen == [{"key": "rohe.dev/workload", "operator": "In", "values": ["db"]}]
    assert documents(planfile.manifests, "PodDisruptionBudget") == {}


def test_what_has_callers_lets_in_what_runs_once_after_it(tmp_path: Path) -> None:
    flow = "  flow: [{from: web, to: db}]\n"
    found = planned(tmp_path / "flow", SERVICES.rstrip("\n") + "\n" + flow)
    (rule,) = documents(found.manifests, "NetworkPolicy")["networkpolicy-db"]["spec"]["ingress"]
    assert rule["from"][0]["podSelector"]["matchExpressions"][0]["values"] == ["migrate", "web"]


def test_observers_may_look_at_jobs_where_there_are_any(planfile: PlanFile, tmp_path: Path) -> None:
    (role,) = documents(planfile.manifests, "Role").values()
    assert [rule["verbs"] for rule in role["rules"] if rule["resources"] == ["jobs"]] == [["get", "list", "watch"]]
    (role,) = documents(planned(tmp_path / "plain", SERVICES.replace("runOnce: true", "")).manifests, "Role").values()
    assert not [rule for rule in role["rules"] if rule["resources"] == ["jobs"]]


def test_only_what_its_pod_is_made_of_runs_it_again_and_interrupts_nobody(planfile: PlanFile, tmp_path: Path) -> None:
    digests = {item.name: item.digest for item in planfile.manifests if item.kind == "Job"}
    longer = planned(tmp_path / "longer", SERVICES.replace("90s", "10m"))
    assert {item.name: item.digest for item in longer.manifests if item.kind == "Job"} == digests
    other = planned(tmp_path / "other", SERVICES.replace("LEVEL: info", "LEVEL: debug"))
    assert not digests.items() & {item.name: item.digest for item in other.manifests if item.kind == "Job"}.items()
    assert replacements(planfile, other) == ()
