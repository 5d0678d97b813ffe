"""Clocks of processes that are wrong, by Debian's libfaketime: at any moment as far away as a file says."""

from __future__ import annotations

from pathlib import Path

import pytest

LIBRARY = "libfaketimeMT.so.1"


def library() -> str:
    """Returns the library that fakes the clock of a process; without it the test is skipped, loudly."""
    for path in sorted(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}")):
        return str(path)
    pytest.skip("faketime is not installed (Debian: apt-get install faketime), so no clock can be wrong here")


def wrong_clock(file: Path, offset: str) -> dict[str, str]:
    """Returns the environment of a process whose wall clock is `offset` away, until the file says otherwise.

    Args:
        file: Has the offset; `set_clock` changes it.
        offset: Seconds with a sign, such as `+3600`.
    """
    set_clock(file, offset)
    return {
        "LD_PRELOAD": library(),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_clock(file: Path, offset: str) -> None:
    """Sets the clocks that follow a file."""
    new = file.with_suffix(".new")
    new.write_text(offset + "\n")
    new.rename(file)
