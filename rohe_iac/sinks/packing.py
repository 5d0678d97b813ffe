"""Packing: reports that arrive together share rows of the store, which takes half the time and less of the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

REPORT, REPORTS = "report", "reports"
"""Kind of an input that is a report, and of a row that has several."""

MAX_BYTES = 64 * 1024
"""Bytes of reports in one row, at most, unless one alone is larger."""

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
    if len(reports) == 1:
        return reports[0]
    content = msgspec.msgpack.encode([(client, payload) for _, _, client, payload in reports])
    return REPORTS, reports[0][1], "", content


def unpacked(row: Row) -> Iterator[Row]:
    """Yields the inputs of a row, in order."""
    kind, at, _, payload = row
    if kind != REPORTS:
        yield row
        return
    for client, report in _DECODER.decode(payload):
        yield REPORT, at, client, report
