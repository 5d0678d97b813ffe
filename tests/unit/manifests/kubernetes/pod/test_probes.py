"""Claims about probes of containers."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pipeline import Probe
from rohe_iac.manifests.kubernetes.pod.probes import probe


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
