"""Columns: packed numbers, which take eight bytes each in memory and in a checkpoint, and are written as they are."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec

from rohe_iac.observation.reports.sample import Sample

if TYPE_CHECKING:
    FloatArray = array[float]
    IntArray = array[int]
else:
    FloatArray = IntArray = array


COLUMN_BYTES = 16
"""Memory of a sample besides its numbers: time, origin, and its share of what a block has."""

NUMBER_BYTES = 24
"""Memory of one number of a sample: in its column, and in what is worked out of it."""

POINTER_BYTES = 8

_SAMPLE = msgspec.msgpack.Decoder(Sample)


class Floats(FloatArray):
    """A column of floats; NaN stands for no number."""

    def __new__(cls, values: Iterable[float] = ()) -> Self:
        """Makes a column of `values`."""
        return cast("Self", super().__new__(cls, "d", values))


class Ids(IntArray):
    """A column of identifiers below 2**32."""

    def __new__(cls, values: Iterable[int] = ()) -> Self:
        """Makes a column of `values`."""
        return cast("Self", super().__new__(cls, "I", values))


class Block(msgspec.Struct, array_like=True):
    """Samples in order, as columns of equal length.

    Attributes:
        times: Event times (seconds since the epoch), ascending.
        origins: Where each sample comes from, as a place in the table of its lane.
        numbers: What each reading of the lane has read from the samples, one column a reading.
        records: The samples themselves as MessagePack; empty where nobody needs them.
    """

    times: Floats
    origins: Ids
    numbers: list[Floats]
    records: list[bytes]


def new_block(readings: int) -> Block:
    """Returns a block without samples, with a column for each of so many readings."""
    return Block(times=Floats(), origins=Ids(), numbers=[Floats() for _ in range(readings)], records=[])


def samples_of(block: Block, start: int, end: int) -> list[Sample]:
    """Returns the samples of a block that keeps records, from place `start` up to, and without, place `end`."""
    return [_SAMPLE.decode(record) for record in block.records[start:end]]


def encode_column(value: Any) -> bytes:
    """Encodes a column for MessagePack.

    Raises:
        NotImplementedError: The value is no column.
    """
    if isinstance(value, array):
        return value.tobytes()
    raise NotImplementedError(f"{type(value).__name__} is no column")


def decode_column(kind: type, value: Any) -> Any:
    """Decodes a column that `encode_column` has encoded.

    Raises:
        NotImplementedError: The type is no column.
        ValueError: The bytes are no whole number of values.
    """
    if kind is not Floats and kind is not Ids:
        raise NotImplementedError(f"{kind.__name__} is no column")
    column = kind()
    column.frombytes(value)
    return column
