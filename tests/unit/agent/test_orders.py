"""Orders: sent to the callers and the callees of an ensemble, again until answered, and again after a restart."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.agent.orders import RESEND_INTERVAL, Orders
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.judging.degrading import DegradePolicy
from rohe_iac.observation.judging.outcome import CorrectiveAction

CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent="agent-0",
    services=(
        ServiceSpec(name="camera", calls=("classify",)),
        ServiceSpec(name="classify", calls=("vote",), members=("a", "b")),
        ServiceSpec(name="vote", calls=("archive",)),
        ServiceSpec(name="archive"),
    ),
    instances=tuple(
        Instance(instance=f"{service}-0", topic=service, service=service)
        for service in ("archive", "camera", "classify", "vote")
    ),
    contracts=(),
)
ACTION = CorrectiveAction(
    id="v-1-b-1", kind="degrade", violation="v-1", contract="c", objective="o", begun=1.0, service="classify",
    dropped="b", members=("a",), reason="accuracy",
)  # fmt: skip


class Desk:
    """Orders with the commands that they sent."""

    def __init__(self) -> None:
        self.policy = DegradePolicy(CONFIGURATION)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.orders = Orders(CONFIGURATION, self.policy, self._send)

    def _send(self, instance: str, content: dict[str, Any]) -> bool:
        self.sent.append((instance, content))
        return True

    def begin(self, action: CorrectiveAction) -> None:
        self.policy.state.active.append(action)
        self.orders.update(action)

    def send(self, now: float) -> list[str]:
        self.sent.clear()
        self.orders.send(now)
        return [instance for instance, _ in self.sent]


def test_an_order_goes_to_the_callers_and_callees_of_the_ensemble_alone() -> None:
    desk = Desk()
    desk.begin(ACTION)
    assert desk.send(100.0) == ["camera-0", "vote-0"]
    content = desk.sent[0][1]
    assert (content["action"], content["service"], content["members"]) == ("degrade", "classify", ["a"])


def test_it_is_sent_again_after_an_interval_to_those_that_have_not_answered() -> None:
    desk = Desk()
    desk.begin(ACTION)
    desk.send(100.0)
    desk.orders.record_answer({"id": ACTION.id, "client": "camera-0", "accepted": True, "why": "done"})
    assert desk.send(100.0 + RESEND_INTERVAL / 2) == []
    assert desk.send(100.0 + RESEND_INTERVAL) == ["vote-0"]
    [order] = desk.orders.to_builtins()
    assert order["answers"] == {"camera-0": {"accepted": True, "why": "done"}}
    assert order["unanswered"] == ["vote-0"]


def test_a_client_that_restarts_gets_its_order_again_at_once() -> None:
    desk = Desk()
    desk.begin(ACTION)
    desk.send(100.0)
    for client in ("camera-0", "vote-0"):
        desk.orders.record_answer({"id": ACTION.id, "client": client, "accepted": True})
    assert desk.send(200.0) == []
    desk.orders.forget_answers("camera-0")
    assert desk.send(200.1) == ["camera-0"]


def test_the_end_of_the_last_action_restores_all_members() -> None:
    desk = Desk()
    desk.begin(ACTION)
    [ended] = desk.policy.restore("v-1", 9.0)
    desk.orders.update(ended)
    [order] = desk.orders.to_builtins()
    assert (order["id"], order["action"], order["members"]) == ("v-1-b-1-ended", "restore", ["a", "b"])


def test_a_dry_run_and_an_unknown_service_order_nothing() -> None:
    desk = Desk()
    desk.begin(msgspec.structs.replace(ACTION, dry=True))
    desk.begin(msgspec.structs.replace(ACTION, service="unknown"))
    assert desk.orders.to_builtins() == []
