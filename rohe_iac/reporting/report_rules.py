"""Report rules: what an agent demands of a report, checked before the report is accepted.

An agent keeps a report that breaks them as a dead letter, and nobody sends it again. Most reports are seen to keep them
by looks at their arguments and bytes that cost less than a microsecond each; only the others are read as an agent reads
them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from rohe_iac.foundation.wire.report_bounds import (
    EARLIEST,
    MAX_AGE,
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_NAME_LENGTH,
    MAX_TIME,
    MAX_VALUES,
    MIN_INTEGER,
    is_too_deep,
)

NUMBERS: frozenset[Any] = frozenset((int, float))
"""Types whose values are numbers in JSON; `bool` is another type, and subclasses may be anything."""

_DIGITS_AND_STARTS = bytes.maketrans(b"123456789,[-", b"000000000:::")
"""Makes all digits the same, and all that a number follows in JSON: `:`, `,`, `[` or its sign."""

_LONG_INTEGER = b":" + b"0" * 19
"""Beginning of each integer of 19 digits or more, as the largest of 64 bits have. Floats have at most 17."""

_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
"""What to delete so that brackets and quotation marks are left."""


class InvalidReport(ValueError):
    """A report that no agent would take.

    Attributes:
        field: Name of the argument of `report` that is to blame, or of the setting of the reporter.
    """

    def __init__(self, field: str, why: str) -> None:
        """Takes the name of the argument and what is wrong with it."""
        super().__init__(f"{field}: {why}")
        self.field = field


def check_report(content: Mapping[str, Any], encoded: bytes) -> None:
    """Checks that agents take a report.

    Args:
        content: What differs from report to report, by name, as the service gave it: at, request, start, end, metrics
            and fields, where they are given.
        encoded: The same in JSON, compact and in UTF-8.

    Raises:
        InvalidReport: A rule is broken.
    """
    if not _is_plain(encoded, **content):
        check_decoded(json.loads(encoded))


def check_age(field: str, at: float) -> None:
    """Checks that an event is not of a clock that was never set, where this machine's was.

    Args:
        field: Name of the argument that gives the time.
        at: Event time (seconds since the epoch).

    Raises:
        InvalidReport: It is before EARLIEST, and more than MAX_AGE ago. Of later events an agent decides, by the clocks
            of its clients.
    """
    if at < EARLIEST and time.time() - at > MAX_AGE:
        raise InvalidReport(field, f"{at:.0f} s after 1970 is years ago; times are those of time.time()")


def check_decoded(report: dict[str, Any]) -> None:
    """Checks a report as JSON is decoded; the names in it may be of the reporter's settings.

    Raises:
        InvalidReport: A rule is broken.
    """
    # The event time comes first, and may be another argument, which is to be named.
    for field, value in reversed(report.items()):
        if field in ("at", "start", "end"):
            _check_time(field, value)
        elif field == "metrics":
            for name, metric in _named(field, value).items():
                if type(metric) not in NUMBERS:
                    raise InvalidReport(field, f"'{name:.80}' has to be a number, not {_shown(metric)}")
                _check_float(metric, name)
        elif field == "fields":
            if is_too_deep(_named(field, value)):
                raise InvalidReport(field, f"values are nested more than {MAX_DEPTH} levels deep")
            _check_integers(value)
        elif field not in ("serial", "seq", "v"):
            if not isinstance(value, str):
                raise InvalidReport(field, f"has to be a text, not {_shown(value)}")
            _check_name(field, value)


def _is_plain(
    body: bytes,
    *,
    at: Any,
    request: Any = None,
    start: Any = None,
    end: Any = None,
    metrics: Any = None,
    fields: Any = None,
) -> bool:
    """Checks what most reports are, so that they keep the rules; what is not plain may keep them or not."""
    return (
        (at.__class__ in NUMBERS and 0 <= at <= MAX_TIME)
        and (start is None or (start.__class__ in NUMBERS and 0 <= start <= MAX_TIME))
        and (end is None or (end.__class__ in NUMBERS and 0 <= end <= MAX_TIME))
        and (request is None or (request.__class__ is str and len(request) <= MAX_NAME_LENGTH))
        and (
            metrics is None
            or (
                metrics.__class__ is dict
                and len(metrics) <= MAX_VALUES
                and NUMBERS.issuperset(map(type, metrics.values()))
            )
        )
        and (fields is None or (fields.__class__ is dict and len(fields) <= MAX_VALUES))
        and (len(body) <= MAX_NAME_LENGTH or (_are_short(metrics) and _are_short(fields)))
        and _LONG_INTEGER not in body.translate(_DIGITS_AND_STARTS)
        and (fields is None or body.count(b"[") + body.count(b"{") <= MAX_DEPTH or _is_flat(body))
    )


def _are_short(names: Mapping[Any, Any] | None) -> bool:
    """Checks the length of names; those that are no texts, which JSON makes texts of, count as long."""
    try:
        return not names or max(map(len, names)) <= MAX_NAME_LENGTH
    except TypeError:
        return False


def _is_flat(body: bytes) -> bool:
    """Checks that JSON is not nested in more than MAX_DEPTH levels; where texts have brackets it may say no."""
    # A text without brackets leaves two quotation marks side by side, and before the first bracket in a text stands an
    # odd number of them, of which one stays.
    left = body.translate(None, _NO_BRACKETS).replace(b'""', b"")
    if b'"' in left or b"\\" in body:
        return False
    for _ in range(MAX_DEPTH // 2):  # each takes one level away, or two
        left = left.replace(b"[]", b"").replace(b"{}", b"")
        if not left:
            return True
    return False


def _named(field: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InvalidReport(field, f"have to be values by name, not {_shown(values)}")
    if len(values) > MAX_VALUES:
        raise InvalidReport(field, f"{len(values):,} values are more than {MAX_VALUES:,}")
    for name in values:
        _check_name(field, name)
    return values


def _check_name(field: str, name: str) -> None:
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidReport(field, f"a name of {len(name):,} characters is longer than {MAX_NAME_LENGTH:,}")


def _check_time(field: str, value: Any) -> None:
    if type(value) not in NUMBERS:
        raise InvalidReport(field, f"has to be a number of seconds, not {_shown(value)}")
    if not 0 <= value <= MAX_TIME:
        raise InvalidReport(field, f"{_shown(value)} is no time in seconds since 1970: from 0 to {MAX_TIME:.0f}")


def _check_float(number: float, name: str) -> None:
    try:
        float(number)
    except OverflowError:
        raise InvalidReport("metrics", f"'{name:.80}' is larger than numbers of 64 bits can be") from None


def _check_integers(values: Any) -> None:
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif type(value) is int and not MIN_INTEGER <= value <= MAX_INTEGER:
            raise InvalidReport("fields", f"the integer {_shown(value)} has more than 64 bits")


def _shown(value: Any) -> str:
    return f"{json.dumps(value):.80}"
