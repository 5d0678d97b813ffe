"""`rohe logs` and `rohe status` of stacks that are applied, or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.deployment.files.record import Record
from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.deployment.location import Location
from rohe_iac.deployment.ports import Live
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.running.last_ends import last_ends
from rohe_iac.usecases.running.logs import logs
from rohe_iac.usecases.running.status import AgentStatus, status
from rohe_iac.usecases.stacks import KnownStack, StackNotRunning, known_stack

DIGITS = Path(__file__).parents[4] / "examples" / "digits"


class FewLive:
    """A target on which some parts of a stack live."""

    def __init__(self, *parts: Live) -> None:
        self._parts = parts

    def live(self) -> tuple[Live, ...]:
        return self._parts

    def location(self) -> Location:
        return Location()

    def found_stack(self) -> None:
        return None

    def obstacles(self) -> tuple[str, ...]:
        return ()

    def edits(self, wanted: object, applied: object) -> tuple[ForeignEdit, ...]:
        return ()

    def logs(self, instances: list[str], *, lines: int, follow: bool) -> Any:
        return iter([(name, f"{lines} {follow}") for name in instances])


@pytest.fixture
def stack() -> KnownStack:
    """The digits example, of which nothing is applied."""
    return known_stack(DIGITS, None)


@pytest.fixture
def applied(stack: KnownStack) -> KnownStack:
    """The same with a record."""
    return KnownStack(stack.root, stack.project, stack.name, stack.folder, Record(3, make_plan(DIGITS).planfile, True))


def test_a_stack_that_is_not_applied_names_the_command(stack: KnownStack) -> None:
    assert (stack.name, stack.target, stack.touched) == ("digits", "local", False)
    assert stack.folder == StackFolder.of(stack.project, "digits")
    with pytest.raises(StackNotRunning) as caught:
        logs(stack, "service/classify", lambda *_: FewLive(), lines=5, follow=False)  # type: ignore[arg-type, return-value]
    assert caught.value.brief == "stack 'digits' is not applied"
    assert caught.value.hint == "rohe apply digits"


def test_the_status_of_a_stack_that_is_not_applied_is_not_well(stack: KnownStack) -> None:
    assert not status(stack, lambda *_: FewLive()).well  # type: ignore[arg-type, return-value]


def test_an_address_covers_replicas_that_run_and_those_that_do_not(applied: KnownStack) -> None:
    extra = Live("replica/digits:classify/svm/7", "classify-svm-7", "running")
    lines = logs(applied, "service/classify/svm", lambda *_: FewLive(extra), lines=5, follow=False)  # type: ignore[arg-type, return-value]
    assert [instance for instance, _ in lines] == ["classify-svm-0", "classify-svm-1", "classify-svm-7"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("camera", ["camera-0"]),
        ("classify/svm", ["classify-svm-0", "classify-svm-1"]),
        ("digits", ["rohe-agent-digits-0"]),
    ],
)
def test_a_bare_name_is_that_of_a_service_replica_or_agent(applied: KnownStack, name: str, expected: list[str]) -> None:
    lines = logs(applied, name, lambda *_: FewLive(), lines=5, follow=False)  # type: ignore[arg-type, return-value]
    assert [instance for instance, _ in lines] == expected


def test_the_name_of_the_stack_is_all_of_it(applied: KnownStack) -> None:
    home = replace(applied, name="home")
    lines = logs(home, "home", lambda *_: FewLive(), lines=5, follow=False)  # type: ignore[arg-type, return-value]
    assert {"camera-0", "classify-svm-0", "rohe-agent-digits-0"} <= {instance for instance, _ in lines}


def test_an_address_of_nothing_is_answered_with_those_that_there_are(applied: KnownStack) -> None:
    extra = Live("replica/digits:tail/0", "tail-0", "running")
    with pytest.raises(UsageError) as caught:
        logs(applied, "service/nothing", lambda *_: FewLive(extra), lines=5, follow=False)  # type: ignore[arg-type, return-value]
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("there is: agent/digits/0, replica/digits:aggregate/0")
    assert caught.value.hint.endswith(" and 1 more")


def test_parts_that_do_not_live_are_missing_and_their_agents_silent(applied: KnownStack) -> None:
    camera = Live("replica/digits:camera/0", "camera-0", "running", "4711", began=1.0)
    found = status(applied, lambda *_: FewLive(camera))  # type: ignore[arg-type, return-value]
    states = {part.address: part.state for part in found.parts}
    assert states["replica/digits:camera/0"] == "running"
    assert states["replica/digits:aggregate/0"] == states["broker/broker/0"] == "missing"
    assert found.agents == (AgentStatus(found.agents[0].agent, silence="it is missing"),)
    assert (found.serial, found.complete, found.well) == (3, True, False)


def test_how_last_runs_ended_is_explained_for_the_replicas_asked_for(applied: KnownStack) -> None:
    killed = Live("replica/digits:camera/0", "camera-0", "running", "4711", last_end="was killed for memory: 128Mi")
    target = FewLive(killed, Live("replica/digits:aggregate/0", "aggregate-0", "running", last_end="ended"))
    assert last_ends(applied, lambda *_: target, {killed.address}) == (  # type: ignore[arg-type, return-value]
        "digits:camera/0: the last run was killed for memory: 128Mi",
    )
