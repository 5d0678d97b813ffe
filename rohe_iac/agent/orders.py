"""Orders: what an agent has told services to do, to whom, and who has answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.judging.degrading import Degrading
from rohe_iac.observation.judging.outcome import Action

AGAIN = 3.0
"""Seconds after which who has not answered is told again."""

Tell = Callable[[str, dict[str, Any]], bool]


@dataclass
class Order:
    """One order about an ensemble. answers: by instance, whether it accepted and why."""

    id: str
    action: str
    service: str
    members: tuple[str, ...]
    reason: str
    instances: tuple[str, ...]
    answers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    told: float = 0.0

    @property
    def content(self) -> dict[str, Any]:
        """The command's payload."""
        return {
            "id": self.id,
            "action": self.action,
            "service": self.service,
            "members": list(self.members),
            "until": 0,
            "reason": self.reason,
        }


class Orders:
    """The order in force for each ensemble; goes to those who ask its members and to those who gather their answers."""

    def __init__(self, configuration: Configuration, degrading: Degrading, tell: Tell) -> None:
        self._configuration, self._degrading, self._tell = configuration, degrading, tell
        self._orders: dict[str, Order] = {}

    def take(self, action: Action) -> None:
        """An action began or ended: the order of its ensemble becomes what all actions in force say together."""
        if action.dry:
            return
        service = self._configuration.service(action.service)
        if service is None:
            return
        members = self._degrading.members_now(action.service)
        whole = set(members) == set(service.members)
        told = {*self._configuration.callers(action.service), *service.calls}
        self._orders[action.service] = Order(
            id=f"{action.id}{'-ended' if action.ended else ''}",
            action="restore" if whole else "degrade",
            service=action.service,
            members=members,
            reason=action.reason if not action.ended else f"{action.id} has ended",
            instances=tuple(item.instance for item in self._configuration.instances if item.service in told),
        )

    def send(self, now: float) -> None:
        """Tells those who have not answered, again after a while."""
        for order in self._orders.values():
            missing = [instance for instance in order.instances if instance not in order.answers]
            if missing and now - order.told >= AGAIN:
                order.told = now
                for instance in missing:
                    self._tell(instance, order.content)

    def returned(self, client: str) -> None:
        """A client started anew: it knows nothing of what it was told."""
        for order in self._orders.values():
            if order.answers.pop(client, None) is not None or client in order.instances:
                order.told = 0.0

    def answered(self, answer: dict[str, Any]) -> None:
        """A client answered an order."""
        for order in self._orders.values():
            if answer.get("id") == order.id:
                accepted = bool(answer.get("accepted")), str(answer.get("why", ""))
                order.answers[str(answer.get("client", ""))] = accepted

    def shown(self) -> list[dict[str, Any]]:
        """The orders in force with their answers, as plain values."""
        return [
            {
                **order.content,
                "answers": {name: {"accepted": yes, "why": why} for name, (yes, why) in sorted(order.answers.items())},
                "unanswered": [name for name in order.instances if name not in order.answers],
            }
            for _, order in sorted(self._orders.items())
        ]
