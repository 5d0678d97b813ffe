"""What of a Deployment its pods are made of, and what may change without a restart."""

from __future__ import annotations

import pytest

from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.pod_template import pod_template

PLAIN = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: back-0
  annotations:
    rohe.dev/node: edge
spec:
  replicas: 1
  template:
    metadata:
      labels: {a: b}
    spec:
      containers:
        - name: back
          image: back:1
"""


def _deployment(text: str) -> Manifest:
    return Manifest("deployment-back-0", "Deployment", "replica/back/0", text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("edge", "edge\n    rohe.dev/unreachable: skip"),
        ("replicas: 1", "replicas: 1\n  minReadySeconds: 5"),
        ("back:1\n", "back:1\n  paused: false\n"),
        ("back:1\n", "back:1\n# the end\n  paused: false\n"),
    ],
)
def test_pods_go_on_while_their_template_is_the_same(old: str, new: str) -> None:
    written = PLAIN + "# a comment of a user's own template\n" if "#" in new else PLAIN
    assert _deployment(written.replace(old, new, 1)).runs_as(_deployment(written))


@pytest.mark.parametrize(
    "written",
    [
        PLAIN,
        PLAIN.replace("  template", "  # from here on\n  template"),
        PLAIN.replace(
            "image: back:1",
            "image: back:1\n          args:\n            - |\n              a\n\n\n              back:1",
        ),
        PLAIN.replace("{a: b}", "&labels {a: b}").replace("  replicas: 1\n", "  replicas: 1\n  paused: false\n"),
        PLAIN.replace("\n  ", "\n    "),
        PLAIN.replace("  template:\n", "  template: {spec: {containers: [{image: back:1}]}}\n  other:\n"),
        "kind: Deployment\nspec: {template: {metadata: {date: 2026-01-01}, spec: {image: back:1}}}\n",
    ],
)
def test_every_change_of_the_template_restarts_pods(written: str) -> None:
    changed = written[: written.rindex("back:1")] + "back:2" + written[written.rindex("back:1") + 6 :]
    if "other:" in written:
        changed = written.replace("back:1}", "back:2}")
    assert not _deployment(changed).runs_as(_deployment(written))


def test_a_text_without_a_template_and_other_kinds_are_what_they_say() -> None:
    assert pod_template("spec: {}\n") == "null"
    assert pod_template("a: [") == "a: ["
    process = Manifest("process-a", "Process", "replica/a/0", PLAIN)
    assert process.digest == process.sha256[:16]
