"""Brings docs/schemas/wire/ up to date: the JSON Schema of each message between services and agents.

The schemas are made of the types that agents decode and encode. Run it as `python tools/write_wire_schemas.py`.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.agent.health.record import HealthRecord
from rohe_iac.agent.intake.client_state import _State
from rohe_iac.agent.orders import _CommandAnswer
from rohe_iac.observation.judging.outcome import Result, Violation
from rohe_iac.observation.reports.report import _Envelope
from rohe_iac.transports.messages import AcknowledgementMessage, CommandMessage

FOLDER = Path(__file__).parents[1] / "docs" / "schemas" / "wire"

MESSAGES: dict[str, type[msgspec.Struct]] = {
    "report": _Envelope,
    "acknowledgement": AcknowledgementMessage,
    "state": _State,
    "command": CommandMessage,
    "answer": _CommandAnswer,
    "result": Result,
    "violation": Violation,
    "health": HealthRecord,
}
"""The types of the messages: what an agent decodes of the first and of states and answers, and encodes of the others."""

BEYOND_TYPES: dict[str, dict[str, Any]] = {
    # What is checked after decoding.
    "report": {"v": {"const": 1}, "client": {"minLength": 1}},
}
"""Bounds of fields that the types do not have, by message."""

NOT_READ: dict[str, dict[str, Any]] = {
    "report": {
        "serial": {"type": "integer", "description": "Serial of the record that the instance was made of; not read."},
        "digest": {"type": "string", "description": "Digest of the manifest that the instance was made of; not read."},
    },
    "state": {
        "client": {"type": "string", "description": "Name of the client, the last level of the topic; not read."}
    },
}
"""Fields that reporters send for people, and agents ignore, by message."""


def wire_schema(name: str) -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of a message."""
    found = msgspec.json.schema(MESSAGES[name], ref_template="#/$defs/{name}")
    definitions = found["$defs"]
    schema = definitions.pop(MESSAGES[name].__name__)
    described = attributes(MESSAGES[name])
    for field, content in schema["properties"].items():
        content.pop("title", None)
        content.update(BEYOND_TYPES.get(name, {}).get(field, {}))
        if field in described:
            content["description"] = described[field]
    schema["properties"].update(NOT_READ.get(name, {}))
    schema.pop("title")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:rohe.dev:wire:{name}:v1",
        "title": name.capitalize(),
        "description": schema.pop("description").partition("\n")[0],
        **schema,
        **({"$defs": definitions} if definitions else {}),
    }


def attributes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Returns what the docstring of a type says of its attributes, by name."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}


def main() -> None:
    """Writes every schema."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in MESSAGES:
        text = json.dumps(wire_schema(name), indent=2, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
