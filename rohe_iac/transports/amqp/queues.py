"""The queues of an agent at RabbitMQ: consumed, kept while it was away, and parked because they ended the agent."""

from __future__ import annotations

from typing import Any

from rohe_iac.observation.configuration import AmqpExchange

DELIVERY_LIMIT = 10
"""How often a message may come back unacknowledged before RabbitMQ parks it."""

MAX_PARKED_BYTES = 256 * 2**20
"""Bytes of parked messages; RabbitMQ drops the oldest ones beyond."""

MAX_QUEUE_BYTES = 2**30
"""Bytes of messages that each queue holds; RabbitMQ refuses more, and so keeps its disk while the agent is away."""


def kept_queue(exchange: AmqpExchange) -> str:
    """Returns the name of the queue of what expired before the agent was there."""
    return f"{exchange.queue}.kept"


def parked_queue(exchange: AmqpExchange) -> str:
    """Returns the name of the queue of what ended the agent or came back too often, and of the exchange before it."""
    return f"{exchange.queue}.parked"


def declare(connection: Any, exchange: AmqpExchange) -> Any:
    """Declares exchange and queues where they are absent, and returns a channel."""
    import pika.exceptions

    channel = connection.channel()
    try:
        channel.exchange_declare(exchange.exchange, exchange_type=exchange.type, passive=True)
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != 404:
            raise
        # As QoA4ML's client declares it: with another durability its own declaration would fail.
        channel = connection.channel()
        channel.exchange_declare(exchange.exchange, exchange_type=exchange.type, durable=False)
    parked, kept, dead = parked_queue(exchange), kept_queue(exchange), f"{exchange.queue}.dead"
    quorum = {"x-queue-type": "quorum"}
    # What is parked must not fill the queue that it comes from, so that the oldest goes where there are too many.
    channel.queue_declare(
        parked, durable=True, arguments={**quorum, "x-overflow": "drop-head", "x-max-length-bytes": MAX_PARKED_BYTES}
    )
    consumed = {
        **quorum,
        "x-overflow": "reject-publish",  # dead-lettering at least once requires it
        "x-max-length-bytes": MAX_QUEUE_BYTES,
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-strategy": "at-least-once",
    }
    # An exchange of its own: dead letters to the default one would need the right to publish to every queue.
    channel.exchange_declare(parked, exchange_type="fanout", durable=True)
    channel.queue_bind(parked, parked)
    channel = _declare_kept(connection, channel, exchange, consumed)
    # A queue has one exchange for its dead letters, which tells by the reason what has expired.
    channel.exchange_declare(dead, exchange_type="headers", durable=True)
    for queue, reason in ((kept, "expired"), (parked, "delivery_limit"), (parked, "rejected")):
        channel.queue_bind(queue, dead, arguments={"x-match": "all-with-x", "x-first-death-reason": reason})
    channel.queue_declare(exchange.queue, durable=True, arguments={**consumed, "x-dead-letter-exchange": dead})
    for key in exchange.keys:
        channel.queue_bind(exchange.queue, exchange.exchange, key)
    return channel


def _declare_kept(connection: Any, channel: Any, exchange: AmqpExchange, consumed: dict[str, Any]) -> Any:
    """Declares the queue of what expired, and returns a channel.

    One that is there already keeps its way to the parked messages, be it by the default exchange: what a queue is
    declared with cannot be changed, and RabbitMQ asks for the rights when a queue is made, not when it is used.
    """
    import pika.exceptions

    kept, parked = kept_queue(exchange), parked_queue(exchange)
    ways = ({"x-dead-letter-exchange": parked}, {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": parked})
    refused: list[Exception] = []
    for way in ways:
        try:
            channel.queue_declare(kept, durable=True, arguments={**consumed, **way})
        except pika.exceptions.ChannelClosedByBroker as error:
            if error.reply_code != 406:
                raise
            refused.append(error)
            channel = connection.channel()
        else:
            return channel
    raise refused[0]
