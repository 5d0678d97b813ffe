"""Claims about `rohe rotate`: a stack that is not applied has no secrets to replace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rohe_iac.deployment.rotation import NothingToRotate
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.running.rotate import rotate
from rohe_iac.usecases.stacks import KnownStack


def _never(*_: Any) -> Any:
    raise AssertionError("nothing is opened")


def test_a_stack_that_is_not_applied_has_nothing_to_rotate(tmp_path: Path) -> None:
    stack = KnownStack(tmp_path, "p", "desk", StackFolder(tmp_path / "state"), None)
    with pytest.raises(NothingToRotate) as refused:
        rotate(stack, (), _never, _never)
    assert "rohe apply desk" in refused.value.hint
