"""Pods of simulated nodes run nothing: what agents have heard is not checked, which is said and hinders nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine


def test_an_agent_that_cannot_be_asked_is_named_and_hinders_nobody(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.observed, stack.stack = True, {"storage": {"emptyDir": {}}}
    stack.write()
    outcome = stack.apply()
    assert outcome["ending"] == "complete"
    assert len(outcome["unheard"]) == 1, outcome["unheard"]
    (found,) = outcome["unheard"]
    assert found["address"].startswith("agent/cams")
    assert found["reason"].startswith("it cannot be asked whether it has heard its replicas: ")
    assert {part["state"] for part in stack.parts()} == {"running"}
    again = stack.apply()
    assert (again["ending"], again["unheard"]) == ("complete", [])
    # An apply of a part of the stack asks the agents that are there.
    stack.write(detect={"env": {"LEVEL": "2"}})
    part = stack.apply("--target", "service/detect", "--allow-interruption")
    assert part["ending"] == "complete"
    assert [item["address"] for item in part["unheard"]] == [found["address"]]
