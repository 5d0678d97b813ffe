"""What a user names is applied with all that has to exist for it, and with nothing else."""

from __future__ import annotations

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.running.selection import selected

MANIFESTS = (
    Manifest("namespace", "Namespace", "stack/desk", ""),
    Manifest("credential", "Credential", "credential/camera", "", ("namespace",)),
    Manifest("camera-0", "Deployment", "replica/cams:camera/0", "", ("credential",)),
    Manifest("camera-1", "Deployment", "replica/cams:camera/1", "", ("credential",)),
    Manifest("camera", "Service", "service/cams:camera", "", ("namespace",)),
    Manifest("store-0", "Deployment", "replica/cams:store/0", "", ("namespace", "elsewhere")),
)


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        ([], ["namespace", "credential", "camera-0", "camera-1", "camera", "store-0"]),
        (["service/camera"], ["namespace", "credential", "camera-0", "camera-1", "camera"]),
        (["replica/cams:camera/1"], ["namespace", "credential", "camera-1"]),
        (["replica/cams:camera/1", "service/store"], ["namespace", "credential", "camera-1", "store-0"]),
    ],
)
def test_an_address_selects_what_is_under_it_and_what_that_depends_on(addresses: list[str], names: list[str]) -> None:
    assert [manifest.name for manifest in selected(MANIFESTS, addresses)] == names


def test_an_address_that_nothing_is_under_is_a_usage_error_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="nothing of the plan is under service/absent") as raised:
        selected(MANIFESTS, ["service/camera", "service/absent"])
    assert "replica/cams:camera/0" in raised.value.hint
    assert "credential/camera" not in raised.value.hint
