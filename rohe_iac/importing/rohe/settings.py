"""Imports the original's observation and orchestration settings, as far as a Stack has the same ones."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.objectives import plain_number
from rohe_iac.importing.foreign.units import integer_of, number_of

STRATEGIES = ("first-fit", "worst-fit", "best-fit")
"""Strategies by the original's number. The original's 1 sorts in ascending order and takes the last node, the one with
most left over: worst-fit."""


PRIORITIES = ("none", "cpu", "memory", "cpu+memory")


SECRET = "credentials are never copied; for a store of your own write store: {mongodb: {uri: {secret: ...}}}"


STORE = "the agent keeps a store of its own; for a MongoDB of yours write store: {mongodb: {uri: {secret: ...}}}"


TRANSPORT = "rohe uses MQTT; the stack runs a broker, or names one by broker: {url: ...}"


REASONS = {
    "dbauthentication": SECRET,
    "dbcollection": STORE,
    "dbnodecollection": STORE,
    "dbservicecollection": STORE,
    "collector": TRANSPORT,
    "connector": TRANSPORT,
    "timer": "a plan is made when it is asked for; windows close by their own `every`",
    "orchestrationinterval": "a plan is made when it is asked for",
    "samplerate": "every report is judged",
    "falserate": "nothing is injected into reports",
    "outputfolder": "a contract names its sinks: {jsonl: FOLDER}",
    "logginglevel": "the agent's log is read with `rohe logs`",
    "agentimage": "an agent of the original does not speak rohe's messages; agents: {image: ...} names one that does",
    "window": "a window belongs to an objective or to processing of a contract",
}


MARKS = ("orchestrateConfig", "orchestrate_algorithm_config", "service_queue", "service_queue_config", "agent_image")


def is_settings(root: Field) -> bool:
    """Checks whether a document holds settings of the observation or of the orchestration service."""
    if root.get(*MARKS) is not None:
        return True
    return root.get("db_authentication") is not None and root.get("timer", "collector", "connector") is not None


def import_settings(root: Field, drafts: Drafts) -> None:
    """Adds the settings that a Stack has too."""
    before = str(drafts.stack)
    planner: dict[str, Any] = {}
    algorithm = root.get("orchestrateConfig", "orchestrate_algorithm_config", "orchestrate_config")
    if algorithm is not None:
        _add_algorithm(algorithm, planner)
    queue = root.get("service_queue", "service_queue_config")
    if queue is not None:
        _add_queue(queue, planner)
    if planner:
        drafts.stack.setdefault("planner", {}).update(planner)
    for name in ("collector", "connector"):
        transport = root.get(name)
        if transport is not None:
            _add_broker(transport, drafts.stack)
    root.drop_rest(REASONS)
    if str(drafts.stack) != before:
        drafts.stack_sources.append(root.place.file)
    if not drafts.pipelines or not drafts.inventory.nodes:
        root.note("a Stack needs pipelines and an inventory: import them in the same command, or write their names")


def _add_algorithm(field: Field, planner: dict[str, Any]) -> None:
    strategy = field.get("strategy")
    if strategy is not None and (number := integer_of(strategy)) is not None:
        if number < len(STRATEGIES):
            planner["strategy"] = STRATEGIES[number]
            strategy.map_to("Stack: planner.strategy")
            if number:
                strategy.note(
                    f"the original's {number} behaves as {STRATEGIES[number]}: its best and worst fit are swapped"
                )
        else:
            strategy.drop("not a strategy of the original, 0 to 2")
    weights = field.get("weights")
    found: dict[str, Any] = {}
    for key, part in weights.entries() if weights is not None else []:
        spelling = loose_spelling(key)
        word = {"gpu": "accelerator", "accelerators": "accelerator", "mem": "memory"}.get(spelling, spelling)
        if word in ("cpu", "memory", "accelerator") and (amount := number_of(part)) is not None:
            found[word] = plain_number(amount)
            part.map_to(f"Stack: planner.weights.{word}")
    if found:
        planner["weights"] = found
    field.drop_rest(
        {"name": "the strategy says how services are placed", "algorithm": "the strategy says how they are placed"}
    )


def _add_queue(field: Field, planner: dict[str, Any]) -> None:
    queue: dict[str, Any] = {}
    priority, balance = field.get("priority"), field.get("queue_balance", "balance")
    if priority is not None and (number := integer_of(priority)) is not None:
        if number < len(PRIORITIES):
            queue["priority"] = PRIORITIES[number]
            priority.map_to("Stack: planner.queue.priority")
        else:
            priority.drop("not a priority of the original, 0 to 3")
    if balance is not None and (number := integer_of(balance)) is not None:
        if number:
            queue["balance"] = number
            balance.map_to("Stack: planner.queue.balance")
        else:
            balance.drop("a balance is at least 1")
    if queue:
        planner["queue"] = queue


def _add_broker(field: Field, stack: dict[str, Any]) -> None:
    kind, config = field.get("connectorType", "connector_type", "type"), field.get("config")
    if kind is None or loose_spelling(kind.text) != "mqtt" or config is None:
        return
    host = config.get("broker_url", "end_point", "host", "broker")
    port = config.get("broker_port", "port")
    number = integer_of(port) if port is not None else 1883
    if host is None or number is None or not re.fullmatch(r"[A-Za-z0-9.-]+", host.text):
        return
    stack["broker"] = {"url": f"mqtt://{host.text}:{number}"}
    for part in (kind, host, port):
        if part is not None:
            part.map_to("Stack: broker.url")
    config.drop_rest({}, "topics are rohe's own")
    field.drop_rest({"name": "a broker has no name"})
