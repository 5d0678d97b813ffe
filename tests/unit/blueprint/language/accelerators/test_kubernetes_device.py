"""Claims about rohe_iac.blueprint.language.accelerators.kubernetes_device: how a cluster knows an accelerator."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator

CLAIMED = {"deviceClass": "gpu.example.com", "attribute": "gpu.example.com/uuid"}


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({}, "R116"),
        ({"extendedResource": "nvidia.com/gpu", "deviceClass": "gpu.example.com"}, "R116"),
        ({"extendedResource": "gpu"}, "R240"),
        ({"extendedResource": "kubernetes.io/gpu"}, "R240"),
        ({"extendedResource": "requests.nvidia.com/gpu"}, "R240"),
        ({"extendedResource": f"{'a' * 250}/gpu"}, "R240"),
        ({"extendedResource": "nvidia.com/gpu", "attribute": "uuid"}, "R240"),
        ({"extendedResource": "nvidia.com/gpu", "capacity": "memory"}, "R240"),
        ({"deviceClass": "gpu.example.com"}, "R240"),
        ({"deviceClass": "GPU", "attribute": "uuid"}, "R240"),
        ({**CLAIMED, "attribute": "gpu.example.com/"}, "R240"),
        ({**CLAIMED, "attribute": '"] == 1 || device.attributes["'}, "R240"),
        ({**CLAIMED, "values": ["a"]}, "R240"),
        ({**CLAIMED, "values": ["a", "a"]}, "R240"),
        ({**CLAIMED, "capacity": {}}, "R240"),
    ],
)
def test_what_no_cluster_could_keep_is_refused(known: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Accelerator.model_validate({"type": "gpu", "count": 2, "kubernetes": known})
    assert [error["type"] for error in caught.value.errors()] == [code]


def test_an_exclusive_device_is_not_shared_by_a_capacity() -> None:
    with pytest.raises(ValidationError, match="exclusive"):
        Accelerator.model_validate({"type": "gpu", "mode": "exclusive", "kubernetes": {**CLAIMED, "capacity": "m"}})


@pytest.mark.parametrize("values", [["0", 0], [True, 1], ["GPU-1", "GPU-2"]])
def test_values_are_text_numbers_or_booleans_and_differ_by_type_too(values: list[Any]) -> None:
    found = Accelerator.model_validate({"type": "gpu", "count": 2, "kubernetes": {**CLAIMED, "values": values}})
    assert found.kubernetes is not None
    assert [(type(value), value) for value in found.kubernetes.values] == [(type(value), value) for value in values]
