"""Claims about the manifests of the target `local`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from rohe_iac.manifests.local import BROKER, REPLAY, STAND_IN, SUPERVISOR
from rohe_iac.manifests.manifest import Manifest

Render = Callable[[str], dict[str, Manifest]]


def _spec(manifest: Manifest) -> dict[str, Any]:
    return dict(yaml.safe_load(manifest.text)["spec"])


def test_every_process_waits_for_the_supervisor_its_credential_and_the_broker(render_example: Render) -> None:
    manifests = render_example("digits")
    processes = [manifest for manifest in manifests.values() if manifest.kind == "Process"]
    assert processes
    for process in processes:
        assert {SUPERVISOR, BROKER} < set(process.depends_on) <= manifests.keys()
        assert any(name.startswith("credential-") for name in process.depends_on)


def test_a_replica_gets_its_instance_its_port_and_the_broker_s_address(render_example: Render) -> None:
    manifests = render_example("digits")
    spec = _spec(manifests["process-camera-0"])
    assert spec["environment"]["ROHE_INSTANCE"] == "camera-0"
    assert spec["environment"]["ROHE_PORT_HTTP"] == str(spec["ports"]["http"])
    port = _spec(manifests[BROKER])["ports"]["mqtt"]
    assert spec["environment"]["ROHE_REPORT_URL"] == f"mqtt://127.0.0.1:{port}"


def test_exactly_the_processes_that_replay_a_profile_are_stand_ins(render_example: Render) -> None:
    manifests = render_example("cctvs")
    stand_ins = [manifest for manifest in manifests.values() if manifest.stand_in]
    assert stand_ins
    for manifest in manifests.values():
        replays = manifest.kind == "Process" and REPLAY in _spec(manifest)["paths"]
        assert manifest.stand_in == replays
    assert all(_spec(manifest)["command"] == list(STAND_IN) for manifest in stand_ins)
    assert not any(manifest.stand_in for manifest in render_example("digits").values())
