"""What becomes of a question to an agent whose pod cannot answer it; tests/e2e/kubernetes asks real ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from lightkube import ApiError
from lightkube.models.meta_v1 import Status
from lightkube.types import ExecResponse

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.targets.kubernetes.inquiry import PodInquirer
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.transports.questions import AgentSilent, RefusedQuestion

POD = ClusterObject(
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "agent-0-abc", "namespace": "desk"},
        "spec": {"containers": [{"name": "agent"}]},
    }
)


class Cluster:
    """A client whose `exec` ends as it is told; faults of a connection to a kubelet cannot be had otherwise."""

    def __init__(self, ending: ExecResponse | Exception) -> None:
        self.ending = ending
        self.commands: list[Any] = []
        self.config = SimpleNamespace(cluster=SimpleNamespace(server="https://127.0.0.1:1"), context_name="here")

    def exec(self, name: str, **options: Any) -> ExecResponse:
        self.commands.append((name, options["namespace"], options["container"], options["command"]))
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending


def ask(ending: ExecResponse | Exception, pods: tuple[ClusterObject, ...] = (POD,)) -> list[Any]:
    cluster: Any = Cluster(ending)
    return PodInquirer(cluster, lambda _: pods, 5.0).ask("agent-0", "results", most=2)


def refusal(code: int, message: str) -> ApiError:
    return ApiError(status=Status(code=code, message=message, status="Failure"))


def test_pages_are_put_together() -> None:
    lines = '{"page": 0, "last": false, "items": [1]}\n{"page": 1, "last": true, "items": [2]}\n'
    assert ask(ExecResponse(stdout=lines, stderr="", exit_code=0)) == [1, 2]


def test_the_command_runs_in_the_agents_container() -> None:
    cluster: Any = Cluster(ExecResponse(stdout='{"last": true, "items": []}\n', stderr="", exit_code=0))
    PodInquirer(cluster, lambda _: (POD,), 5.0).ask("agent-0", "results", most=2)
    command = ["python3", "-m", "rohe_iac.agent.ask", '{"ask": "results", "most": 2}']
    assert cluster.commands == [("agent-0-abc", "desk", "agent", command)]


@pytest.mark.parametrize("code", [ExitCode.USAGE, ExitCode.OK])
def test_a_refusal_is_the_agents(code: int) -> None:
    with pytest.raises(RefusedQuestion, match="no violation"):
        ask(ExecResponse(stdout='{"refused": "no violation \'v\' is known"}\n', stderr="", exit_code=code))


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (ExecResponse(stdout="", stderr="error: no agent answers in /var/lib/rohe", exit_code=10), "did not answer"),
        (ExecResponse(stdout="", stderr="no such command", exit_code=64), "did not answer"),
        (ExecResponse(stdout="", stderr="", exit_code=0), "without a word"),
        (ExecResponse(stdout="", stderr="not found", exit_code=127), "has no program `python3`"),
        (ExecResponse(stdout="Segmentation fault", stderr="", exit_code=0), "no answer"),
        (ExecResponse(stdout='{"page": 0}', stderr="", exit_code=0), "no answer"),
        (refusal(404, 'pods "agent-0-abc" not found'), "cannot be asked"),
        (refusal(400, "container agent is not running"), "cannot be asked"),
        (refusal(403, "no exec"), "exec"),
        (httpx2.ReadTimeout("no answer"), "does not answer"),
    ],
)
def test_an_agent_that_cannot_answer_is_out_of_reach(ending: ExecResponse | Exception, said: str) -> None:
    with pytest.raises(RoheError) as caught:
        ask(ending)
    assert said in f"{caught.value.brief} {caught.value.detail}"
    assert caught.value.exit_code == ExitCode.UNREACHABLE
    assert caught.value.hint


def test_an_agent_without_a_pod_is_silent() -> None:
    with pytest.raises(AgentSilent, match="has no pod"):
        ask(ExecResponse(stdout="", stderr="", exit_code=0), ())
