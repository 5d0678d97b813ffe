"""Replicas that report numbers over AMQP, and what windows of these have to be."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pika
from consuming_stage import ConsumingStage
from ground_truth import results_of

INTERVAL = 0.002
"""Seconds from one report to the next, all replicas together."""

LIFETIME = "1000"
"""Milliseconds for which a message of QoA4ML's client waits for the agent before it is kept in the other queue."""


class NumberedLoad:
    """Replicas that report numbers over AMQP in turn until `end`; what RabbitMQ has confirmed has to be stored.

    Attributes:
        times: Event time of each report that is confirmed (seconds since the epoch), in the order of their numbers.
    """

    def __init__(
        self,
        stage: ConsumingStage,
        replicas: Sequence[str],
        *,
        interval: float = INTERVAL,
        expiration: str | None = None,
    ) -> None:
        """Begins to report.

        Args:
            stage: Where to report.
            replicas: Who reports.
            interval: Seconds from one report to the next, all replicas together.
            expiration: Milliseconds for which each message lives; QoA4ML's client has 1000. None for ever.
        """
        self._stage, self._replicas, self._interval, self._ended = stage, replicas, interval, threading.Event()
        self._properties = pika.BasicProperties(expiration=expiration)
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        body = b""
        while not self._ended.is_set():
            try:
                connection = self._stage.rabbit.connect()
                channel = connection.channel()
                channel.confirm_delivery()
                while body or not self._ended.wait(self._interval):
                    number = len(self.times)
                    if not body:
                        at = time.time()
                        body = self._report(number, at)
                    channel.basic_publish(self._stage.exchange.exchange, "qoa", body, self._properties)
                    self.times.append(at)
                    body = b""
                connection.close()
            except (pika.exceptions.AMQPError, OSError):
                # What is not confirmed is published again; where it had arrived, the agent drops it by its bytes.
                time.sleep(0.1)

    def _report(self, number: int, at: float) -> bytes:
        client = {"instance_name": self._replicas[number % len(self._replicas)], "name": "load"}
        metadata = {"client_config": client, "corr_id": f"r-{number}"}
        metric = {"metric_name": "number", "records": [number]}
        return msgspec.json.encode({"metadata": metadata, "timestamp": at, "metrics": [metric]})

    def wait_for_more(self, count: int) -> None:
        """Waits until so many more reports are made."""
        before = len(self.times)
        self._stage.wait_for(lambda: len(self.times) >= before + count)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def assert_windows(self, folder: Path) -> None:
        """Compares the windows in a store with the numbers that were reported in them, by count and by sum."""
        results = results_of(folder)
        assert results
        for result in results:
            inside = [number for number, at in enumerate(self.times) if result.start <= at < result.end]
            truth = len(inside) if result.objective == "count" else sum(inside)
            assert (result.count, result.value or 0) == (len(inside), truth), result
