"""A character that YAML forbids is reported at its place, with the other faults of the same text."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check

TEXT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  load: fast
  services:
    - {name: a, command: [a], replicas: many}
    - name: b
      command: [b%s]
      colour: red
"""


@pytest.mark.parametrize("character", ["\x15", "\x00", "\x7f", "\x9f", "\ufffe"])
def test_faults_beside_a_forbidden_character_have_their_places(tmp_path: Path, character: str) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "x.yaml").write_text(TEXT % character)
    found = {(item.place.line, item.place.column, item.code) for item in check([tmp_path]).diagnostics}
    if character == "\x00":
        assert found == {(9, 18, "R013")}
    else:
        assert found == {(5, 9, "R112"), (7, 41, "R108"), (9, 18, "R001"), (10, 7, "R106")}
