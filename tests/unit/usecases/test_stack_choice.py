"""Words of a command line that mean a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.stack_choice import chosen_stack

STACK = "apiVersion: rohe.dev/v1\nkind: Stack\nmetadata: {name: %s}\nspec: {pipelines: [door], inventory: house}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A blueprint with two stacks, each in a folder."""
    (tmp_path / "rohe.yaml").touch()
    for name in ("lab", "production"):
        (tmp_path / "blueprints" / name).mkdir(parents=True)
        (tmp_path / "blueprints" / name / "stack.yaml").write_text(STACK % name)
    return tmp_path


def test_a_folder_inside_a_blueprint_means_the_stack_in_it(root: Path) -> None:
    assert chosen_stack(root, "blueprints/lab").stack == "lab"
    assert chosen_stack(root, "blueprints/production/stack.yaml").stack == "production"
    assert chosen_stack(root, ".").stack is None
    with pytest.raises(UsageError, match="several stacks"):
        chosen_stack(root, "blueprints")


def test_the_name_of_a_stack_comes_before_a_folder_of_that_name(root: Path) -> None:
    (root / "lab").mkdir()
    assert (chosen_stack(root, "lab").folder, chosen_stack(root, "lab").stack) == (root, "lab")
    (root / "other").mkdir()
    assert (chosen_stack(root, "other").folder, chosen_stack(root, "other").stack) == (root / "other", None)
