"""Filters: the topics on which each client of a pipeline may report."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.foundation.topics import batch_topic, report_topic
from rohe_iac.observation.configuration import Configuration


class ReportFilters:
    """Topic filters by client.

    Attributes:
        batches: Filter for what the receiving agents send to this one.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._stack = configuration.stack
        self._planned: dict[str, list[str]] = {}
        for item in configuration.instances:
            self._planned.setdefault(item.instance, []).append(item.topic)
        self._topics = sorted({item.topic for item in configuration.instances})
        self.batches = batch_topic(configuration.stack, configuration.agent, "+")

    def of_all(self, unplanned: Iterable[str]) -> list[str]:
        """Returns the filters for all services, as one agent alone has them, and for every client of its own.

        Args:
            unplanned: Clients that the plan does not know; planned ones among them do no harm.
        """
        of_services = [report_topic(self._stack, topic, "+") for topic in self._topics]
        return [*of_services, *self.of({*self._planned, *unplanned})]

    def plans(self, client: str) -> bool:
        """Checks whether the plan knows a client."""
        return client in self._planned

    def of(self, clients: Iterable[str]) -> list[str]:
        """Returns the filters for the reports of clients; one that is not planned may report for any service."""
        return [
            report_topic(self._stack, topic, client)
            for client in sorted(clients)
            for topic in self._planned.get(client, self._topics)
        ]


def left_of_several(configuration: Configuration, clients: Iterable[str]) -> list[str]:
    """Returns the filters that a session may still have of a time when the agent was one of several.

    Args:
        configuration: Configuration of the agent, which is now alone.
        clients: Clients that have reported before, planned or not.
    """
    filters = ReportFilters(configuration)
    return [*filters.of_all(clients), filters.batches]
