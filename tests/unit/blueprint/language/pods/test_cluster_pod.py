"""Claims about what a service's pods have in a cluster alone."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pods.cluster_pod import ClusterPod


@pytest.mark.parametrize(
    ("text", "network"), [("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("::/0", "::/0")]
)
def test_a_network_is_written_as_the_cluster_writes_it(text: str, network: str) -> None:
    assert ClusterPod.model_validate({"egress": [text]}).egress == (network,)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everywhere", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="CIDR"):
        ClusterPod.model_validate({"ingress": [text]})
