"""Claims about what the scheduler is told of a service."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.manifests.kubernetes.pod.scheduling import UNREACHABLE, pod_annotations, tolerations


def _service(**placement: object) -> Service:
    return Service.model_validate({"name": "web", "requests": {"network": "10Mbps"}, "placement": placement})


def _forever(key: str) -> dict[str, object]:
    return {"key": key, "operator": "Exists", "effect": "NoExecute"}


def test_a_replica_stays_on_a_node_that_does_not_answer() -> None:
    assert tolerations(_service()) == [_forever(key) for key in UNREACHABLE]


def test_a_toleration_of_the_service_bounds_how_long_a_replica_stays() -> None:
    gpu = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}
    bounded = {"key": UNREACHABLE[1], "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "5m"}
    scheduled = {"key": UNREACHABLE[0], "value": "x", "effect": "NoSchedule"}
    assert tolerations(_service(tolerations=[gpu, bounded, scheduled])) == [
        gpu,
        {**_forever(UNREACHABLE[1]), "tolerationSeconds": 300},
        scheduled,
        _forever(UNREACHABLE[0]),
    ]


def test_seconds_are_those_of_the_effect_that_ends_replicas() -> None:
    with pytest.raises(ValueError, match="NoExecute alone"):
        _service(tolerations=[{"key": "a", "operator": "Exists", "tolerationSeconds": "5m"}])


def test_bandwidth_is_an_annotation() -> None:
    assert pod_annotations(_service()) == {"rohe.dev/network": "10Mbps"}
