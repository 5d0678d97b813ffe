"""Inquiry: asks the agents of a stack through their pods, so that whoever asks needs no credentials of the broker."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from httpx2 import StreamError
from httpx2.websockets import HTTPXWSException, WebSocketUpgradeError
from lightkube import ApiError, Client
from lightkube.models.meta_v1 import Status
from lightkube.types import ExecResponse

from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.cluster import ObjectRefused, cluster_errors
from rohe_iac.targets.kubernetes.object import ClusterObject, newest
from rohe_iac.transports.long_status import joined_answer
from rohe_iac.transports.questions import AgentSilent, RefusedQuestion

LOG = logging.getLogger("rohe.questions")

COMMAND = ("python3", "-m", "rohe_iac.agent.ask")
"""The program in an agent's image that asks the agent beside it."""

LONGEST_LINE = 200
"""Characters of an answer that a message shows."""

START = 15.0
"""Seconds that this program has to start, beside those that the agent has to answer: an edge machine is slow."""

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes where a container has no such program, or cannot start it."""


class PodInquirer:
    """Asks agents by `exec` in their pods."""

    def __init__(self, client: Client, pods_of: Callable[[str], Sequence[ClusterObject]], timeout: float) -> None:
        """Asks nothing yet.

        Args:
            client: A client of the cluster; its namespace is the stack's.
            pods_of: Returns the pods of an instance.
            timeout: Seconds that an agent has to answer.
        """
        self._client, self._pods_of, self._timeout = client, pods_of, timeout

    def ask(self, agent: str, question: str, **parameters: Any) -> list[Any]:
        """Asks one question and returns the items of the answer.

        Args:
            agent: Instance of the agent.
            question: Kind of question.
            parameters: Further keys of the question.

        Raises:
            AgentSilent: There is no pod of the agent, or the agent does not answer.
            RefusedQuestion: The agent does not know the question or has no answer.
            RoheError: The cluster cannot be reached, or does not let this user run a program in the pod.
        """
        pods = self._pods_of(agent)
        if not pods:
            raise AgentSilent(f"agent '{agent}' has no pod", hint="`rohe status` shows why")
        pod = newest(pods)
        LOG.info("asking agent %s in the pod %s for %s", agent, pod.name, question)
        answer = self._exec(agent, pod, json.dumps({"ask": question, **parameters}))
        # The program says on stdout why the agent refuses, and ends as after a wrong command line.
        # A node that runs nothing, such as a simulated one, lets the program end well without a word.
        if answer.exit_code not in (ExitCode.OK, ExitCode.USAGE) or not answer.stdout:
            raise self._silent(agent, pod, answer)
        items: list[Any] = []
        for line in str(answer.stdout).splitlines():
            try:
                page = json.loads(line)
                if "refused" in page:
                    raise RefusedQuestion(f"agent '{agent}' refused: {page['refused']}")
                items += page["items"]
            except (ValueError, KeyError, TypeError) as error:
                raise AgentSilent(
                    f"agent '{agent}' answers in its pod {pod.name} with what is no answer",
                    detail=line[:LONGEST_LINE],
                    hint="its image may be of another version of rohe",
                ) from error
        return joined_answer(question, items)

    def _exec(self, agent: str, pod: ClusterObject, question: str) -> ExecResponse:
        try:
            with cluster_errors(self._client), _refusals():
                return self._client.exec(
                    pod.name,
                    namespace=pod.namespace,
                    container=pod.body["spec"]["containers"][0]["name"],
                    command=[*COMMAND, question],
                    stdout=True,
                    stderr=True,
                    timeout=self._timeout + START,
                )
        except (ObjectRefused, HTTPXWSException) as error:
            words = error.words if isinstance(error, ObjectRefused) else str(error)
            raise AgentSilent(
                f"agent '{agent}' cannot be asked in its pod {pod.name}",
                detail=words or "the connection ended",
                hint="`rohe status` shows whether it runs; `rohe logs` shows its output",
            ) from error

    def _silent(self, agent: str, pod: ClusterObject, answer: ExecResponse) -> AgentSilent:
        if answer.exit_code in (NOT_FOUND, NOT_EXECUTABLE):
            return AgentSilent(
                f"the image of agent '{agent}' has no program `{COMMAND[0]}`",
                detail=str(answer.stderr or "").strip(),
                hint="build it from images/agent/Dockerfile, and name it in the Stack: agents: {image: NAME}",
            )
        hint = "`rohe logs` shows its output"
        if answer.exit_code == ExitCode.USAGE:
            hint = "its image may be of another version of rohe: " + hint
        detail = str(answer.stderr or "").strip() or "its node ran the question without a word in answer"
        return AgentSilent(f"agent '{agent}' did not answer in its pod {pod.name}", detail=detail, hint=hint)


@contextmanager
def _refusals() -> Iterator[None]:
    """Raises what the API server answers instead of opening the connection as an ApiError."""
    try:
        yield
    except WebSocketUpgradeError as error:
        answer = error.response
        try:
            message = str(json.loads(answer.read())["message"])
        except (ValueError, KeyError, TypeError, StreamError):
            message = f"it answers {answer.status_code}"
        raise ApiError(
            status=Status(code=answer.status_code, reason=answer.reason_phrase, message=message, status="Failure")
        ) from error
