"""The schemas of docs/schemas/wire: those of the types, and what either side sends and reads is what they allow."""

from __future__ import annotations

import importlib.util
import json
import re
import time
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.agent.intake.client_state import decode_state
from rohe_iac.agent.orders import decode_answer
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.wire.report_bounds import MAX_SEQ, MAX_TIME, MAX_VALUES
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.observation.reports.report import decode_report
from rohe_iac.reporting import Command, Reporter
from rohe_iac.reporting.acknowledgement import decode_acknowledgement
from rohe_iac.reporting.command import CommandDesk
from rohe_iac.reporting.settings import ReporterSettings
from rohe_iac.transports.messages import AcknowledgementMessage, CommandMessage

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "schemas" / "wire"
PAGE = (ROOT / "docs" / "wire-protocol.md").read_text()

_specification = importlib.util.spec_from_file_location("write_wire_schemas", ROOT / "tools/write_wire_schemas.py")
assert _specification is not None
assert _specification.loader is not None
tool = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(tool)


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(name))


def validate(name: str, payload: bytes) -> None:
    """Checks a message by its schema, which has to describe each of its fields."""
    jsonschema.Draft202012Validator({**schema(name), "additionalProperties": False}).validate(json.loads(payload))


def test_the_schemas_are_those_of_the_types() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(tool.MESSAGES)
    stale = [name for name in tool.MESSAGES if schema(name) != json.loads(json.dumps(tool.wire_schema(name)))]
    assert stale == [], "run python tools/write_wire_schemas.py"


@pytest.mark.parametrize("name", tool.MESSAGES)
def test_a_schema_is_valid_and_describes_every_field(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    fields = schema(name)["properties"]
    # `type` tells results, violations and actions apart, and is no attribute of them.
    assert {field for field, content in fields.items() if not content.get("description")} <= {"type"}


def test_the_page_has_a_valid_sample_of_each_message_and_names_each_schema() -> None:
    samples = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for name, sample in zip(("report", "acknowledgement", "state", "command", "answer"), samples, strict=True):
        validate(name, sample.encode())
    assert set(re.findall(r"\(schemas/wire/(\w+)\.json\)", PAGE)) == set(tool.MESSAGES)


@pytest.fixture
def sent(tmp_path: Path) -> Reporter:
    """A reporter with every setting, which has accepted one report with every field."""
    settings = ReporterSettings(
        BrokerAddress("127.0.0.1", 1), "s", "p", "svc", "svc-0", tmp_path, "topic", "svm", "pi-1", serial=3, digest="d"
    )
    reporter = Reporter(settings)
    now = time.time()
    reporter.report("r", now - 1.0, now, {"confidence": 0.5}, {"prediction": [1]}, at=now - 0.5)
    assert reporter.write(20)
    return reporter


def test_what_a_reporter_sends_is_valid_field_by_field(sent: Reporter) -> None:
    assert sent._outbox is not None
    assert sent._sender is not None
    try:
        validate("report", sent._outbox.entries_after(0, 1)[0].payload)
        sent.report(fields={"x": object()})
        for state in ("online", "stopped", "lost"):
            validate("state", sent._sender._encode_state(state))
            assert decode_state(sent._sender._encode_state(state))["state"] == state
    finally:
        sent.close(timeout=0)


def test_a_reporter_reads_what_an_agent_sends_and_answers_validly() -> None:
    message = AcknowledgementMessage(boot="b", up_to_seq=7, holes=[(2, 3)], agent_boot="a")
    validate("acknowledgement", msgspec.json.encode(message))
    ack = decode_acknowledgement(msgspec.json.encode(message))
    assert (ack.boot, ack.up_to_seq, ack.holes, ack.agent_boot) == ("b", 7, ((2, 3),), "a")

    answers: list[bytes] = []
    commands: list[Command] = []
    desk = CommandDesk("svc-0", lambda _client, payload: answers.append(payload))
    desk.on_command(lambda command: (commands.append(command) is None, "done"))
    order = CommandMessage(id="1", action="degrade", service="e", members=["m"], until=5, reason="slow", reply="agent")
    validate("command", msgspec.json.encode(order))
    desk.receive(msgspec.json.encode(order))
    end = time.monotonic() + 10
    while not answers and time.monotonic() < end:
        time.sleep(0.005)
    desk.close()
    assert commands == [Command("1", "degrade", "e", ("m",), 5.0, "slow")]
    validate("answer", answers[0])


SAMPLES: dict[str, dict[str, Any]] = {
    "report": {
        "v": 1, "client": "c-0", "boot": "b", "seq": 1, "at": 1.0, "service": "s", "request": "r", "start": 1.0,
        "end": 1, "metrics": {"m": 1.5}, "fields": {"f": None},
    },
    "state": {"state": "online", "boot": "b", "at": 1.0, "accepted": 1, "complete_up_to": 0, "refusals": {"full": 2}},
    "answer": {"id": "1", "client": "c-0", "accepted": True, "why": ""},
}  # fmt: skip
VALUES: list[Any] = [
    None, True, "", "x", "x" * 1000, "x" * 1001, -1, 0, 1, 2, 1.5, MAX_SEQ, MAX_SEQ + 1, MAX_TIME, MAX_TIME * 1.01,
    [], [1], {}, {"a": 1}, {"a": "x"}, {"a": None}, {"a": -0.5}, {"x" * 1001: 1},
    {str(number): number for number in range(MAX_VALUES)}, {str(number): number for number in range(MAX_VALUES + 1)},
]  # fmt: skip


def is_decoded(name: str, payload: bytes) -> bool:
    try:
        if name == "report":
            decode_report(payload)
        elif name == "state":
            decode_state(payload)
        else:
            decode_answer(payload)
    except RoheError:
        return False
    return True


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_an_agent_takes_exactly_what_the_schema_allows(name: str, data: st.DataObject) -> None:
    fields = sorted([*tool.MESSAGES[name].__struct_fields__, "unknown"])
    changes = data.draw(st.dictionaries(st.sampled_from(fields), st.sampled_from(VALUES), max_size=2))
    missing = data.draw(st.sets(st.sampled_from(fields), max_size=1))
    content = {key: value for key, value in {**SAMPLES[name], **changes}.items() if key not in missing}
    assert is_decoded(name, json.dumps(content).encode()) == validator(name).is_valid(content)
