"""Gathering: messages that come one by one are taken in together: each transaction of the store costs the same."""

from __future__ import annotations

import time
from collections.abc import Callable

from rohe_iac.foundation.topics import kind_of_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.transports.inbox import ConnectionChange

ENOUGH_BYTES = 24 * 1024
"""Bytes of messages that are worth a transaction: what it writes beside them is about a quarter of that."""

ENOUGH_MESSAGES = 16
"""Messages that are worth a transaction, whatever their size. Some brokers deliver no more than 20 before the first of
them is acknowledged, and nothing would be gained by waiting for another."""

PATIENCE = 0.1
"""Seconds for which the first message waits for others, at most; 8 ms at 2,000 reports of 1.6 kB a second."""

Receive = Callable[[int, float], tuple[list[Incoming], list[ConnectionChange]]]
"""Returns messages and changes of the connection, as `AgentTransport.receive` does."""


def gather(receive: Receive, limit: int, timeout: float) -> tuple[list[Incoming], list[ConnectionChange]]:
    """Returns the messages that arrived, as many as are worth a transaction, and the changes of the connection.

    Args:
        receive: Returns what has arrived, at most so many messages, after at most so many seconds.
        limit: Largest number of messages to return.
        timeout: Seconds to wait for the first message or change.

    A call of `receive` that returns nothing before its time ends the waiting, so that it can be woken.
    """
    messages, changes = receive(limit, timeout)
    size = _worth(messages)
    end = time.monotonic() + PATIENCE
    while (
        0 < len(messages) < min(limit, ENOUGH_MESSAGES)
        and size < ENOUGH_BYTES
        and not changes
        and (left := end - time.monotonic()) > 0
    ):
        more, changes = receive(limit - len(messages), left)
        if not more:
            break  # the time is over, or there is something else to do
        messages += more
        size += _worth(more)
    return messages, changes


def _worth(messages: list[Incoming]) -> int:
    """Returns the bytes of messages; what comes alone is enough, and what other agents of the pipeline gathered."""
    return sum(
        ENOUGH_BYTES if message.alone or kind_of_topic(message.topic) == "batch" else len(message.payload)
        for message in messages
    )
