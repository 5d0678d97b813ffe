"""What is stale of a stack: what runs, or what reports, is not of the plan's manifest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rohe_iac.deployment.ports import Live
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.running.status import AgentStatus, PartStatus, marked_stale, silence

MANIFEST = Manifest("process-a-0", "Process", "replica/p:a/0", "kind: Process\n", serial=7)
PART = PartStatus("replica/p:a/0", "a-0", "pi-1", "running", "1", (), 0, 0.0)


@pytest.mark.parametrize(
    ("runs", "reports", "stale"),
    [
        (MANIFEST.digest, MANIFEST.digest, ""),
        ("", "", ""),
        ("other", MANIFEST.digest, "it runs as record 3 had it; it changed in record 7"),
        (MANIFEST.digest, "other", "it reports as record 5 had it; it changed in record 7"),
    ],
)
def test_plan_target_and_reports_are_compared(runs: str, reports: str, stale: str) -> None:
    live = Live("replica/p:a/0", "a-0", "running", serial=3, digest=runs)
    agent = AgentStatus("agent", {"clients": {"a-0": {"state": "online", "serial": 5, "digest": reports}}})
    (part,) = marked_stale([PART], [MANIFEST], {"a-0": live}, [agent])
    assert part.stale == stale
    assert part.well == (not stale)


def test_what_the_plan_does_not_have_is_not_called_stale() -> None:
    live = Live("replica/p:a/0", "a-0", "running", serial=3, digest="other")
    assert marked_stale([PART], [], {"a-0": live}, []) == [PART]


def test_a_part_is_silent_where_no_agent_hears_it() -> None:
    def agent(silent: bool) -> AgentStatus:
        instance = {"silent": silent, "interval": 5.0, "spoke": 91.0}
        return AgentStatus("agent", {"at": 100.0, "instances": {"a-0": instance}})

    assert silence(PART, [agent(True), AgentStatus("agent", silence="it is missing")]).startswith(
        "it was last heard 9 s"
    )
    assert silence(PART, [agent(True), agent(False)]) == ""
    assert silence(replace(PART, state="failing"), [agent(True)]) == "", "its state says more"
    assert silence(PART, []) == ""
