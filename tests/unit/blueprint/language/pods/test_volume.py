"""Volumes: exactly one kind, and no folder outside of them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.pods.volume import HostDevice, Volume


def test_a_volume_without_a_size_is_one_of_the_pipeline() -> None:
    assert Volume.model_validate({"path": "/a", "name": "a"}).is_shared
    assert not Volume.model_validate({"path": "/a", "name": "a", "size": "1Gi"}).is_shared
    assert not Volume.model_validate({"path": "/a", "emptyDir": "1Gi"}).is_shared


@pytest.mark.parametrize(
    "fields",
    [{}, {"name": "a", "emptyDir": "1Gi"}, {"name": "a", "subPath": "/a"}, {"name": "a", "subPath": "a/../.."}],
)
def test_what_is_no_volume_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Volume.model_validate({"path": "/a", **fields})


def test_a_device_is_at_the_same_path_on_the_node_unless_it_is_said() -> None:
    assert HostDevice.model_validate({"path": "/dev/video0"}).source == "/dev/video0"
    assert HostDevice.model_validate({"path": "/dev/video0", "from": "/dev/video2"}).source == "/dev/video2"
