"""Settings of a reporter, read from the environment of a replica."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.mqtt.address import BrokerAddress, broker_address
from rohe_iac.reporting.ending import DEFAULT_GRACE

Durability = Literal["normal", "full"]
"""`normal` survives kill -9 of any process, `full` a power loss too (one fsync a report)."""

MAX_BYTES = 256 * 2**20
"""Bytes of the reports that an outbox has, at most."""

MAX_LOG_BYTES = 16 * 2**20
"""Bytes of the write-ahead log of an outbox from which on the next write shortens it."""


@dataclass(frozen=True, slots=True)
class ReporterSettings:
    """Which instance reports, to which broker, and how much may wait.

    Attributes:
        broker: Address of the stack's broker.
        stack: Name of the stack.
        pipeline: Name of the pipeline.
        service: Name of the service.
        instance: Name of the instance, its client identifier.
        outbox: Folder that this instance alone writes.
        topic: Service level of the report topic; "" for the service's name.
        member: Member of the ensemble; "" outside of an ensemble.
        node: Node that the instance runs on.
        durability: What an accepted report survives.
        serial: Serial of the record that the instance was made of; 0 where it was not told.
        digest: Digest of the manifest that the instance was made of; "" where it was not told.
        grace: Seconds between SIGTERM and SIGKILL, within which the outbox is sent when the service ends.
        most_reports: Largest number of reports that wait in the outbox.
        most_bytes: Largest size in bytes of the reports that wait in the outbox.
        buffer_reports: Largest number of reports that wait in memory for the disk.
        buffer_bytes: Largest size in bytes of the reports that wait in memory for the disk.
        largest: Largest size in bytes of one report.
    """

    broker: BrokerAddress
    stack: str
    pipeline: str
    service: str
    instance: str
    outbox: Path
    topic: str = ""
    member: str = ""
    node: str = ""
    durability: Durability = "normal"
    grace: float = DEFAULT_GRACE
    serial: int = 0
    digest: str = ""
    most_reports: int = 100_000
    most_bytes: int = MAX_BYTES
    buffer_reports: int = 10_000
    buffer_bytes: int = 8 * 2**20
    largest: int = MAX_REPORT_BYTES

    @property
    def plan(self) -> dict[str, int | str]:
        """Returns what reports and states say of the plan that made the instance; nothing where it was not told."""
        return {"serial": self.serial, "digest": self.digest} if self.serial else {}


def settings_from(environment: Mapping[str, str] | None = None) -> ReporterSettings | None:
    """Returns the settings of the ROHE_* variables, or None where ROHE_REPORT_URL is not set.

    ROHE_TOPIC is the service level of topics where it differs from ROHE_SERVICE; ROHE_DURABILITY is `normal` or `full`;
    ROHE_GRACE is the number of seconds between SIGTERM and SIGKILL.

    Args:
        environment: Environment variables; by default those of the process.

    Raises:
        UnusableCredentials: The broker's address or credentials cannot be used.
    """
    env = os.environ if environment is None else environment
    url = env.get("ROHE_REPORT_URL", "")
    if not url:
        return None
    credentials = env.get("ROHE_REPORT_CREDENTIALS", "")
    service = env.get("ROHE_SERVICE", "service")
    instance = re.sub(r"[^A-Za-z0-9_-]", "-", env.get("ROHE_INSTANCE", "") or service)
    return ReporterSettings(
        broker=broker_address(url, Path(credentials) if credentials else None),
        stack=env.get("ROHE_STACK", "stack"),
        pipeline=env.get("ROHE_PIPELINE", ""),
        service=service,
        topic=env.get("ROHE_TOPIC", "") or service,
        member=env.get("ROHE_MEMBER", ""),
        instance=instance,
        node=env.get("ROHE_NODE", ""),
        outbox=Path(env.get("ROHE_OUTBOX", "") or f"outbox-{instance}"),
        durability="full" if env.get("ROHE_DURABILITY") == "full" else "normal",
        grace=_seconds(env.get("ROHE_GRACE", "")),
        serial=int(serial) if (serial := env.get("ROHE_SERIAL", "")).isascii() and serial.isdecimal() else 0,
        digest=env.get("ROHE_DIGEST", ""),
    )


def _seconds(text: str) -> float:
    """Returns the seconds that a variable gives, or the default where it gives none."""
    try:
        seconds = float(text)
    except ValueError:
        return DEFAULT_GRACE
    return seconds if 0 < seconds < float("inf") else DEFAULT_GRACE
