"""Claims about the strategy of a stack that names none."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.from_blueprint.default_strategy import default_strategy
from rohe_iac.planning.model.demand import DeviceRequest


@pytest.mark.parametrize(
    ("replicas", "request_", "strategy"),
    [
        (1, DeviceRequest("gpu", share=5000), "best-fit"),
        (3, DeviceRequest("gpu", share=5000), "fragmentation"),
        (1, DeviceRequest("gpu", count=1), "best-fit"),
        (2, DeviceRequest("gpu", count=1), "fragmentation"),
    ],
)
def test_a_stack_that_names_no_strategy_minds_fragments_where_accelerators_are_scarce(
    world: Any, replicas: int, request_: DeviceRequest, strategy: str
) -> None:
    nodes = [world.node(f"n{number}", devices=(world.gpu(),)) for number in range(2)]
    assert default_strategy(nodes, [world.demand("d", replicas, devices=(request_,))]) == strategy


def test_without_accelerators_the_best_fit_is_the_default(world: Any) -> None:
    assert default_strategy([world.node("n")], [world.demand("d", 3)]) == "best-fit"
