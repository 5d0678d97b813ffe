"""Report form: a report of one instance as the outbox keeps it, and as it is sent once it has its number."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from rohe_iac.foundation.wire.report_bounds import MAX_SEQ
from rohe_iac.reporting.report_rules import InvalidReport, check_age, check_decoded, check_report
from rohe_iac.reporting.settings import ReporterSettings

VERSION = 1
"""Version of the report's form."""


class ReportForm:
    """What all reports of one boot of an instance have in common."""

    def __init__(self, settings: ReporterSettings, boot: str) -> None:
        """Takes the names to report under.

        Raises:
            InvalidReport: No agent would take a report with one of these names.
        """
        names = {
            "client": settings.instance,
            "boot": boot,
            "pipeline": settings.pipeline,
            "service": settings.service,
            "member": settings.member,
            "instance": settings.instance,
            "node": settings.node,
            **settings.plan,
        }
        if not settings.instance:
            raise InvalidReport("instance", "has to be a name")
        # An agent that gets too large a message reads its number at the beginning alone, with client and boot.
        encoded = _encoded(names)
        check_decoded(json.loads(encoded))
        self._head = encoded[:-1] + b","
        self._room = settings.largest - len(numbered(b"{", MAX_SEQ)) + 1

    def encode(
        self,
        request: str | None,
        start: float | None,
        end: float | None,
        metrics: Mapping[str, float] | None,
        fields: Mapping[str, Any] | None,
        at: float | None,
    ) -> bytes:
        """Returns a report without its number, of the arguments of `Reporter.report`.

        Raises:
            InvalidReport: No agent would take it.
        """
        event = at if at is not None else end
        # First, so that it is in the beginning that is kept of a dead letter.
        content: dict[str, Any] = {"at": event if event is not None else time.time()}
        if request is not None:
            content["request"] = request
        if start is not None:
            content["start"] = start
        if end is not None:
            content["end"] = end
        if metrics is not None:
            content["metrics"] = metrics
        if fields is not None:
            content["fields"] = fields
        try:
            encoded = _encoded(content)
            check_report(content, encoded)
            if event is not None:
                check_age("at" if at is not None else "end", float(event))
        except InvalidReport:
            raise
        except Exception as error:  # the values are of foreign types, whose code may raise anything
            raise _blamed(content, error) from error
        body = self._head + encoded[1:]
        if len(body) > self._room:
            raise InvalidReport("report", f"its {len(body):,} bytes are more than {self._room:,}")
        return body


def numbered(body: bytes, seq: int) -> bytes:
    """Returns the report to send, with its number before all else."""
    return b'{"v":%d,"seq":%d,' % (VERSION, seq) + body[1:]


def _blamed(content: dict[str, Any], error: Exception) -> InvalidReport:
    """Returns which argument cannot be encoded, and why."""
    for field, value in reversed(content.items()):  # `at` may be another argument
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for name, part in parts:
            try:
                _encoded({name: part})
            except Exception as found:  # noqa: BLE001 - as above
                return InvalidReport(field, f"{f'{name!r:.80} ' if name != '' else ''}is not JSON: {found}")
    return InvalidReport("report", f"it is not JSON: {error}")


def _encoded(content: Mapping[str, Any]) -> bytes:
    # What holds itself is too deep for the encoder. Halves of surrogate pairs have no UTF-8, and agents take none.
    return "".join(_ENCODER.iterencode(content, _one_shot=True)).encode()


def _to_builtin(value: Any) -> Any:
    # Numbers and arrays of numerical libraries convert themselves, so that no library is imported to recognise them.
    if isinstance(value, Mapping):
        return dict(value)
    for name in ("item", "tolist"):
        if name == "item" and getattr(value, "ndim", 0) != 0:
            continue
        convert = getattr(value, name, None)
        if convert is not None:
            return convert()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"), default=_to_builtin
)
"""The encoder of all reports; `json.dumps` would make one for each."""
