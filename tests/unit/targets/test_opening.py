"""Claims about the opening of targets by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.deployment.ports import Destination
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.opening import TARGETS, UnknownTarget, open_target


def _destination(name: str, folder: Path) -> Destination:
    return Destination(name, "shop", "edge", StackFolder(folder / "stack"), folder)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_opened_by_the_name_that_it_has_itself(tmp_path: Path, name: str) -> None:
    assert open_target(_destination(name, tmp_path)).name == name
    assert not (tmp_path / "stack").exists()


def test_a_target_that_cannot_be_applied_to_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget) as raised:
        open_target(_destination("manifests", tmp_path))
    assert raised.value.exit_code is ExitCode.INVALID
    assert "rohe render" in raised.value.hint
