"""Settings of a reporter, as the environment of a replica tells them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rohe_iac.mqtt.address import BrokerAddress, broker_address

Durability = Literal["normal", "full"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Who reports, where to, and how much may wait.

    topic: the service level of the report topic. outbox: a folder that this instance alone writes.
    durability: `normal` survives kill -9 of any process, `full` a power loss too (one fsync a report).
    most_reports and most_bytes bound what waits in the outbox; largest bounds one report (bytes).
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
    most_reports: int = 100_000
    most_bytes: int = 256 * 2**20
    largest: int = 256 * 1024


def settings_from(environment: Mapping[str, str] | None = None) -> Settings | None:
    """The settings that ROHE_* variables tell, or None where ROHE_REPORT_URL is not set.

    ROHE_TOPIC is the service level of topics where it differs from ROHE_SERVICE; ROHE_DURABILITY is `normal` or `full`.
    Errors: UnusableCredentials.
    """
    env = os.environ if environment is None else environment
    url = env.get("ROHE_REPORT_URL", "")
    if not url:
        return None
    credentials = env.get("ROHE_REPORT_CREDENTIALS", "")
    service = env.get("ROHE_SERVICE", "service")
    instance = re.sub(r"[^A-Za-z0-9_-]", "-", env.get("ROHE_INSTANCE", "") or service)
    return Settings(
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
    )
