"""Claims about what the scheduler is told of a service."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.manifests.kubernetes.scheduling import pod_annotations, tolerations


def test_tolerations_and_bandwidth_are_those_of_the_service() -> None:
    service = Service.model_validate(
        {
            "name": "web",
            "requests": {"network": "10Mbps"},
            "placement": {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
        }
    )
    assert tolerations(service) == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pod_annotations(service) == {"rohe.dev/network": "10Mbps"}
