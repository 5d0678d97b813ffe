"""Record: what was applied last to a stack, as a serial and the plan file that apply used."""

from __future__ import annotations

import json
from dataclasses import dataclass

import msgspec

from rohe_iac.deployment.files.planfile import Against, PlanFile, decode
from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.foundation.folders import StackFolder, write_private
from rohe_iac.foundation.json_files.schema import refuse_newer, schema_number
from rohe_iac.planning.model.json_codec import UnreadablePlan, canonical_bytes

FAMILY = "rohe.dev/record"
"""What the schema of every record begins with; its version follows."""

SCHEMA = 1
"""Version of the record's form without the plan in it, which has its own; records without a version are of 1."""


@dataclass(frozen=True)
class Record:
    """What was applied last.

    Attributes:
        serial: Number of the apply, from 1, never used twice for a stack.
        planfile: The plan file that apply used.
        complete: False from before the first side effect until apply has ended well.
    """

    serial: int
    planfile: PlanFile
    complete: bool

    @property
    def against(self) -> Against:
        """Returns the reference of a plan made now to this record."""
        return Against(self.serial, self.planfile.digest)


def read_record(folder: StackFolder) -> Record | None:
    """Returns the record of the stack, or None where nothing is applied.

    Raises:
        UnreadablePlan: The file is damaged.
        NewerFile: A newer rohe wrote the file.
    """
    try:
        content = folder.record.read_bytes()
    except FileNotFoundError:
        return None
    return decode_record(content, str(folder.record))


def decode_record(content: bytes, origin: str) -> Record:
    """Reads the bytes of a record.

    Args:
        content: The file's bytes.
        origin: The file's name, for messages.

    Raises:
        UnreadablePlan: The bytes are no record.
        NewerFile: A newer rohe wrote the record, or the plan in it.
    """
    try:
        value = json.loads(content)
        refuse_newer(schema_number(value.get("schema"), FAMILY) or SCHEMA, SCHEMA, origin)
        serial, complete = int(value["serial"]), bool(value["complete"])
        plan = canonical_json(value["plan"])
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError) as error:
        raise UnreadablePlan(
            f"{origin} is not a record of an applied plan",
            detail=str(error),
            hint="take the newest file of the stack's history folder in its place, or destroy and apply again",
        ) from error
    return Record(serial, decode(plan + b"\n", origin), complete)


def next_serial(folder: StackFolder) -> int:
    """Returns the successor of the highest serial that the stack's record and history have."""
    serials = [int(path.stem) for path in folder.history.glob("*.json") if path.stem.isdecimal()]
    record = read_record(folder)
    return max([*serials, record.serial if record is not None else 0, 0]) + 1


def write_record(folder: StackFolder, record: Record) -> None:
    """Writes the record atomically, and a complete one into the history too."""
    value = {
        "schema": f"{FAMILY}/v{SCHEMA}",
        "serial": record.serial,
        "digest": record.planfile.digest,
        "complete": record.complete,
        "plan": msgspec.Raw(record.planfile.encode().rstrip()),
    }
    content = canonical_bytes(value) + b"\n"
    if record.complete:
        folder.history.mkdir(mode=0o700, exist_ok=True)
        write_private(folder.history / f"{record.serial}.json", content)
    write_private(folder.record, content)
