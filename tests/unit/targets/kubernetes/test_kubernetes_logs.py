"""Output of pods, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from stored_objects import refusal

from rohe_iac.targets.kubernetes import logs
from rohe_iac.targets.kubernetes.object import ClusterObject

POD = ClusterObject(
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}
)


class Runs:
    """Takes the place of the API server of a pod whose container was restarted."""

    def lines(self, path: str, query: Mapping[str, str], *, follow: bool) -> Iterator[str]:
        run = ["a", "b", "c"] if query["previous"] == "true" else ["d", "e"]
        yield from run[-int(query["tailLines"]) :]


def test_the_lines_of_the_run_before_come_first_where_the_present_one_has_fewer() -> None:
    status = {"containerStatuses": [{"restartCount": 1}]}
    pod = ClusterObject({**POD.body, "status": status})
    for lines, expected in ((4, "bcde"), (2, "de"), (1, "e")):
        found = logs.read(cast(Any, Runs()), "edge", {"back-0": [pod]}, lines=lines)
        assert "".join(line for _, line in found) == expected


class Output:
    """Takes the place of ApiServer."""

    def lines(self, path: str, query: Mapping[str, str], *, follow: bool) -> Iterator[str]:
        yield f"{path.rpartition('namespaces/')[2]} {query['tailLines']}"
        raise refusal(500, "the node does not answer")


class NoOutput:
    """Takes the place of the API server of a simulated node."""

    def lines(self, path: str, query: Mapping[str, str], *, follow: bool) -> Iterator[str]:
        raise refusal(404, "the server could not find the requested resource")


def test_simulated_nodes_are_named_as_those_without_output() -> None:
    [(instance, line)] = logs.read(cast(Any, NoOutput()), "edge", {"back-0": [POD]}, lines=7)
    assert (instance, "simulated nodes (kwok) have no output" in line) == ("back-0", True)


def test_the_lines_of_a_pod_come_with_its_instance_and_what_hinders_them_is_a_line() -> None:
    assert list(logs.read(cast(Any, Output()), "edge", {"back-0": [POD], "back-1": []}, lines=7)) == [
        ("back-0", "edge/pods/p/log 7"),
        ("back-0", "(no output can be read: the node does not answer)"),
        ("back-1", "(there is no pod)"),
    ]
