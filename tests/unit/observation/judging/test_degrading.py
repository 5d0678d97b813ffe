"""The degrade policy: one member at a time, never the last one, and not before the last action shows."""

from __future__ import annotations

from typing import Any

import msgspec
from objective_specs import objective_spec

from rohe_iac.observation.configuration import Configuration, ServiceSpec
from rohe_iac.observation.judging.degrading import DegradePolicy
from rohe_iac.observation.judging.explanation import Contribution, Evidence
from rohe_iac.observation.judging.outcome import Violation

NAME = "c/right"


def policy(*members: str) -> DegradePolicy:
    services = (ServiceSpec(name="classify", members=members),)
    return DegradePolicy(
        Configuration(stack="s", pipeline="p", agent="a", services=services, instances=(), contracts=())
    )


def violation(value: float | None = 0.5, end: float = 10.0, **without: float) -> Violation:
    contributions = tuple(
        Contribution(kind="member", name=f"classify/{member}", count=10, without=without[member]) for member in without
    )
    evidence = Evidence(start=0.0, end=end, value=value, count=10, promise="", window="", contributions=contributions)
    return Violation(id="v-1", contract="c", objective="right", opened=10.0, evidence=evidence)


def acting(**changes: Any) -> Any:
    return objective_spec(action="degrade", **changes)


def test_the_member_whose_removal_helps_most_is_dropped() -> None:
    degrade_policy = policy("a", "b", "c")
    action = degrade_policy.act(NAME, acting(), violation(a=0.6, b=0.95, c=0.4))
    assert action is not None
    assert (action.dropped, action.members, action.begun) == ("b", ("a", "c"), 10.0)
    assert degrade_policy.current_members("classify") == ("a", "c")


def test_no_member_is_dropped_where_no_removal_helps() -> None:
    assert policy("a", "b").act(NAME, acting(), violation(a=0.5, b=0.4)) is None
    assert policy("a", "b").act(NAME, acting(), violation(value=None, a=1.0)) is None


def test_the_last_member_is_never_dropped() -> None:
    degrade_policy = policy("a", "b")
    assert degrade_policy.act(NAME, acting(), violation(a=0.9, b=0.8)) is not None
    assert degrade_policy.act(NAME, acting(), violation(b=0.9)) is None


def test_a_further_action_waits_for_a_window_after_the_last_one_and_for_the_cooldown() -> None:
    degrade_policy, objective = policy("a", "b", "c"), acting(cooldown=5.0)
    degrade_policy.act(NAME, objective, violation(a=0.9))
    assert not degrade_policy.may_act(NAME, objective, start=9.0, end=20.0)
    assert not degrade_policy.may_act(NAME, objective, start=10.0, end=14.0)
    assert degrade_policy.may_act(NAME, objective, start=10.0, end=15.0)
    assert degrade_policy.may_act("c/other", objective, start=0.0, end=1.0)


def test_an_action_ends_after_its_objective_was_kept_for_clear_and_doubles_the_wait_each_time() -> None:
    degrade_policy, objective = policy("a", "b"), acting(clear=4.0)
    waits = []
    for begun in (10.0, 100.0, 200.0):
        action = degrade_policy.act(NAME, objective, violation(end=begun, a=0.9))
        assert action is not None
        waits.append(action.kept_for)
        too_early = begun + action.kept_for - 0.5
        assert degrade_policy.end_recovered("c", "right", kept_since=begun, end=too_early) == []
        [ended] = degrade_policy.end_recovered("c", "right", kept_since=begun, end=begun + action.kept_for)
        assert ended == msgspec.structs.replace(action, ended=begun + action.kept_for)
    assert waits == [4.0, 8.0, 16.0]


def test_the_operator_ends_the_actions_of_a_violation() -> None:
    degrade_policy = policy("a", "b")
    degrade_policy.act(NAME, acting(), violation(a=0.9))
    assert degrade_policy.restore("v-other", 20.0) == []
    [ended] = degrade_policy.restore("v-1", 20.0)
    assert ended.ended == 20.0
    assert degrade_policy.current_members("classify") == ("a", "b")
