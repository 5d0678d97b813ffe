"""Files that older builds wrote are read as they were; what is saved changes with the schema's version alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from rohe_iac.deployment.files.planfile import FAMILY, SCHEMA, PlanFile, decode
from rohe_iac.deployment.files.record import Record, decode_record, read_record, write_record
from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.foundation.json_files.schema import NewerFile
from rohe_iac.planning.model.saved_fields import UNSAVED

OLDER = Path(__file__).parents[3] / "golden" / "older"
RECORD = (OLDER / "record-0d1ebb8.json").read_bytes()
"""Written by a build without `decided`, `late` and `stand_in`."""
PLAN = (OLDER / "plan-54d6b50.json").read_bytes()
"""Written by a build that had these fields in schema 1."""

SAVED = {2: "a305d766", 3: "fd2ee1e5"}
"""What plan files of each schema have, as the start of a digest of all names of fields."""


def test_a_record_of_an_older_build_is_read_and_its_plan_keeps_its_digest(tmp_path: Path) -> None:
    record = decode_record(RECORD, "record.json")
    value = json.loads(RECORD)
    assert (record.serial, record.complete, record.planfile.schema) == (value["serial"], value["complete"], 1)
    assert record.planfile.digest == value["digest"] == value["plan"]["digest"]
    folder = StackFolder(tmp_path)
    write_record(folder, dataclasses.replace(record, complete=False))
    assert read_record(folder) == dataclasses.replace(record, complete=False)


def test_a_plan_of_an_older_build_is_read_with_what_it_has() -> None:
    planfile = decode(PLAN, "cctvs.plan")
    assert planfile.schema == 1
    assert planfile.encode() == PLAN
    assert planfile.stand_in_services
    inner = json.loads(RECORD)["plan"]
    assert decode(canonical_json(inner) + b"\n", "digits.plan").stand_in_services == ()


def test_what_is_written_now_has_the_newest_schema(tmp_path: Path) -> None:
    planfile = dataclasses.replace(decode(PLAN, "cctvs.plan"), schema=SCHEMA)
    assert json.loads(planfile.encode())["schema"] == f"rohe.dev/plan/v{SCHEMA}"
    assert decode(planfile.encode(), "p") == planfile
    write_record(StackFolder(tmp_path), Record(1, planfile, True))
    assert json.loads((tmp_path / "record.json").read_bytes())["schema"] == "rohe.dev/record/v1"


@pytest.mark.parametrize("more", [{}, {"unheard_of": [1]}, {"problem": None, "plan": "elsewhere"}])
def test_a_plan_of_a_newer_build_is_refused_whatever_it_has(more: dict[str, Any]) -> None:
    value = {**json.loads(PLAN), **more, "schema": f"{FAMILY}/v{SCHEMA + 1}"}
    with pytest.raises(NewerFile, match=r"x\.plan was made by a newer rohe \(schema 4; this one reads up to 3\)"):
        decode(canonical_json(value) + b"\n", "x.plan")


@pytest.mark.parametrize("schema", ["rohe.dev/record/v2", None])
def test_a_record_of_a_newer_build_is_refused(schema: str | None) -> None:
    value = json.loads(RECORD)
    if schema:
        value["schema"] = schema
    else:
        value["plan"]["schema"] = f"{FAMILY}/v{SCHEMA + 1}"
    with pytest.raises(NewerFile, match=r"record\.json was made by a newer rohe"):
        decode_record(canonical_json(value), "record.json")


def test_a_change_of_what_is_saved_needs_a_new_schema() -> None:
    """A build that lacks a field says of the file that it was altered, unless the schema says that it is newer."""
    names = sorted(_saved_names(PlanFile, set()))
    digest = sha256_hex("\n".join(names).encode())
    assert digest.startswith(SAVED[SCHEMA]), "raise SCHEMA of planfile.py, describe it there, and add its digest here"


def _saved_names(kind: Any, seen: set[Any]) -> set[str]:
    """Returns `Kind.field` for every field of the kind and of what its fields are of."""
    found: set[str] = set()
    for part in get_args(kind):
        found |= _saved_names(part, seen)
    if isinstance(kind, type) and kind not in seen and (dataclasses.is_dataclass(kind) or _is_struct(kind)):
        seen.add(kind)
        fields = (
            kind.__struct_fields__
            if _is_struct(kind)
            else [field.name for field in dataclasses.fields(kind) if UNSAVED not in field.metadata]
        )
        hints = get_type_hints(kind)
        for name in fields:
            found |= {f"{kind.__name__}.{name}"} | _saved_names(hints[name], seen)
    return found


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
