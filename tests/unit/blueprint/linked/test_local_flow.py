"""Claims about which flows are local, and which domain a node is in."""

from __future__ import annotations

from pathlib import Path

from local_flow import write_site

from rohe_iac.blueprint.linked.local_flow import LocalFlows
from rohe_iac.blueprint.loading import load


def test_local_flows_are_those_with_within(tmp_path: Path) -> None:
    flows = LocalFlows(load(write_site(tmp_path)))
    assert flows.keys == {("cams", "camera", "detect"): "zone"}
    assert [flows.domain("a-1", key) for key in ("node", "zone", "row")] == ["a-1", "a", None]
