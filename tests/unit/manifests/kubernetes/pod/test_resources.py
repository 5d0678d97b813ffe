"""Claims about requests and limits of containers."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.manifests.kubernetes.pod.resources import resources


def test_memory_is_limited_to_the_request_and_cpu_is_not() -> None:
    service = Service.model_validate({"name": "a", "image": "i", "requests": {"cpu": "300m", "memory": {"rss": "1Mi"}}})
    assert resources(service) == {
        "requests": {"cpu": "300m", "memory": str(2**20)},
        "limits": {"memory": str(2**20)},
    }


def test_a_share_of_an_accelerator_is_rounded_up_to_whole_units() -> None:
    needs = {"cpu": "1m", "accelerators": {"gpu": {"share": "12.1%"}}}
    service = Service.model_validate({"name": "a", "image": "i", "requests": needs})
    assert resources(service)["limits"] == {"rohe.dev/gpu-share": "13"}
