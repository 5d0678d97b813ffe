"""Claims about compressed files: what went in comes out, and nothing damaged or too large does."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.foundation.json_files.compression import MAGIC, DamagedCompression, compress, decompress
from rohe_iac.foundation.regular_file import TooLarge

PACKED = compress(b"a plan" * 1000)


@given(content=st.binary(max_size=2000))
def test_what_was_compressed_comes_back_and_equal_contents_give_equal_bytes(content: bytes) -> None:
    packed = compress(content)
    assert packed.startswith(MAGIC)
    assert packed == compress(content)
    assert decompress(packed, 2000) == content == gzip.decompress(packed)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (PACKED[:-9], "cut off"),
        (PACKED[:12], "cut off"),
        (MAGIC, "cut off"),
        (PACKED[:-5] + b"\x00" + PACKED[-4:], "damaged"),
        (MAGIC + b"\xff" * 40, "damaged"),
        (PACKED + b"more", "follow"),
        (PACKED + PACKED, "follow"),
    ],
)
def test_a_damaged_file_is_an_error_that_says_what_is_wrong(content: bytes, why: str) -> None:
    with pytest.raises(DamagedCompression, match=why):
        decompress(content, 10_000)


def test_a_small_file_that_unpacks_to_a_large_one_fills_no_memory() -> None:
    bomb = compress(bytes(300 * 2**20))
    assert len(bomb) < 2**20
    tracemalloc.start()
    with pytest.raises(TooLarge, match="more than 1 MiB"):
        decompress(bomb, 2**20)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()
