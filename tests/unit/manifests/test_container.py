"""Claims about what a service becomes in a container of Kubernetes."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pipeline import Port, Probe, Service
from rohe_iac.manifests.container import FIRST_PORT, port_number, probe, resources


def test_a_port_without_a_number_gets_one_by_its_position() -> None:
    assert port_number(Port.model_validate({"name": "http"}), 2) == FIRST_PORT + 2
    assert port_number(Port.model_validate({"name": "http", "containerPort": 81}), 2) == 81


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


@pytest.mark.parametrize(
    ("wanted", "written"),
    [
        (None, None),
        ({"tcp": "rpc"}, {"tcpSocket": {"port": "rpc"}, "periodSeconds": 5}),
        ({"http": {"path": "/ok", "port": "web"}}, {"httpGet": {"path": "/ok", "port": "web"}, "periodSeconds": 5}),
    ],
)
def test_a_probe_is_written_as_kubernetes_reads_it(
    wanted: dict[str, object] | None, written: dict[str, object] | None
) -> None:
    assert probe(None if wanted is None else Probe.model_validate(wanted)) == written
