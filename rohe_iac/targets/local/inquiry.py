"""Inquiry: asks the agents of a stack on this machine over its broker, as the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rohe_iac.foundation.folders import NotWritable, StackFolder, write_obstacle
from rohe_iac.foundation.topics import OPERATOR
from rohe_iac.mqtt.address import broker_address
from rohe_iac.transports.questions import AgentSilent, BrokerUnreachable, Inquirer


@contextmanager
def asking(folder: StackFolder, timeout: float) -> Iterator[Inquirer]:
    """Yields an open connection to the stack's broker, and names a full disk where that is why no answer comes.

    Neither broker takes new clients while it cannot write, and an agent waits for room before it answers.

    Args:
        folder: The stack's folder, whose name is the stack's.
        timeout: Seconds that the broker and each agent have to answer.

    Raises:
        UnusableCredentials: The credentials of the command line cannot be read.
        BrokerUnreachable: The broker does not answer.
        NotWritable: The broker or an agent does not answer, and the disk of the stack is full or read-only.
    """
    broker = broker_address("", folder.credentials / f"{OPERATOR}.json")
    try:
        with Inquirer(broker, folder.path.name, timeout) as inquirer:
            yield inquirer
    except (BrokerUnreachable, AgentSilent) as error:
        why = write_obstacle(folder.path)
        if not why:
            raise
        detail = "\n".join(filter(None, (error.brief, error.detail)))
        raise NotWritable(why, detail=detail, hint="make room: broker and agents then go on by themselves") from error
