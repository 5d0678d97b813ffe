"""`rohe agent ask`: asks the agent that runs beside this process, in its container or on its machine.

As a program, `python3 -m rohe_iac.agent.ask QUESTION...`, it takes a fifth of the command's time, which counts where a
small machine is asked every second.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rohe_iac.agent.question_socket import PATIENCE, address_in
from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError


class AgentAway(RoheError):
    """No agent listens in the folder of the store."""

    exit_code = ExitCode.UNREACHABLE


class QuestionRefused(RoheError):
    """The agent has no answer to a question; what it says was printed with the answers to the others."""

    exit_code = ExitCode.USAGE


def answers(questions: Iterable[str], environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yields the pages of the answers to some questions, each a line of JSON, in the order of the questions.

    Args:
        questions: Each a JSON object with the key `ask`, and what that question takes.
        environment: Environment variables; by default those of the process. ROHE_STORE names the agent's store.

    Raises:
        UsageError: No store is named, or a question is no JSON object.
        AgentAway: No agent listens there, or it ends before it has answered.
        QuestionRefused: The agent has refused a question; all pages were yielded before.
    """
    store = (os.environ if environment is None else environment).get("ROHE_STORE", "")
    if not store:
        raise UsageError("no store of an agent is named", hint="name the folder of the store in ROHE_STORE")
    lines = [_line(question) for question in questions]
    refused = ""
    try:
        with address_in(Path(store)) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(address)
            with connection.makefile("rwb") as stream:
                for line in lines:
                    stream.write(line)
                    stream.flush()
                    for page in _pages(stream):
                        refused = refused or str(json.loads(page).get("refused", ""))
                        yield page
    except OSError as error:
        raise AgentAway(
            f"no agent answers in {store}", detail=error.strerror or str(error), hint="its log says whether it runs"
        ) from error
    if refused:
        raise QuestionRefused("the agent refused a question", detail=refused)


def _line(question: str) -> bytes:
    try:
        found = json.loads(question)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"'{question[:60]}' is no question", hint='a question is JSON, such as {"ask": "status"}')
    return json.dumps(found).encode() + b"\n"


def _pages(stream: Iterable[bytes]) -> Iterator[str]:
    for page in stream:
        text = page.decode().rstrip("\n")
        yield text
        if json.loads(text).get("last", True):
            return
    raise ConnectionAbortedError(None, "it ended before it had answered")


def main(arguments: list[str]) -> int:
    """Prints the answers to the questions; returns the exit code."""
    try:
        for page in answers(arguments):
            print(page)
    except RoheError as error:
        print("\n".join(filter(None, (error.brief, error.detail, error.hint))), file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
