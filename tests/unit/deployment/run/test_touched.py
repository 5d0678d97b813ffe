"""A run is about what changed, what depends on it, and what these need; all else is left out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rohe_iac.deployment.run.touched import touched
from rohe_iac.manifests.manifest import Manifest

MANIFESTS = (
    Manifest("settings", "ConfigMap", "service/cams:store", "1"),
    Manifest("store", "Deployment", "replica/cams:store/0", "1", ("settings",)),
    Manifest("store-ready", "Readiness", "service/cams:store", "1", ("store",)),
    Manifest("detect", "Deployment", "replica/cams:detect/0", "1", ("store-ready", "elsewhere")),
    Manifest("detect-ready", "Readiness", "service/cams:detect", "1", ("detect",)),
    Manifest("alone", "Deployment", "replica/cams:alone/0", "1"),
    Manifest("alone-ready", "Readiness", "service/cams:alone", "1", ("alone",)),
)

CHAIN = {"settings", "store", "store-ready", "detect", "detect-ready"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (set(), set()),
        ({"alone"}, {"alone", "alone-ready"}),
        ({"alone-ready"}, {"alone", "alone-ready"}),
        ({"store"}, CHAIN),
        ({"detect"}, CHAIN),
        ({"detect-ready", "alone"}, {*CHAIN, "alone", "alone-ready"}),
    ],
)
def test_a_change_takes_along_what_depends_on_it_and_what_these_need(changed: set[str], expected: set[str]) -> None:
    wanted = [replace(item, text="2") if item.name in changed else item for item in MANIFESTS]
    assert touched(wanted, MANIFESTS) == expected


def test_a_new_manifest_and_one_that_lost_what_it_needed_are_touched() -> None:
    wanted = [*MANIFESTS[3:5], MANIFESTS[5], MANIFESTS[6], Manifest("new", "Service", "service/cams:alone", "1")]
    wanted[0] = replace(wanted[0], depends_on=())
    assert touched(wanted, MANIFESTS) == {"detect", "detect-ready", "new"}
