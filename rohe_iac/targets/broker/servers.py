"""Servers: every broker that a stack can run, by the name that a blueprint gives it."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.targets.broker.mosquitto import MosquittoServer
from rohe_iac.targets.broker.nats import NatsServer
from rohe_iac.targets.broker.server import BrokerServer

SERVERS: Mapping[str, BrokerServer] = {"nats": NatsServer(), "mosquitto": MosquittoServer()}
"""Servers by name."""
