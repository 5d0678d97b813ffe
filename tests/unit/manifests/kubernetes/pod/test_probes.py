"""Claims about probes of containers."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pods.probe import Health
from rohe_iac.manifests.kubernetes.pod.probes import probes

NUMBERS = {"web": 8000, "rpc": 8001}


def _written(**health: object) -> dict[str, dict[str, object]]:
    return probes(Health.model_validate(health), str.upper, NUMBERS)


@pytest.mark.parametrize(
    ("wanted", "written"),
    [
        ({"tcp": "rpc"}, {"tcpSocket": {"port": "RPC"}}),
        ({"http": {"path": "/ok", "port": "web"}}, {"httpGet": {"path": "/ok", "port": "WEB"}}),
        ({"grpc": "rpc"}, {"grpc": {"port": 8001}}),
        ({"exec": ["cat", "/ok"]}, {"exec": {"command": ["cat", "/ok"]}}),
    ],
)
def test_a_probe_asks_as_on_this_machine_where_it_says_nothing_else(
    wanted: dict[str, object], written: dict[str, object]
) -> None:
    assert _written(readiness=wanted) == {"readiness": {**written, "periodSeconds": 5, "timeoutSeconds": 3}}


def test_every_field_of_a_probe_is_written_in_whole_seconds() -> None:
    fields = {"initialDelay": "2s", "period": "7s", "timeout": "1500ms", "failureThreshold": 5, "successThreshold": 2}
    assert _written(readiness={"tcp": "web", **fields})["readiness"] == {
        "tcpSocket": {"port": "WEB"},
        "initialDelaySeconds": 2,
        "periodSeconds": 7,
        "timeoutSeconds": 2,
        "failureThreshold": 5,
        "successThreshold": 2,
    }


def test_what_the_server_takes_by_itself_is_left_out() -> None:
    fields = {"initialDelay": 0, "period": "10s", "timeout": "1s", "failureThreshold": 3, "successThreshold": 1}
    assert _written(readiness={"tcp": "web", **fields})["readiness"] == {"tcpSocket": {"port": "WEB"}}


def test_liveness_waits_until_the_replica_has_started() -> None:
    written = _written(liveness={"tcp": "web"}, startup="90s")
    assert written["startup"] == {
        "tcpSocket": {"port": "WEB"},
        "periodSeconds": 1,
        "timeoutSeconds": 3,
        "failureThreshold": 90,
    }
    assert set(written) == {"liveness", "startup"}
