"""Claims about what `rohe plan` warns of where predicted response times may not hold."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.promise_warnings import IDLE_AGENTS, LITTLE_SLACK, SPREAD_BY_SERVICE

EXAMPLES = Path(__file__).parents[4] / "examples"


UNCALLED = ("    - {from: analytic-gateway, to: data-preparation, payload: 4Ki, rate: 1}\n", "")
"""The edit of the example kpi after which no service calls data-preparation."""


def warned(folder: Path, example: str, code: str, *edits: tuple[str, str]) -> list[str]:
    """Returns the warnings of a code in the plan of an example whose documents are edited."""
    shutil.copytree(EXAMPLES / example, folder)
    for name in ("stack", "pipeline", "contract"):
        path = folder / "blueprints" / f"{name}.yaml"
        text = path.read_text()
        for old, new in edits:
            text = text.replace(old, new)
        path.write_text(text)
    return [str(found.message) for found in make_plan(folder).warnings if found.code == code]


def test_a_limit_with_less_than_five_percent_slack_is_remarked(tmp_path: Path) -> None:
    (message,) = warned(tmp_path / "little", "cctvs", LITTLE_SLACK)
    assert message == "'fast-detection' of contract 'cctvs-sla' is predicted to take 699.0 ms of 700 ms (0.1 % slack)"
    enough = ("replicas: auto\n      ports", "replicas: 9\n      ports"), ("value: 700ms", "value: 800ms")
    assert warned(tmp_path / "enough", "cctvs", LITTLE_SLACK, *enough) == []
    late = warned(tmp_path / "late", "cctvs", LITTLE_SLACK, ("value: 700ms", "value: 500ms"))
    assert any("(too slow)" in message for message in late)


@pytest.mark.parametrize(
    ("edits", "services"),
    [
        ([], []),
        ([UNCALLED], ["data-preparation"]),
        ([UNCALLED, ("balancing: leastBusy", "balancing: random")], []),
        ([UNCALLED, ("manifests: {directory: manifests}", "local: {}")], []),
        ([UNCALLED, ("replicas: auto\n      ports", "replicas: auto\n      balancing: random\n      ports")], []),
    ],
    ids=["called", "stated", "random", "local", "random-service"],
)
def test_a_balancing_that_a_kubernetes_service_does_not_have_is_said(
    tmp_path: Path, edits: list[tuple[str, str]], services: list[str]
) -> None:
    found = warned(tmp_path / "kpi", "kpi", SPREAD_BY_SERVICE, *edits)
    assert [message.partition("'")[2].partition("'")[0] for message in found] == services


def test_a_limit_behind_an_overloaded_service_is_warned_of_without_a_time(tmp_path: Path) -> None:
    busy = warned(tmp_path / "busy", "cctvs", LITTLE_SLACK, ("replicas: auto\n      ports", "replicas: 1\n      ports"))
    assert busy
    assert all(re.search(r"a service on its path is overloaded, \d{3,} % busy$", message) for message in busy), busy


def test_agents_that_hear_no_instance_are_warned_of_with_the_number_that_would_do(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "digits", tmp_path / "digits")
    path = tmp_path / "digits" / "blueprints" / "stack.yaml"
    path.write_text(path.read_text().replace("perPipeline: 1}", "perPipeline: 12}"))
    planned = make_plan(tmp_path / "digits")
    (found,) = [warning for warning in planned.warnings if warning.code == IDLE_AGENTS]
    shares = planned.planfile.plan.shares
    idle = [share for share in shares if not share.instances]
    assert len(shares) == 12
    assert f"{len(idle)} of 12 agents of pipeline" in found.message
    assert f"perPipeline: {12 - len(idle)}" in found.hint
