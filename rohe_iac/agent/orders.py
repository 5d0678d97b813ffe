"""Orders: the degrade and restore commands that an agent sends to services, and the answers of their instances."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.judging.degrading import DegradePolicy
from rohe_iac.observation.judging.outcome import CorrectiveAction
from rohe_iac.observation.reports.report import Name, Undecodable

RESEND_INTERVAL = 3.0
"""Seconds after which an order is sent again to instances that have not answered."""

MAX_ANSWER = 500
"""Characters that are kept of why an instance accepts or refuses an order."""

SendCommand = Callable[[str, dict[str, Any]], bool]
"""Sends a command to an instance; returns False where there is no connection."""


@dataclass
class Order:
    """One order about an ensemble.

    Attributes:
        id: Identifier of the command.
        action: `degrade` or `restore`.
        service: Name of the ensemble.
        members: Members to ask from now on.
        reason: Why, as people read it.
        instances: Instances that the order is sent to.
        answers: Whether an instance accepted and why, by instance.
        sent_at: When the order was sent last, by the monotonic clock; minus infinity to send it at once.
    """

    id: str
    action: str
    service: str
    members: tuple[str, ...]
    reason: str
    instances: tuple[str, ...]
    answers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    sent_at: float = -math.inf

    @property
    def content(self) -> dict[str, Any]:
        """Returns the payload of the command."""
        return {
            "id": self.id,
            "action": self.action,
            "service": self.service,
            "members": list(self.members),
            "until": 0,
            "reason": self.reason,
        }


class Orders:
    """The current degrade or restore order per ensemble, sent to its callers and to the services that it calls."""

    def __init__(self, configuration: Configuration, policy: DegradePolicy, send_command: SendCommand) -> None:
        """Begins without any order.

        Args:
            configuration: Services and instances of the pipeline.
            policy: Decides which members of an ensemble work at present.
            send_command: Sends a command to an instance.
        """
        self._configuration, self._policy, self._send_command = configuration, policy, send_command
        self._orders: dict[str, Order] = {}

    def update(self, action: CorrectiveAction) -> None:
        """Replaces the order of the action's ensemble by one with the members of all actions in force.

        Args:
            action: Action that began or ended; a dry run changes no order.
        """
        if action.dry:
            return
        service = self._configuration.service(action.service)
        if service is None:
            return
        members = self._policy.current_members(action.service)
        complete = set(members) == set(service.members)
        neighbours = {*self._configuration.callers(action.service), *service.calls}
        self._orders[action.service] = Order(
            id=f"{action.id}{'-ended' if action.ended else ''}",
            action="restore" if complete else "degrade",
            service=action.service,
            members=members,
            reason=action.reason if not action.ended else f"{action.id} has ended",
            instances=tuple(
                instance.instance for instance in self._configuration.instances if instance.service in neighbours
            ),
        )

    def send(self, now: float) -> None:
        """Sends orders to the instances that have not answered, at most once per interval.

        Args:
            now: Present time by the monotonic clock (seconds).
        """
        for order in self._orders.values():
            missing = [instance for instance in order.instances if instance not in order.answers]
            if missing and now - order.sent_at >= RESEND_INTERVAL:
                order.sent_at = now
                for instance in missing:
                    self._send_command(instance, order.content)

    def forget_answers(self, client: str) -> None:
        """Forgets the answers of a client that has restarted, so that orders are sent to it again."""
        for order in self._orders.values():
            if order.answers.pop(client, None) is not None or client in order.instances:
                order.sent_at = -math.inf

    def record_answer(self, answer: dict[str, Any]) -> None:
        """Records the answer of an instance to an order that was sent to it."""
        client = str(answer.get("client", ""))
        for order in self._orders.values():
            if answer.get("id") == order.id and client in order.instances:
                order.answers[client] = bool(answer.get("accepted")), str(answer.get("why", ""))[:MAX_ANSWER]

    def to_builtins(self) -> list[dict[str, Any]]:
        """Returns the current orders with their answers as plain values."""
        return [
            {
                **order.content,
                "answers": {
                    instance: {"accepted": accepted, "why": why}
                    for instance, (accepted, why) in sorted(order.answers.items())
                },
                "unanswered": [instance for instance in order.instances if instance not in order.answers],
            }
            for _, order in sorted(self._orders.items())
        ]


class _CommandAnswer(msgspec.Struct):
    """What an instance answers to a command.

    Attributes:
        id: Identifier of the command.
        client: Name of the instance that answers.
        accepted: Whether the instance executes the command.
        why: Why, as people read it.
    """

    id: Name
    client: Name
    accepted: bool
    why: str = ""


_ANSWER = msgspec.json.Decoder(_CommandAnswer)


def decode_answer(payload: bytes) -> dict[str, Any]:
    """Returns the answer of a client to a command.

    Raises:
        Undecodable: A field is missing or of the wrong type.
    """
    try:
        answer = _ANSWER.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is no answer to a command", detail=str(error)) from error
    return {"id": answer.id, "client": answer.client, "accepted": answer.accepted, "why": answer.why}
