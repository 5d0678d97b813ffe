"""Claims about folders that cannot be written."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import NotWritable, check_writable, not_writable, write_obstacle


@pytest.mark.platform
def test_a_full_or_read_only_disk_is_said_with_what_to_do(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    mounted = tmp_path / "small"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)], check=True)
    try:
        assert write_obstacle(mounted / "absent" / "folder") == ""
        (mounted / "ballast").write_bytes(bytes(2**21 - 8192))
        assert write_obstacle(mounted) == f"the disk of {mounted} is full: 8Ki of 2048Ki free"
        with pytest.raises(NotWritable) as full:
            check_writable(mounted)
        assert "make room" in full.value.hint
        subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
        assert write_obstacle(mounted) == f"{mounted} is on a read-only file system"
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_an_error_of_writing_names_its_file_and_any_other_error_is_none() -> None:
    error = not_writable(OSError(errno.ENOSPC, "No space left on device", "/proc/x"))
    assert error is not None
    assert error.brief == "/proc/x cannot be written: No space left on device"
    assert not_writable(OSError(errno.ENOENT, "No such file", "/proc/x")) is None
