"""Content of AMQP messages as it arrives: the library's own assembler beside the one that keeps no more than needed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pika.callback
import pika.channel
import pytest
from pika import frame, spec

from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.transports.amqp.bounded_content import BoundedContent, CutBody, bound_content
from rohe_iac.transports.inbox import KEPT_OF_OVERSIZED

FRAME = 131_064
"""Bytes of a body in one frame, as RabbitMQ sends them."""


def frames(body: bytes, tag: int) -> list[Any]:
    """Returns the frames of one delivery."""
    method = frame.Method(1, spec.Basic.Deliver(delivery_tag=tag, routing_key="key"))
    header = frame.Header(1, len(body), spec.BasicProperties())
    return [method, header, *(frame.Body(1, body[at : at + FRAME]) for at in range(0, len(body), FRAME))]


def assembled(assembler: Any, body: bytes, tag: int) -> tuple[int, bytes]:
    """Returns tag and body of the content, and checks that it is complete with the last frame alone."""
    *first, last = [assembler.process(one) for one in frames(body, tag)]
    assert first == [None] * len(first)
    method, header, content = last
    assert header.body_size == len(body)
    return method.method.delivery_tag, content


@pytest.mark.parametrize("size", [0, 1, FRAME, FRAME + 1, MAX_REPORT_BYTES])
def test_a_body_that_a_report_may_have_is_assembled_as_by_the_library(size: int) -> None:
    own, library = BoundedContent(), pika.channel.ContentFrameAssembler()
    for tag in (1, 2):
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        found = assembled(own, body, tag)
        assert found == assembled(library, body, tag) == (tag, body)
        assert not isinstance(found[1], CutBody)


def test_of_a_larger_body_the_beginning_is_kept_with_its_size() -> None:
    own = BoundedContent()
    body = b"abcdefgh" * 100_000
    for tag in (1, 2):
        found, content = assembled(own, body, tag)
        assert (found, content) == (tag, body[:KEPT_OF_OVERSIZED])
        assert isinstance(content, CutBody)
        assert content.whole == len(body)
    assert assembled(own, b"next", 3) == (3, b"next")


def test_a_channel_of_the_library_has_the_assembler_whose_place_is_taken() -> None:
    connection = SimpleNamespace(callbacks=pika.callback.CallbackManager())
    channel = pika.channel.Channel(connection, 1, lambda *_: None)  # type: ignore[arg-type]
    assert isinstance(channel._content_assembler, pika.channel.ContentFrameAssembler)
    bound_content(SimpleNamespace(_impl=channel))
    assert isinstance(channel._content_assembler, BoundedContent)
