"""Claims about the permit: only what rohe wrote down is made, and only a file of this user alone counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.permit import NotPermitted, Permit


def _permit(folder: Path, root: str = "/srv") -> Permit:
    return Permit(StackFolder(folder), Path(root))


def test_what_was_written_last_is_permitted_and_nothing_else(tmp_path: Path) -> None:
    permit = _permit(tmp_path / "stack")
    permit.write(["a", "b"])
    permit.check_folder()
    permit.check("a")
    permit.write(["b"])
    for text in ("a", "", "c"):
        with pytest.raises(NotPermitted, match="not of the plan"):
            permit.check(text)
    permit.remove()
    permit.remove()
    with pytest.raises(NotPermitted):
        permit.check("b")


def test_the_permit_is_for_one_blueprint_s_folder(tmp_path: Path) -> None:
    _permit(tmp_path / "stack").write(["a"])
    with pytest.raises(NotPermitted, match="is not for the blueprint in /elsewhere"):
        _permit(tmp_path / "stack", "/elsewhere").check_folder()


def test_a_folder_that_others_can_write_or_a_link_to_one_is_refused(tmp_path: Path) -> None:
    permit = _permit(tmp_path / "stack")
    permit.write(["a"])
    (tmp_path / "link").symlink_to(tmp_path / "stack")
    with pytest.raises(NotPermitted, match="no folder that only this user can write"):
        _permit(tmp_path / "link").check_folder()
    (tmp_path / "stack").chmod(0o777)
    with pytest.raises(NotPermitted, match="no folder that only this user can write"):
        permit.check_folder()
    with pytest.raises(NotPermitted, match="no folder of a stack"):
        _permit(tmp_path / "absent").check_folder()


def test_a_permit_that_others_can_read_or_write_or_that_is_a_link_is_refused(tmp_path: Path) -> None:
    permit = _permit(tmp_path / "stack")
    permit.write(["a"])
    file = tmp_path / "stack" / "permit.json"
    assert os.stat(file).st_mode & 0o777 == 0o600
    file.chmod(0o666)
    with pytest.raises(NotPermitted, match="no file of this user alone"):
        permit.check("a")
    file.rename(tmp_path / "other")
    file.symlink_to(tmp_path / "other")
    with pytest.raises(NotPermitted):
        permit.check("a")
    file.unlink()
    file.write_text("[]")
    file.chmod(0o600)
    with pytest.raises(NotPermitted, match="has not permitted anything"):
        permit.check("a")
