"""Content of messages as it arrives, of which no more is kept than a report may have.

The library keeps a message whole before it delivers it, and up to 100 of them of each queue. RabbitMQ takes messages of
128 MiB by default, so that one alone could be more than the memory of an agent.
"""

from __future__ import annotations

from typing import Any

from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.transports.inbox import KEPT_OF_OVERSIZED


class CutBody(bytes):
    """The beginning of a body that is larger than a report may be.

    Attributes:
        whole: Size of the whole body in bytes.
    """

    whole: int = 0


class BoundedContent:
    """Takes the place of a channel's assembler, and returns of a body that is too large only its beginning.

    A message comes as a frame of the method, one of the header with the size of the body, and those of the body
    (AMQP 0-9-1, 4.2.6).
    """

    def __init__(self) -> None:
        self._method: Any = None
        self._header: Any = None
        self._body = bytearray()
        self._seen = 0

    def process(self, frame: Any) -> tuple[Any, Any, bytes] | None:
        """Takes a frame of a message in; returns method, header and body with the last one, else None.

        Args:
            frame: A frame, as the library decodes it.
        """
        if hasattr(frame, "method"):
            self._method, self._header, self._body, self._seen = frame, None, bytearray(), 0
            return None
        if hasattr(frame, "body_size"):
            self._header = frame
        else:
            self._seen += len(frame.fragment)
            whole = self._header.body_size
            kept = whole if whole <= MAX_REPORT_BYTES else KEPT_OF_OVERSIZED
            self._body += frame.fragment[: max(0, kept - len(self._body))]
        return self._content() if self._seen >= self._header.body_size else None

    def _content(self) -> tuple[Any, Any, bytes]:
        body = bytes(self._body)
        if self._header.body_size > len(body):
            body = CutBody(body)
            body.whole = self._header.body_size
        return self._method, self._header, body


def bound_content(channel: Any) -> None:
    """Has a channel of the library keep no more of a body than a report may have."""
    # The library has no setting for it, nor another place where the frames of a message pass singly.
    channel._impl._content_assembler = BoundedContent()
