"""`rohe explain` and `rohe why-not` name what was meant where an address does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.plans.explain import explain_places
from rohe_iac.usecases.plans.why_not import why_not
from rohe_iac.usecases.stacks import known_stack

CCTVS = Path(__file__).parents[4] / "examples" / "cctvs"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("service/object-detektion", "did you mean 'service/object-detection'?"),
        ("replica/image-ingestio/0", "did you mean 'replica/image-ingestion/0'?"),
        ("node/jetson-nano-1", "did you mean 'node/jetson-nano-01'?"),
        ("service/something-else-entirely", "`rohe plan` lists what it places"),
    ],
)
def test_an_address_that_nothing_has_is_answered_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain_places(CCTVS, known_stack(CCTVS, None), typed)
    assert caught.value.hint == meant


def test_why_not_names_the_service_and_the_node_that_were_meant() -> None:
    with pytest.raises(UsageError) as caught:
        why_not(CCTVS, "object-detektion", "jetson-nano-01")
    assert caught.value.hint == "did you mean 'object-detection'?"
    with pytest.raises(UsageError) as caught:
        why_not(CCTVS, "object-detection", "raspberry-pi-1")
    assert caught.value.hint == "did you mean 'raspberry-pi-01'?"
