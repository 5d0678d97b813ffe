"""Record: what was applied last to a stack, as a serial and the plan file that apply used."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import msgspec

from rohe_iac.deployment.files.planfile import FAMILY as PLAN_FAMILY
from rohe_iac.deployment.files.planfile import NOT_APPLIED, Against, PlanFile, decode
from rohe_iac.deployment.location import Location
from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.foundation.folders import StackFolder, write_private
from rohe_iac.foundation.json_files.reading import NoObject, read_object
from rohe_iac.foundation.json_files.schema import NewerFile, refuse_newer, schema_number
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.json_codec import UnreadablePlan, canonical_bytes

FAMILY = "rohe.dev/record"
"""What the schema of every record begins with; its version follows."""

SCHEMA = 1
"""Version of the record's form without the plan in it, which has its own; records without a version are of 1."""


class UnreadableRecord(UnreadablePlan):
    """The record of a stack is damaged: it does not say what was applied."""


@dataclass(frozen=True)
class Record:
    """What was applied last.

    Attributes:
        serial: Number of the apply, from 1, never used twice for a stack.
        planfile: The plan file that apply used.
        complete: False from before the first side effect until apply has ended well.
        serials: By name of manifest, the serial of the record in which its digest changed last; that of this record
            for manifests that are absent here.
        location: Where it was applied to; without an id in records that do not say so.
        follows: Serial of the last complete record before this one, whose resources may still be there; 0 for none.
    """

    serial: int
    planfile: PlanFile
    complete: bool
    serials: Mapping[str, int] = field(default_factory=dict)
    location: Location = field(default_factory=Location)
    follows: int = 0

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Returns the manifests of the plan, each with the serial of the record in which its digest changed last."""
        return tuple(
            replace(manifest, serial=self.serials.get(manifest.name, self.serial))
            for manifest in self.planfile.manifests
        )

    def followed_by(self, serial: int, planfile: PlanFile) -> Record:
        """Returns the record of a plan that is about to be applied, in which what is not restarted keeps its serial."""
        known = {manifest.name: manifest for manifest in self.manifests}
        kept = {
            manifest.name: known[manifest.name].serial
            for manifest in planfile.manifests
            if manifest.name in known and manifest.runs_as(known[manifest.name])
        }
        follows = self.serial if self.complete else self.follows
        return Record(serial, planfile, False, kept, self.location, follows)

    @property
    def against(self) -> Against:
        """Returns the reference of a plan made now to this record."""
        return Against(self.serial, self.planfile.digest)


def read_record(folder: StackFolder) -> Record | None:
    """Returns the record of the stack, or None where nothing is applied.

    Raises:
        UnreadableRecord: The file is damaged.
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
        UnreadableRecord: The bytes are no record.
        NewerFile: A newer rohe wrote the record, or the plan in it.
    """
    try:
        value = read_object(content)
    except NoObject as error:
        raise _unreadable(origin, str(error)) from error
    refuse_newer(schema_number(value.get("schema"), FAMILY) or SCHEMA, SCHEMA, origin)
    serial, complete, plan = value.get("serial"), value.get("complete"), value.get("plan")
    if type(serial) is not int or serial < 1 or type(complete) is not bool or not isinstance(plan, dict):
        raise _unreadable(origin, "its field 'serial', 'complete' or 'plan' is missing or has a wrong value")
    serials = value.get("serials", {})
    if not isinstance(serials, dict) or not all(type(number) is int for number in serials.values()):
        raise _unreadable(origin, "its field 'serials' has a wrong value")
    place = value.get("location", {})
    if not isinstance(place, dict) or not all(isinstance(place.get(key, ""), str) for key in ("id", "words")):
        raise _unreadable(origin, "its field 'location' has a wrong value")
    location = Location(place.get("id", ""), place.get("words", ""))
    follows = value.get("follows", 0)
    if type(follows) is not int:
        raise _unreadable(origin, "its field 'follows' has a wrong value")
    try:
        return Record(serial, decode(canonical_json(plan) + b"\n", origin), complete, serials, location, follows)
    except (UnreadablePlan, ValueError, RecursionError) as error:
        raise _unreadable(origin, "the plan in it was altered or is incomplete") from error


def decode_compared(content: bytes, origin: str) -> Record:
    """Reads the bytes of a file that a user names to compare a plan with: a record, or a plan file.

    Args:
        content: The file's bytes.
        origin: The file's name, for messages.

    Returns:
        The record; a plan file as a complete record with the serial NOT_APPLIED.

    Raises:
        UnreadablePlan: The bytes are neither, or were altered.
        NewerFile: A newer rohe wrote the file.
    """
    try:
        value = read_object(content)
    except NoObject as error:
        raise _not_comparable(origin, str(error)) from error
    if schema_number(value.get("schema"), PLAN_FAMILY) is not None:
        return Record(NOT_APPLIED, decode(content, origin), complete=True)
    try:
        return decode_record(content, origin)
    except UnreadableRecord as error:
        # The hint of records is about the stack's own; this file is a copy of one, if anything.
        raise _not_comparable(origin, error.detail) from error


def _not_comparable(origin: str, why: str) -> UnreadablePlan:
    return UnreadablePlan(
        f"{origin} is neither a record of an applied plan nor a plan file",
        detail=why,
        hint="give a file of `rohe plan --out FILE`, or a file of the folder `history` in the stack's state folder; "
        "without --against the plan is compared with what is applied",
    )


def _unreadable(origin: str, why: str) -> UnreadableRecord:
    return UnreadableRecord(
        f"{origin} is not a record of an applied plan",
        detail=why,
        hint="`rohe destroy` removes the stack without it, and `rohe apply` makes the stack again; "
        "or copy the newest file of the folder `history` beside it to its place",
    )


def last_complete_record(folder: StackFolder) -> Record | None:
    """Returns the newest record of the stack's history that can be read, or None where there is none."""
    for _, path in sorted(((serial, path) for path, serial in _history(folder)), reverse=True):
        with contextlib.suppress(UnreadableRecord, NewerFile, OSError):
            return decode_record(path.read_bytes(), str(path))
    return None


def applied_before(folder: StackFolder, record: Record) -> tuple[Manifest, ...]:
    """Returns the manifests whose resources may be there before an apply: of this record and the complete one before.

    Args:
        folder: The state folder of the stack.
        record: What was applied last, or begun.
    """
    manifests = record.planfile.manifests
    if not record.complete and record.follows:
        path = folder.history / f"{record.follows}.json"
        with contextlib.suppress(UnreadableRecord, NewerFile, OSError):
            manifests += decode_record(path.read_bytes(), str(path)).planfile.manifests
    return manifests


def _history(folder: StackFolder) -> list[tuple[Path, int]]:
    return [(path, int(path.stem)) for path in folder.history.glob("*.json") if path.stem.isdecimal()]


def next_serial(folder: StackFolder) -> int:
    """Returns the successor of the highest serial that the stack's record and history have."""
    record = read_record(folder)
    return max([*(serial for _, serial in _history(folder)), record.serial if record is not None else 0, 0]) + 1


def next_record(folder: StackFolder, former: Record | None, planfile: PlanFile, location: Location) -> Record:
    """Returns the record of a plan that is about to be applied.

    Args:
        folder: The stack's folder.
        former: The record of what is there, None where nothing is.
        planfile: The plan.
        location: Where it is about to be applied to.
    """
    serial = next_serial(folder)
    record = former.followed_by(serial, planfile) if former is not None else Record(serial, planfile, complete=False)
    return replace(record, location=location)


def write_record(folder: StackFolder, record: Record) -> None:
    """Writes the record atomically, and a complete one into the history too."""
    value = {
        "schema": f"{FAMILY}/v{SCHEMA}",
        "serial": record.serial,
        "digest": record.planfile.digest,
        "complete": record.complete,
        "serials": dict(record.serials),
        **({"location": asdict(record.location)} if record.location.id else {}),
        **({"follows": record.follows} if record.follows else {}),
        "plan": msgspec.Raw(record.planfile.encode().rstrip()),
    }
    content = canonical_bytes(value) + b"\n"
    if record.complete:
        folder.history.mkdir(mode=0o700, exist_ok=True)
        write_private(folder.history / f"{record.serial}.json", content)
    write_private(folder.record, content)
