"""`rohe agent run`: runs the observation agent until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.foundation.errors import UsageError
from rohe_iac.mqtt.address import broker_address
from rohe_iac.observation.configuration import decode_configuration

LOG = logging.getLogger("rohe.agent")


def run_agent(configuration: Path | None, environment: Mapping[str, str] | None = None) -> None:
    """Runs the agent until SIGTERM or SIGINT, and ends it in order.

    Args:
        configuration: File of the configuration; by default ROHE_AGENT_CONFIG names it.
        environment: Environment variables; by default those of the process. ROHE_REPORT_URL and
            ROHE_REPORT_CREDENTIALS name the broker, ROHE_STORE the folder of the store, LOG_LEVEL the log level,
            ROHE_AMQP_PASSWORD and ROHE_AMQP_CA the access to the broker of reports over AMQP.

    Raises:
        UsageError: No configuration or store is named, the configuration cannot be read, or the password of the AMQP
            broker that it states is missing.
        UnreadableConfiguration: The file is no configuration of an agent.
        UnusableCredentials: The broker's address or credentials cannot be used.
        StoreInUse: Another process of the agent has the store, and did not end in time.
        StoreFailed: The store cannot be opened or written.
        UnusableContract: A metric of a contract cannot be evaluated.
    """
    from rohe_iac.agent.memory import search_garbage_rarely
    from rohe_iac.agent.sharing.receiver import Receiver
    from rohe_iac.agent.worker import ROOM_INTERVAL, Worker
    from rohe_iac.sinks.store import StoreFull
    from rohe_iac.sinks.store_lock import take_store
    from rohe_iac.transports.amqp.opening import amqp_access

    env = os.environ if environment is None else environment
    path = configuration or _path(env, "ROHE_AGENT_CONFIG")
    store = _path(env, "ROHE_STORE")
    if path is None or store is None:
        raise UsageError(
            f"{'no configuration' if path is None else 'no folder for the store'} is named",
            hint="name the configuration as argument or in ROHE_AGENT_CONFIG, the store's folder in ROHE_STORE",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    broker = broker_address(env.get("ROHE_REPORT_URL", ""), _path(env, "ROHE_REPORT_CREDENTIALS"))
    level = env.get("LOG_LEVEL", "info").upper()
    logging.basicConfig(
        stream=sys.stdout,
        level=level if level in logging.getLevelNamesMapping() else "INFO",
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    worker: Worker | Receiver | None = None
    configured = decode_configuration(content)
    amqp = amqp_access(configured, env)
    lock = None
    if not configured.judges:
        worker = Receiver(configured, broker, store, ending)
    while worker is None and not ending.is_set():
        try:
            lock = lock or take_store(store, ending)
            if lock is None:
                break
            worker = Worker(configured, broker, store, ending, amqp)
        except StoreFull as error:
            LOG.error("%s: the agent starts when there is room", error.brief)
            ending.wait(ROOM_INTERVAL)
    if worker is not None:
        search_garbage_rarely()
        worker.run()
    if lock is not None:
        lock.give_back()


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "")
    return Path(value) if value else None
