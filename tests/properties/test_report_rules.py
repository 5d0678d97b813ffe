"""What the library of services accepts, an agent takes; and what it refuses, no agent would have taken."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.foundation.wire.report_bounds import EARLIEST, MAX_AGE, MAX_DEPTH, MAX_SEQ, MAX_TIME, MAX_VALUES
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.observation.reports.any_form import decode_any_report
from rohe_iac.observation.reports.report import Undecodable
from rohe_iac.observation.reports.said_clocks import SaidClocks
from rohe_iac.reporting.report_form import ReportForm, numbered
from rohe_iac.reporting.report_rules import InvalidReport
from rohe_iac.reporting.settings import ReporterSettings

FORM = ReportForm(ReporterSettings(BrokerAddress("127.0.0.1", 1), "s", "p", "svc", "svc-0", Path("/nowhere")), "boot")


def is_accepted(arguments: dict[str, Any]) -> bytes | None:
    """Returns the message that would be sent, None where the report is refused."""
    names = ("request", "start", "end", "metrics", "fields", "at")
    try:
        return numbered(FORM.encode(*(arguments.get(name) for name in names)), MAX_SEQ)
    except InvalidReport as error:
        return None if error.field in (*names, "report") else b"a field that is none"


def is_taken(message: bytes, now: float) -> bool:
    """Checks whether an agent whose clock is right takes a message."""
    if len(message) > MAX_REPORT_BYTES:
        return False
    clocks = SaidClocks()
    clocks.begin_batch(now, time.monotonic())
    try:
        clocks.check_age("svc-0", decode_any_report(message, "svc", "svc-0").at, now)
    except Undecodable:
        return False
    return True


def as_json(arguments: dict[str, Any], now: float) -> bytes | None:
    """Returns the report as JSON whatever it holds, None where it has no JSON."""
    given = {name: value for name, value in arguments.items() if value is not None}
    content = {"client": "svc-0", "boot": "boot", "service": "svc", "at": given.get("end", now), **given}
    try:
        return numbered(json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode(), 1)
    except (TypeError, ValueError, RecursionError):
        return None


def nested(levels: int) -> Any:
    value: Any = 'a[b]{"c'
    for level in range(levels):
        value = [value, "]"] if level % 2 else {"[": value}
    return value


NOW = time.time()
INTEGERS = st.sampled_from([0, 1, -1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**25, 10**308, 10**400])
ODD = st.sampled_from([True, False, "", "12", [], {}, [1], {"a": 1}, math.nan, math.inf, object(), b"x", (1, 2), {1}])
TEXTS = st.one_of(
    st.text(max_size=5), st.sampled_from(["x" * 1000, "x" * 1001, "\ud800", "a\udc00", "\0", "12345678901234567890"])
)
FLOATS = st.one_of(st.floats(), st.sampled_from([0.0012345678901234567, 1e300, -1e-300, 123456789012345680.0]))
TIMES = st.one_of(
    st.none(), st.floats(NOW - 2 * MAX_AGE, NOW + 2 * MAX_AGE), st.integers(-5, int(MAX_TIME) + 5),
    st.sampled_from([MAX_TIME, MAX_TIME * 1.01, -0.0, 12.5, EARLIEST, EARLIEST - 0.5]), ODD,
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), INTEGERS, FLOATS, TEXTS, ODD),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
DEPTHS = st.integers(MAX_DEPTH - 4, MAX_DEPTH + 2).map(nested)
MANY = st.sampled_from([MAX_VALUES, MAX_VALUES + 1]).map(
    lambda count: {f"n{number}": number for number in range(count)}
)
NAMES = st.one_of(TEXTS, st.sampled_from([1, None, 1.5, True, ("a",)]))
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "request": st.one_of(TEXTS, ODD),
        "start": TIMES, "end": TIMES, "at": TIMES,
        "metrics": st.one_of(st.dictionaries(NAMES, st.one_of(FLOATS, INTEGERS, ODD), max_size=3), MANY, ODD),
        "fields": st.one_of(
            st.dictionaries(NAMES, st.one_of(VALUES, DEPTHS), max_size=3), MANY, ODD,
            st.integers(MAX_REPORT_BYTES - 300, MAX_REPORT_BYTES).map(lambda size: {"x": "y" * size}),
        ),
    },
)  # fmt: skip


@given(ARGUMENTS)
@example({"request": 7})
@example({"metrics": {"confidence": "high"}})
@example({"metrics": {"confidence": True}})
@example({"fields": {"x": 2**64}})
@example({"fields": {"x": nested(MAX_DEPTH)}})
@example({"end": 12.5})
@example({"start": "noon"})
def test_a_report_is_accepted_exactly_where_an_agent_takes_it(arguments: dict[str, Any]) -> None:
    now = time.time()
    message = is_accepted(arguments)
    if message is not None:
        assert is_taken(message, now)
        return
    whole = as_json(arguments, now)
    # Room is left for the longest number, which few reports have.
    assert whole is None or len(whole) > MAX_REPORT_BYTES - 100 or not is_taken(whole, now)


def test_of_the_largest_reports_those_that_fit_with_any_number_are_accepted() -> None:
    sizes = range(MAX_REPORT_BYTES - 300, MAX_REPORT_BYTES, 7)
    found = [is_accepted({"fields": {"x": "y" * size}}) for size in sizes]
    accepted = [len(message) for message in found if message is not None]
    assert MAX_REPORT_BYTES - 7 <= max(accepted) <= MAX_REPORT_BYTES
    assert None in found
