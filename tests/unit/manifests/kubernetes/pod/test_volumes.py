"""Claims about the volumes of pods."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.pod.volumes import mounts_and_volumes


def test_a_client_of_the_broker_has_the_credentials_of_its_service() -> None:
    service = Service.model_validate({"name": "web", "image": "i"})
    workload = Workload("p", service, "", "web", "web")
    assert [volume["name"] for volume in mounts_and_volumes(service, workload, "", connected=False)[1]] == ["rohe"]
    _, volumes = mounts_and_volumes(service, workload, "", connected=True)
    assert {"name": "credentials", "secret": {"secretName": "rohe-credential-web"}} in volumes
