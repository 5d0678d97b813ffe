"""Claims about the volumes of pods."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.pod.volumes import claims_of, mounts_and_volumes


def test_a_client_of_the_broker_has_its_secret_and_what_survives_the_pod() -> None:
    service = Service.model_validate({"name": "web", "image": "i"})
    workload = Workload("p", service, "", "web", "web")
    assert mounts_and_volumes(service, workload, "web-0", secret="", settings="", storage=None) == ([], [])
    storage: tuple[dict[str, Any], dict[str, Any]] = ({"name": "rohe"}, {"name": "rohe", "emptyDir": {}})
    mounts, volumes = mounts_and_volumes(service, workload, "web-0", secret="own", settings="", storage=storage)
    assert volumes == [storage[1], {"name": "credentials", "secret": {"secretName": "own"}}]
    assert mounts[1] == {"name": "credentials", "mountPath": "/etc/rohe/credentials", "readOnly": True}


def test_a_named_volume_is_a_claim_of_the_replica() -> None:
    volumes = [{"path": "/data", "name": "rohe", "size": "1Gi"}, {"path": "/tmp", "emptyDir": "64Mi"}]
    service = Service.model_validate({"name": "web", "image": "i", "volumes": volumes})
    assert claims_of(service, "web-1") == [("volume.web-1.rohe", 2**30)]
    workload = Workload("p", service, "", "web", "web")
    mounts, written = mounts_and_volumes(service, workload, "web-1", secret="", settings="", storage=None)
    assert written == [
        {"name": "volume-0", "persistentVolumeClaim": {"claimName": "volume.web-1.rohe"}},
        {"name": "volume-1", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    assert [mount["mountPath"] for mount in mounts] == ["/data", "/tmp"]


def test_claims_of_services_whose_names_run_into_their_volumes_have_two_names() -> None:
    def claimed(volume: str, instance: str) -> list[tuple[str, int]]:
        volumes = [{"path": "/data", "name": volume, "size": "1Gi"}]
        return claims_of(Service.model_validate({"name": "web", "image": "i", "volumes": volumes}), instance)

    assert claimed("0-x", "a-1") != claimed("x", "a-1-0")
