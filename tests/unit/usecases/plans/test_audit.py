"""`rohe audit`: what each loss would break."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.usecases.plans.audit import audit

DIGITS = Path(__file__).parents[4] / "examples" / "digits"


def test_every_used_node_and_zone_is_lost_once_and_each_step_is_reported() -> None:
    steps: list[str] = []
    losses = {loss.subject: loss for loss in audit(DIGITS, report=steps.append)}
    assert set(losses) == {"node/jetson-1", "node/pi-1", "node/zero-1", "zone/desk"}
    assert losses["node/pi-1"].replicas == 2
    assert losses["node/zero-1"].unplaceable == ("replica/digits:camera/0",)
    assert losses["zone/desk"].outages == ("service/digits:classify/svm",)
    assert not any(loss.harmless for loss in losses.values())
    assert steps[0] == "reading the blueprint"
    assert steps[-1] == "dropping every node and zone in turn"
