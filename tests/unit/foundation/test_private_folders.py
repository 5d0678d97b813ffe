"""Claims about folders: made for their owner only whatever the umask, and refused where another user can write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder, UnsafeFolder, write_private


@pytest.mark.usefixtures("open_umask")
def test_missing_folders_and_files_are_for_their_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a" / "b"))
    folder = StackFolder.of("project", "stack").ensure()
    write_private(folder.record, b"{}")
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", *(tmp_path / "a").rglob("*"))}
    assert set(found.values()) == {0o700, 0o600}
    assert len(found) == 6


@pytest.mark.parametrize("level", range(3))
def test_a_folder_that_others_can_write_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = StackFolder.of("project", "stack").ensure()
    unsafe = (folder.path, *folder.path.parents)[level]
    unsafe.chmod(0o777)
    with pytest.raises(UnsafeFolder) as refusal:
        folder.ensure()
    assert str(unsafe) in refusal.value.brief
    assert "chmod go-w" in refusal.value.hint


@pytest.mark.platform
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "rohe").mkdir(mode=0o700)
    os.chown(tmp_path / "rohe", 65534, 65534)
    with pytest.raises(UnsafeFolder):
        StackFolder.of("project", "stack").ensure()
