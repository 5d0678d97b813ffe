"""Claims about requests and limits of containers."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.manifests.kubernetes.pod.devices import PodDevices
from rohe_iac.manifests.kubernetes.pod.resources import resources


def test_memory_is_limited_to_the_request_and_cpu_is_not() -> None:
    service = Service.model_validate({"name": "a", "image": "i", "requests": {"cpu": "300m", "memory": {"rss": "1Mi"}}})
    assert resources(service, PodDevices({}, ())) == {
        "requests": {"cpu": "300m", "memory": "1Mi"},
        "limits": {"memory": "1Mi"},
    }


def test_devices_are_requests_and_limits_and_a_claim_is_named() -> None:
    service = Service.model_validate({"name": "a", "image": "i", "requests": {"cpu": "1m"}})
    found = resources(service, PodDevices({"nvidia.com/gpu": 2}, ({"name": "device-0"},)))
    assert found == {
        "claims": [{"name": "devices"}],
        "requests": {"cpu": "1m", "nvidia.com/gpu": "2"},
        "limits": {"nvidia.com/gpu": "2"},
    }


def test_what_is_not_asked_for_is_left_to_the_namespace() -> None:
    service = Service.model_validate({"name": "a", "image": "i"})
    assert resources(service, PodDevices({}, ())) == {}
