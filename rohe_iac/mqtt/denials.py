"""Denials: the topics on which a broker refuses a client's messages, as MQTT 5 tells it (section 3.4.2.1)."""

from __future__ import annotations

import logging
from typing import Any

LOG = logging.getLogger("rohe.mqtt")

MAX_DENIED = 8
"""Topics, at most, that are remembered as refused."""


class Denials:
    """What a broker has refused of one client.

    Attributes:
        count: Messages that were refused.
        topics: Topics whose last message was refused, at most MAX_DENIED, each with the broker's reason.
    """

    def __init__(self, client: str) -> None:
        """Begins for a client, which log lines name."""
        self._client = client
        self._under_way: dict[int, str] = {}
        self.count = 0
        self.topics: dict[str, str] = {}

    def forget_under_way(self) -> None:
        """Forgets the messages that were not answered; identifiers of another connection mean nothing."""
        self._under_way = {}

    def sent(self, identifier: int, topic: str) -> None:
        """Takes in a message that the broker will answer."""
        self._under_way[identifier] = topic

    def answered(self, identifier: int, reason: Any, url: str) -> None:
        """Takes in the broker's answer; the first refusal of a topic is logged, and so is its end."""
        topic = self._under_way.pop(identifier, "")
        if reason is not None and getattr(reason, "is_failure", False):
            self.count += 1
            if topic not in self.topics and len(self.topics) < MAX_DENIED:
                self.topics[topic] = str(reason)
                what = f"what '{self._client}' publishes on {topic}" if topic else f"a message of '{self._client}'"
                LOG.warning("%s refuses %s: %s", url, what, reason)
        elif self.topics and self.topics.pop(topic, None) is not None:
            LOG.info("%s takes what '%s' publishes on %s again", url, self._client, topic)
