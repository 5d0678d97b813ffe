"""Packing: whatever shares a row, the inputs that are read are those that were written, in their order."""

from __future__ import annotations

from rohe_iac.sinks.packing import DEFLATED, DEFLATED_BYTES, MAX_BYTES, REPORT, REPORTS, Row, packed, unpacked


def report(number: int, at: float = 1.0, size: int = 10) -> Row:
    return REPORT, at, f"c-{number}", b"%d" % number + b"x" * size


def read_again(rows: list[Row]) -> list[Row]:
    return [made for row in packed(rows) for made in unpacked(row)]


def test_reports_of_one_time_share_a_row() -> None:
    rows = [report(1), report(2), ("tick", 1.0, "", b""), report(3), report(4, at=2.0), report(5, at=2.0)]
    assert [row[0] for row in packed(rows)] == [REPORTS, "tick", REPORT, REPORTS]
    assert read_again(rows) == rows


def test_a_row_has_a_largest_size() -> None:
    rows = [report(number, size=MAX_BYTES * 3 // 5) for number in range(3)] + [report(8, size=2 * MAX_BYTES)]
    rows += [report(number, size=MAX_BYTES // 3) for number in range(6)]
    assert [row[0] for row in packed(rows)] == [REPORT, REPORT, REPORT, REPORT, REPORTS, REPORTS, REPORTS]
    assert read_again(rows) == rows


def test_few_reports_are_compressed_and_many_are_not() -> None:
    few = [report(number, size=1100) for number in range(10)]
    [row] = packed(few)
    assert row[0] == DEFLATED
    assert len(row[3]) < 1000
    many = [report(number, size=1000) for number in range(DEFLATED_BYTES.stop // 1000 + 1)]
    assert [row[0] for row in packed(many)] == [REPORTS]
    assert [row[0] for row in packed(few[:1])] == [DEFLATED]
    assert (read_again(few), read_again(many)) == (few, many)


def test_nothing_gives_no_row() -> None:
    assert list(packed([])) == []
