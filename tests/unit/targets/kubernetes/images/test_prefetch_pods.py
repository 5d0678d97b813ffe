"""Claims about the pods that pull images: what they are, and that none stays."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.images.image_pull import ImagePull
from rohe_iac.targets.kubernetes.images.prefetch import COMMAND, NotPulled, Prefetch
from rohe_iac.targets.kubernetes.object import ClusterObject

LABELS = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": "shop"}
PULLS = (ImagePull("edge-1", "shop/bad:1"), ImagePull("edge-1", "shop/web:1", secrets=("registry",)))


class Pods:
    """An API server with pods alone, whose node has every image but those called `bad`."""

    def __init__(self) -> None:
        self.kinds = {("v1", kind): kind for kind in ("Pod", "Node", "Event")}
        self.present: dict[str, ClusterObject] = {}
        self.made: list[ClusterObject] = []

    def create(self, wanted: ClusterObject) -> ClusterObject:
        self.made.append(wanted)
        self.present[wanted.name] = wanted
        return wanted

    def list(self, kind: str, *_: str, **__: str) -> list[ClusterObject]:
        return [ClusterObject({**pod.body, "status": _status(pod)}) for pod in self.present.values() if kind == "Pod"]

    def delete(self, found: ClusterObject) -> None:
        self.present.pop(found.name)


class Lines:
    """Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def on_begin(self, verb: str, address: str) -> None:
        self.told.append(("begin", verb, address))

    def on_end(self, verb: str, address: str, _: float) -> None:
        self.told.append(("end", verb, address))

    def on_failure(self, verb: str, address: str, reason: str) -> None:
        self.told.append(("failure", verb, address, reason))


def _status(pod: ClusterObject) -> dict[str, Any]:
    bad = "bad" in pod.body["spec"]["containers"][0]["image"]
    state = (
        {"waiting": {"reason": "ErrImageNeverPull", "message": "absent"}} if bad else {"terminated": {"exitCode": 128}}
    )
    return {"containerStatuses": [{"name": "image", "state": state}]}


def test_a_failed_image_fails_the_whole_in_its_words_and_no_pod_stays() -> None:
    server: Any = Pods()
    progress: Any = Lines()
    with pytest.raises(NotPulled) as raised:
        Prefetch(server, "edge", LABELS, progress, SystemClock()).run(PULLS, None, fail_fast=False)
    assert raised.value.exit_code is ExitCode.PARTIAL
    assert raised.value.detail == "shop/bad:1 on edge-1: ErrImageNeverPull: absent"
    assert ("end", "pull", "shop/web:1 on edge-1") in progress.told
    assert server.present == {}
    pod = next(pod.body for pod in server.made if pod.body["spec"]["containers"][0]["image"] == "shop/web:1")
    assert pod["spec"]["nodeName"] == "edge-1"
    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["spec"]["containers"][0]["command"] == [COMMAND]
    assert LABELS.items() <= pod["metadata"]["labels"].items()
