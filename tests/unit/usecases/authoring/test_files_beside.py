"""Files that imported files name are read below two folders alone."""

from __future__ import annotations

import os
from pathlib import Path

from rohe_iac.usecases.authoring.files_beside import FilesBeside


def test_a_file_outside_of_both_folders_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "compose"
    folder.mkdir(parents=True)
    for path in (folder / "a.env", tmp_path / "root" / "b.env", tmp_path / "c.env"):
        path.write_text("A=1\n")
    files = FilesBeside(folder, tmp_path / "root")
    assert [files.text("compose.yaml", path) for path in ("a.env", "../b.env", "../../c.env")] == ["A=1\n"] * 2 + [None]
    assert files.below_root("compose.yaml", "../b.env") == "b.env"
    assert not files.is_folder("compose.yaml", "../../..")


def test_why_a_file_is_not_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "root"
    (folder / "folder").mkdir(parents=True)
    os.mkfifo(folder / "pipe")
    (folder / "bytes").write_bytes(b"\0\xff")
    (folder / "device").symlink_to("/dev/zero")
    files = FilesBeside(folder, folder)
    outside = "it is neither below the folder of this file nor below the blueprint's root"
    told = {
        "absent": "there is no such file",
        "folder": "it is a folder",
        "pipe": "it is a pipe or a device, not a file",
        "bytes": "it is no text, or cannot be read",
        "device": outside,
        "../outside": outside,
    }
    assert {path: files.why_absent("compose.yaml", path) for path in told} == told
    assert [files.text("compose.yaml", path) for path in told] == [None] * len(told)
