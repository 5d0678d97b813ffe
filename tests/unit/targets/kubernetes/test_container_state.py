"""The state of a container is read in one place, for readiness, prefetch and status."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.targets.kubernetes.container_state import ContainerState, container_states, main_container

ENDED = {"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "a\n b", "finishedAt": "2026-01-01T00:00:00Z"}


def state(present: dict[str, Any], **entry: Any) -> ContainerState:
    return ContainerState({"name": "c", "state": present, **entry})


@pytest.mark.parametrize(
    ("reason", "failed"),
    [
        ("ImagePullBackOff", True),
        ("ErrImagePull", True),
        ("CrashLoopBackOff", True),
        ("CreateContainerConfigError", True),
        ("SignatureValidationFailed", True),
        ("ContainerCreating", False),
        ("PodInitializing", False),
    ],
)
def test_a_container_has_failed_where_its_reason_does_not_pass_by_itself(reason: str, failed: bool) -> None:
    found = state({"waiting": {"reason": reason, "message": "two\nlines"}})
    assert (found.waits_for, found.message, found.has_failed) == (reason, "two lines", failed)


def test_crashes_count_while_the_container_does_not_run() -> None:
    assert state({"waiting": {}}, restartCount=2, lastState={"terminated": ENDED}).crashes == 3
    assert state({"terminated": ENDED}, restartCount=0).crashes == 1
    assert state({"running": {}}, restartCount=2, lastState={"terminated": ENDED}).crashes == 0
    assert state({"terminated": {"exitCode": 0}}, restartCount=2).crashes == 0
    assert state({"waiting": {"reason": "ContainerCreating"}}).crashes == 0


def test_the_last_end_is_that_of_the_run_that_ended_last() -> None:
    present, before = {"terminated": ENDED}, {"terminated": {"exitCode": 1}}
    end = state(present, lastState=before).last_end
    assert end is not None
    assert (end.exit_code, end.signal, end.reason, end.message) == (137, 9, "OOMKilled", "a b")
    assert end.finished == "2026-01-01T00:00:00Z"
    end = state({"running": {"startedAt": "2026-01-01T00:00:09Z"}}, lastState=before).last_end
    assert end is not None
    assert (end.exit_code, end.reason) == (1, "")
    assert state({"running": {}}).last_end is None


def test_a_node_has_the_image_of_a_container_that_ran() -> None:
    assert state({"running": {}}).has_image
    assert state({"terminated": ENDED}).has_image
    assert state({"waiting": {"reason": "RunContainerError"}}).has_image
    assert state({"waiting": {"reason": "ContainerCreating"}}, imageID="x@sha256:1").has_image
    assert not state({"waiting": {"reason": "ContainerCreating"}}).has_image
    assert not state({"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}}).has_image


def test_containers_that_run_before_the_others_come_first() -> None:
    pod = {"status": {"initContainerStatuses": [{"name": "i"}], "containerStatuses": [{"name": "a"}, {"name": "b"}]}}
    assert [found.name for found in container_states(pod)] == ["i", "a", "b"]
    assert main_container(pod).name == "a"
    assert list(container_states({})) == []
    assert not main_container({}).is_running
