"""The agent's side of MQTT: a persistent session, and manual acknowledgements."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.transports.echo import Echo
from rohe_iac.transports.inbox import ConnectionChange, Inbox
from rohe_iac.transports.messages import AcknowledgementMessage, CommandMessage
from rohe_iac.transports.turned_away import TurnedAway

LOG = logging.getLogger("rohe.agent")


class AgentTransport:
    """The connection of one agent: reports, states and replies wait for `receive`; questions go to a callback.

    It is a `ReportSource`, and more: all that an agent says goes out by it.

    Attributes:
        connection: Connection to the broker, under the agent's name.
        inbox: Where messages and changes wait for `receive`; those of other sources may wait there, too.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        stack: str,
        agent: str,
        topics: Iterable[str],
        boot: str,
        on_question: Callable[[bytes], None],
        direct: Mapping[str, Callable[[bytes], None]] | None = None,
        *,
        filters: Iterable[str] | None = None,
        unqueued: Iterable[str] = (),
        keep_session: bool = True,
    ) -> None:
        """Prepares the connection; `start` opens it.

        Args:
            broker: Address of the broker.
            stack: Name of the stack, a level of every topic.
            agent: Name of the agent, which its client identifier begins with.
            topics: Service levels of the report topics to subscribe to.
            boot: Identifier of this run of the agent.
            on_question: Called with the payload of every question, on the network thread.
            direct: What is called with the payload of every message on further topics, likewise.
            filters: Topic filters to subscribe to in place of those for reports and states; they change by `hear`. None
                for an agent that hears all clients.
            unqueued: Further topic filters, whose messages the broker does not keep while the agent is away.
            keep_session: Whether the broker keeps reports and states while the agent is away.
        """
        self._stack, self._agent, self._boot = stack, agent, boot
        question_topic = command_topic(stack, agent)
        self._direct = {question_topic: on_question, **(direct or {})}
        self._fixed = (question_topic, reply_topic(stack, agent), *(direct or {}))
        self._own_state = state_topic(stack, agent)
        self.inbox = Inbox()
        self._turned_away = TurnedAway()
        self._echo = Echo(lambda state: self.inbox.note_change(ConnectionChange(state, self.url)))
        self.connection = Connection(
            broker,
            broker.client_id(agent),
            subscriptions=(
                *(
                    filters
                    if filters is not None
                    else (*(report_topic(stack, topic, "+") for topic in sorted(set(topics))), state_topic(stack, "+"))
                ),
                *self._fixed,
            ),
            will=Outgoing(self._own_state, self._encode_state({"state": "lost"}), retain=True),
            on_message=self._handle_message,
            on_up=lambda: self._echo.change("up"),
            on_down=self._handle_down,
            unqueued=tuple(unqueued),
            keep_session=keep_session,
            manual_acks=True,
        )

    def start(self) -> None:
        """Starts the thread that connects; returns at once."""
        self.connection.start()

    def hear(self, filters: Iterable[str]) -> None:
        """Replaces the topic filters for reports and states."""
        self.connection.replace_subscriptions((*filters, *self._fixed))

    def end(self, filters: Iterable[str]) -> None:
        """Ends topic filters that an earlier run may have left in the session; those of this run stay."""
        self.connection.end_subscriptions(filters)

    def receive(self, limit: int, timeout: float) -> tuple[list[Incoming], list[ConnectionChange]]:
        """Returns the messages that arrived and the changes of connections; see `Inbox.receive`.

        Where messages found no room before and there is room now, it sees to it that the broker delivers them again.
        """
        # Before more is taken, because what is taken and not acknowledged is delivered again, too.
        if self.inbox.is_nearly_empty() and (count := self._turned_away.take_due(self.connection.protocol)):
            LOG.warning(
                "%d messages found no room: connecting to %s anew, so that it delivers them again", count, self.url
            )
            self.connection.renew()
        self._echo.check()
        return self.inbox.receive(limit, timeout)

    @property
    def up(self) -> bool:
        """Checks whether the agent is connected and subscribed."""
        return self.connection.up

    @property
    def url(self) -> str:
        """Returns the URL of the broker."""
        return self.connection.broker.url

    @property
    def trouble(self) -> str:
        """Returns why there is no connection, or that the broker does not answer; "" where it does."""
        if self.connection.up:
            return f"{self.url} does not answer" if self._echo.silent else ""
        return self.connection.last_error or "no connection yet"

    @property
    def hindrance(self) -> str:
        """Returns why messages do not come through although there is a connection; "" where they do."""
        connection = self.connection
        return connection.hang_ups.trouble or connection.rivalry.trouble or self._turned_away.trouble

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Acknowledges committed messages to the broker; those of other sources are passed over."""
        self.connection.acknowledge([message for message in messages if not message.source])

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publishes a message to another agent, at least once while connected; False without connection."""
        return self.connection.publish(Outgoing(topic, payload))

    def publish_once(self, topic: str, payload: bytes) -> bool:
        """Publishes a message to another agent once, with QoS 0, because its sender repeats it where it is lost.

        A broker holds messages of QoS 1 back while their receiver leaves too many reports unacknowledged.
        """
        return self.connection.publish(Outgoing(topic, payload, qos=0))

    def acknowledge_reports(
        self, client: str, boot: str, up_to_seq: int, holes: list[list[int]], agent_boot: str = ""
    ) -> None:
        """Publishes to a reporter which reports of one of its boots are committed.

        A lost acknowledgement is published again when the reporter sends its reports again.

        Args:
            client: Client identifier of the reporter.
            boot: Boot whose reports are acknowledged.
            up_to_seq: Newest sequence number that is acknowledged.
            holes: Inclusive ranges of sequence numbers below it that are missing.
            agent_boot: Run of the agent as the reporter sees it, which sends again when it changes; "" for `boot`.
        """
        ranges = [(first, last) for first, last in holes]
        message = AcknowledgementMessage(
            boot=boot, up_to_seq=up_to_seq, holes=ranges, agent_boot=agent_boot or self._boot
        )
        self.connection.publish(Outgoing(ack_topic(self._stack, client), msgspec.json.encode(message), qos=0))

    def command(self, client: str, content: dict[str, Any]) -> bool:
        """Publishes a command to a client, with the agent as the recipient of the answer; False without connection.

        Args:
            client: Client identifier of the receiver.
            content: Fields of a `CommandMessage` by name, without `reply`.

        Raises:
            msgspec.ValidationError: A field is missing or of the wrong type.
        """
        message = msgspec.convert({**content, "reply": self._agent}, CommandMessage)
        return self.connection.publish(Outgoing(command_topic(self._stack, client), msgspec.json.encode(message)))

    def answer(self, client: str, payload: bytes) -> bool:
        """Publishes one page of an answer to the client that asked; False without connection."""
        return self.connection.publish(Outgoing(reply_topic(self._stack, client), payload))

    def heartbeat(self, content: dict[str, Any]) -> None:
        """Publishes the state `online` with `content`."""
        payload = self._encode_state({"state": "online", **content})
        if self.connection.publish(Outgoing(self._own_state, payload, qos=0, retain=True)):
            self._echo.send()

    def close(self) -> None:
        """Publishes the state `stopped` and disconnects."""
        self.connection.close(Outgoing(self._own_state, self._encode_state({"state": "stopped"}), retain=True))

    def _encode_state(self, content: dict[str, Any]) -> bytes:
        return json.dumps({"client": self._agent, "boot": self._boot, "at": time.time(), **content}).encode()

    def _handle_down(self) -> None:
        self._turned_away.forget()
        self._echo.change("down")

    def _handle_message(self, message: Incoming) -> None:
        if (call := self._direct.get(message.topic)) is not None:
            self.connection.acknowledge([message])
            call(message.payload)
            return
        if message.topic == self._own_state:
            self._echo.hear()
        # Without room the message stays unacknowledged, to the broker and to the reporter: it is delivered again.
        self._turned_away.note(message, found_room=self.inbox.offer(message))
