"""Only regular files up to a size are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rohe_iac.foundation.regular_file import NotRegular, TooLarge, read_regular


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    assert read_regular(tmp_path / "file", 4) == b"1234"


def test_a_pipe_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegular, match="not a regular file"):
        read_regular(tmp_path / "pipe", 4)
    with pytest.raises(OSError, match=r"."):
        read_regular(tmp_path, 4)


def test_a_file_beyond_the_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(3 * 2**20)
    with pytest.raises(TooLarge, match="the file has 3 MiB; at most 2 MiB are read"):
        read_regular(tmp_path / "large", 2 * 2**20)
