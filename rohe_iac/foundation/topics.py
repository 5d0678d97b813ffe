"""The MQTT topics of a stack: lowercase, fixed depth, so that access per client is a list of filters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics below `rohe/v1/<stack>`; `+` may stand for any name, which gives a filter."""

    stack: str

    def _under(self, *levels: str) -> str:
        return "/".join(("rohe/v1", self.stack, *levels))

    def report(self, service: str, instance: str) -> str:
        """Where an instance sends its reports."""
        return self._under("report", service, instance)

    def reports_of(self, service: str) -> str:
        """Filter of the reports of all instances of a service."""
        return self.report(service, "+")

    def state(self, client: str) -> str:
        """Retained: online, stopped or lost, with the boot id."""
        return self._under("state", client)

    def ack(self, client: str) -> str:
        """What of a client's reports is stored for good."""
        return self._under("ack", client)

    def command(self, client: str) -> str:
        """Commands to a service's instance, questions to an agent."""
        return self._under("command", client)

    def answer(self, client: str) -> str:
        """An instance's answer to a command."""
        return self._under("answer", client)

    def reply(self, client: str) -> str:
        """An agent's reply to who asked."""
        return self._under("reply", client)

    def violation(self, contract: str) -> str:
        """Violations of a contract."""
        return self._under("violation", contract)

    def result(self, agent: str, window: str) -> str:
        """Measurements of closed windows."""
        return self._under("result", agent, window)
