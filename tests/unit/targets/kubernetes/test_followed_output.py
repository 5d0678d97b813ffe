"""Output that is followed: each line once, over streams that end, restarts and pods that are replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from stored_objects import refusal

from rohe_iac.targets.kubernetes.api_server import SilentConnection
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.followed_output import FollowedOutput
from rohe_iac.targets.kubernetes.object import ClusterObject


def pod(name: str = "p", *, restarts: int = 0, ended: bool = False) -> ClusterObject:
    """Returns a pod whose container runs, or has ended."""
    state = {"terminated": {"exitCode": 1}} if ended else {"running": {}}
    status = {"containerStatuses": [{"restartCount": restarts, "state": state}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [{"name": "c"}]}}
    return ClusterObject({**body, "status": status})


class Node:
    """Gives the output of one pod as a node does: from a second on, and the stream ends where the test says so.

    Attributes:
        runs: The output of each run of the container, oldest first, as (timestamp, text).
        end: What a stream ends with; None for an end without a reason.
        asked: What was asked for.
    """

    def __init__(self, *runs: list[tuple[str, str]]) -> None:
        self.runs, self.end = list(runs), cast("Exception | None", None)
        self.asked: list[dict[str, str]] = []

    def lines(self, path: str, query: Mapping[str, str], *, follow: bool) -> Iterator[str]:
        self.asked.append(dict(query))
        run = self.runs[-2 if query.get("previous") == "true" else -1]
        found = [(stamp, text) for stamp, text in run if stamp[:19] >= query.get("sinceTime", "")[:19]]
        if "tailLines" in query:
            found = found[-int(query["tailLines"]) :]
        yield from (f"{stamp} {text}" for stamp, text in found)
        if follow and self.end is not None:
            raise self.end


def followed(node: Node, lines: int = 10) -> FollowedOutput:
    """Returns the output of the node's pod."""
    return FollowedOutput(cast(Any, node), "edge", lines)


FIRST = [("2026-05-01T10:00:00.1Z", "a"), ("2026-05-01T10:00:00.25Z", "b"), ("2026-05-01T10:00:01Z", "c")]


@pytest.mark.parametrize("end", [None, SilentConnection("nothing came")])
def test_a_stream_that_ends_goes_on_behind_the_last_line(end: Exception | None) -> None:
    node = Node(list(FIRST))
    node.end = end
    output = followed(node)
    assert list(output.new_lines(pod())) == ["a", "b", "c"]
    assert list(output.new_lines(pod())) == []
    node.runs[-1].append(("2026-05-01T10:00:01.000000001Z", "d"))
    assert list(output.new_lines(pod())) == ["d"]
    assert "tailLines" not in node.asked[-1]


def test_a_pod_that_cannot_be_read_yet_is_read_later() -> None:
    node = Node([])
    node.end = refusal(400, "container c in pod p is waiting to start: ContainerCreating")
    output = followed(node)
    with pytest.raises(ObjectRefused):
        list(output.new_lines(pod()))
    node.runs[-1].extend(FIRST)
    node.end = None
    assert list(output.new_lines(pod())) == ["a", "b", "c"]


def test_of_the_first_run_the_last_lines_are_read_and_of_later_ones_all() -> None:
    node = Node(list(FIRST))
    output = followed(node, lines=2)
    assert list(output.new_lines(pod())) == ["b", "c"]
    node.runs.append([("2026-05-01T10:01:00Z", "x"), ("2026-05-01T10:01:01Z", "y"), ("2026-05-01T10:01:02Z", "z")])
    assert list(output.new_lines(pod(restarts=1))) == ["x", "y", "z"]
    assert list(output.new_lines(pod("another"))) == ["x", "y", "z"]


def test_what_a_run_wrote_at_last_comes_before_the_output_of_the_next_one() -> None:
    node = Node(list(FIRST))
    output = followed(node)
    assert list(output.new_lines(pod())) == ["a", "b", "c"]
    node.runs[-1].append(("2026-05-01T10:00:02Z", "its last words"))
    node.runs.append([("2026-05-01T10:01:00Z", "x")])
    assert list(output.new_lines(pod(restarts=1))) == ["its last words", "x"]


def test_output_that_is_whole_is_not_asked_for_again() -> None:
    node = Node(list(FIRST))
    output = followed(node)
    assert list(output.new_lines(pod(ended=True))) == ["a", "b", "c"]
    assert list(output.new_lines(pod(ended=True))) == []
    assert len(node.asked) == 1
