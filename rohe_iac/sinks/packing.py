"""Packing: reports that arrive together share rows of the store, and few of them are compressed.

Sharing a row takes half the time and less of the disk. Compression halves what is written once more; it takes some 15
us a report of 1.6 kB, so that it is left out while reports come so fast that they fill large rows.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import msgspec

REPORT, REPORTS, DEFLATED = "report", "reports", "reports deflated"
"""Kind of an input that is a report, of a row that has several, and of one that is compressed (RFC 1950)."""

MAX_BYTES = 64 * 1024
"""Bytes of reports in one row, at most, unless one alone is larger."""

DEFLATED_BYTES = range(1024, 32 * 1024)
"""Bytes of rows that are compressed. Smaller ones take a page of the database anyhow, and larger ones come of a load
under which the processor is short."""

LEVEL = 1
"""Level of the compression, which is the fastest; slower ones gain little with rows of this size."""

Row = tuple[str, float, str, bytes]
"""Kind, time of the call (seconds since the epoch), client and payload."""

_DECODER = msgspec.msgpack.Decoder(list[tuple[str, bytes]])


def packed(inputs: Iterable[Row]) -> Iterator[Row]:
    """Yields rows for inputs in order; reports of the same time that follow each other share rows."""
    waiting: list[Row] = []
    size = 0
    for row in inputs:
        if waiting and (row[0] != REPORT or row[1] != waiting[0][1] or size + len(row[3]) > MAX_BYTES):
            yield _row_of(waiting)
            waiting, size = [], 0
        if row[0] == REPORT:
            waiting.append(row)
            size += len(row[3])
        else:
            yield row
    if waiting:
        yield _row_of(waiting)


def _row_of(reports: list[Row]) -> Row:
    content = msgspec.msgpack.encode([(client, payload) for _, _, client, payload in reports])
    if len(content) in DEFLATED_BYTES:
        deflated = zlib.compress(content, LEVEL)
        if len(deflated) < len(content):
            return DEFLATED, reports[0][1], "", deflated
    return reports[0] if len(reports) == 1 else (REPORTS, reports[0][1], "", content)


def unpacked(row: Row) -> Iterator[Row]:
    """Yields the inputs of a row, in order."""
    kind, at, _, payload = row
    if kind not in (REPORTS, DEFLATED):
        yield row
        return
    for client, report in _DECODER.decode(zlib.decompress(payload) if kind == DEFLATED else payload):
        yield REPORT, at, client, report
