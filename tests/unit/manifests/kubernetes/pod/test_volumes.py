"""Claims about the volumes of pods."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.pod.volumes import claims_of, mounts_and_volumes


def test_a_client_of_the_broker_has_the_credentials_of_its_service() -> None:
    service = Service.model_validate({"name": "web", "image": "i"})
    workload = Workload("p", service, "", "web", "web")
    assert [volume["name"] for volume in mounts_and_volumes(service, workload, "web-0", "", connected=False)[1]] == [
        "rohe"
    ]
    _, volumes = mounts_and_volumes(service, workload, "web-0", "", connected=True)
    assert {"name": "credentials", "secret": {"secretName": "rohe-credential-web"}} in volumes


def test_a_named_volume_is_a_claim_of_the_replica() -> None:
    volumes = [{"path": "/data", "name": "rohe", "size": "1Gi"}, {"path": "/tmp", "emptyDir": "64Mi"}]
    service = Service.model_validate({"name": "web", "image": "i", "volumes": volumes})
    assert claims_of(service, "web-1") == [("web-1-rohe", 2**30)]
    mounts, written = mounts_and_volumes(
        service, Workload("p", service, "", "web", "web"), "web-1", "", connected=False
    )
    assert written[1:] == [
        {"name": "volume-0", "persistentVolumeClaim": {"claimName": "web-1-rohe"}},
        {"name": "volume-1", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    assert [mount["mountPath"] for mount in mounts[1:]] == ["/data", "/tmp"]
