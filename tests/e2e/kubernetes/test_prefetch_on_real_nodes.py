"""A kubelet and a container runtime pull images for pods whose program no image has."""

from __future__ import annotations

import pytest
from real_node.images import RECIPES, VERSION
from real_node.settings import SANDBOX_IMAGE
from shared_cluster import Cluster

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.images.image_pull import ImagePull
from rohe_iac.targets.kubernetes.images.prefetch import NotPulled, Prefetch

pytestmark = pytest.mark.platform

LABELS = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": "cams"}
AGENT = f"{RECIPES[0].name}:{VERSION}"
ABSENT = "registry.invalid/absent:1"


class Ends:
    """Progress that keeps what ended well."""

    def __init__(self) -> None:
        self.pulled: set[str] = set()

    def on_begin(self, verb: str, address: str) -> None:
        pass

    def on_end(self, _: str, address: str, __: float) -> None:
        self.pulled.add(address)

    def on_failure(self, verb: str, address: str, reason: str) -> None:
        pass

    def on_note(self, text: str) -> None:
        raise AssertionError(text)

    def on_wait(self, address: str, words: str) -> None:
        pass


def test_images_are_pulled_whatever_they_hold_and_a_failure_has_the_words_of_the_registry(pods: Cluster) -> None:
    namespace = pods.namespace(labels={"pod-security.kubernetes.io/enforce": "restricted"})
    server, progress = ApiServer(pods.client), Ends()
    present = [ImagePull("zero-1", SANDBOX_IMAGE), ImagePull("pi-1", AGENT)]
    nodes = tuple(server.list(server.kinds["v1", "Node"], ""))
    prefetch = Prefetch(server, namespace, LABELS, progress, SystemClock())
    with pytest.raises(NotPulled) as raised:
        prefetch.run([*present, ImagePull("pi-1", ABSENT)], nodes, fail_fast=False)
    assert progress.pulled == {f"{AGENT} on pi-1", f"{SANDBOX_IMAGE} on zero-1"}
    assert raised.value.detail.startswith(f"{ABSENT} on pi-1: ImagePullBackOff: ")
    assert "registry.invalid" in raised.value.detail.partition("ImagePullBackOff: ")[2]
    assert pods.objects("pods", namespace) == []
