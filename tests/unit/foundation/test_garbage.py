"""Garbage collection is paused inside the block and runs again after it."""

from __future__ import annotations

import gc

import pytest

from rohe_iac.foundation.garbage import pause_garbage_collection


def interrupted() -> None:
    with pause_garbage_collection():
        assert not gc.isenabled()
        raise RuntimeError


def test_the_pause_ends_with_the_block_even_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(RuntimeError):
        interrupted()
    assert gc.isenabled()


def test_a_pause_inside_a_pause_does_not_end_it() -> None:
    with pause_garbage_collection():
        with pause_garbage_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
