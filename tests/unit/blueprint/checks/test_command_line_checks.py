"""Checks of command lines; what each finding says is in tests/golden/blueprint/command-lines.yaml."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.blueprint.checks.command_line import check_command_lines
from rohe_iac.blueprint.documents.discovery import read_file
from rohe_iac.blueprint.documents.tree import documents_with_model, read_tree
from rohe_iac.blueprint.language.pipeline import Pipeline

TEXT = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: lines}
spec:
  services:
    - name: vote
      command: [vote, "$(NO)"]
      ensemble: {members: [{name: a}, {name: b, args: ["{port}"]}, {name: c, env: {NO: x}}]}
"""


def test_what_members_share_is_reported_once_and_what_is_their_own_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(TEXT)
    tree = read_tree(tmp_path, [read_file(tmp_path, tmp_path / "all.yaml")], explicit=True)
    ((document, pipeline),) = documents_with_model(tree.documents, Pipeline)
    (service,) = pipeline.spec.services
    assert service.ensemble is not None
    base = ("spec", "services", 0)
    parts = [((*base, "ensemble", "members", index), member) for index, member in enumerate(service.ensemble.members)]
    found = [(finding.code, finding.path) for finding in check_command_lines(document, base, service, [*parts])]
    assert found == [
        ("R136", (*base, "command", 1)),
        ("R208", (*base, "ensemble", "members", 1, "args", 0)),
    ]
