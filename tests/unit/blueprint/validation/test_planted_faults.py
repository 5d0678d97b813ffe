"""Faults of shape, planted in the example blueprints: each of several is told, and nothing else is."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.language.fields import fields_at, required_at
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.text.parsed import Path as Steps
from rohe_iac.blueprint.text.places import find_spots
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.blueprint.validation.lookup import value_at
from rohe_iac.foundation.diagnostics import Severity

EXAMPLES = Path(__file__).parents[4] / "examples"
FAULTS = ("unknown", "misspelt", "missing", "wrong", "list for a mapping", "mapping for a list")
TOGETHER = 6
"""Faults that are planted in one blueprint."""


def _parts(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    yield path, value
    for step, part in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from _parts(part, (*path, step))


def _places(document: dict[str, Any]) -> Iterator[tuple[str, Steps]]:
    """Yields each fault that can be planted, with the path of the part that changes."""
    model = KINDS[document["kind"]]
    for path, value in _parts(document):
        if len(path) < 2 or path[0] == "metadata":
            continue
        fields = fields_at(model, path)
        if isinstance(value, dict) and fields:
            yield "unknown", path
            yield "list for a mapping", path
            yield from (("missing", (*path, field)) for field in sorted(required_at(model, path)) if field in value)
            yield from (("misspelt", (*path, field)) for field in value if len(field) >= 6 and field in fields)
        elif (
            isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and fields_at(model, (*path, 0))
        ):
            yield "mapping for a list", path
        elif not isinstance(value, dict | list) and path[-1] != "name" and path[-1] in fields_at(model, path[:-1]):
            yield "wrong", path


def _plant(document: dict[str, Any], fault: str, path: Steps) -> tuple[Steps, bool]:
    """Plants a fault; returns where it has to be told, and whether that is a key."""
    parent, step = value_at(document, path[:-1]), path[-1]
    if fault == "unknown":
        parent[step]["planted"] = 1
        return (*path, "planted"), True
    if fault == "misspelt":
        assert isinstance(step, str)
        misspelt = f"{step[:-3]}{step[-2]}{step[-3]}{step[-1]}" if step[-2] != step[-3] else f"{step}x"
        entries = [(misspelt if name == step else name, value) for name, value in parent.items()]
        parent.clear()
        parent.update(entries)
        return (*path[:-1], misspelt), True
    if fault == "missing":
        del parent[step]
        return path[:-1], False
    parent[step] = {
        "wrong": {"planted": 1},
        "list for a mapping": [parent[step]],
        "mapping for a list": parent[step][0] if fault == "mapping for a list" else None,
    }[fault]
    return path, False


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("example", ["bts", "cctvs", "fleet", "k3s", "kpi"])
def test_each_of_several_faults_is_told_and_none_is_false(tmp_path: Path, example: str, seed: int) -> None:
    drawn = random.Random(f"{example} {seed}")
    folder = tmp_path / example
    shutil.copytree(EXAMPLES / example, folder)
    files = {file: list(yaml.safe_load_all(file.read_text())) for file in sorted(folder.glob("blueprints/*.yaml"))}
    _write(files)
    before = Counter((item.code, item.message) for item in check([folder]).diagnostics)
    places = [
        (file, index, fault, path)
        for file, documents in files.items()
        for index, document in enumerate(documents)
        for fault, path in _places(document)
    ]
    planted: list[tuple[Path, int, Steps]] = []
    told: list[tuple[Path, int, Steps, bool]] = []
    while len(told) < TOGETHER:
        fault = drawn.choice(FAULTS)
        file, index, _, path = drawn.choice([place for place in places if place[2] == fault] or places[:1])
        if any((file, index) == other[:2] and _overlap(path, other[2]) for other in planted):
            continue
        planted.append((file, index, path))
        told.append((file, index, *_plant(files[file][index], fault, path)))
    _write(files)
    found = check([folder]).diagnostics
    lines = {(str(file.relative_to(folder)), _line(file, index, path, on_key)) for file, index, path, on_key in told}
    errors = {(item.place.file, item.place.line) for item in found if item.severity is Severity.ERROR}
    assert lines <= errors, f"not told: {sorted(lines - errors)}"
    false = [item for item in found if (item.code, item.message) not in before]
    assert [item for item in false if (item.place.file, item.place.line) not in lines] == []


def _overlap(path: Steps, other: Steps) -> bool:
    return path[: len(other)] == other or other[: len(path)] == path


def _write(files: dict[Path, list[Any]]) -> None:
    for file, documents in files.items():
        file.write_text(yaml.safe_dump_all(documents, sort_keys=False))


def _line(file: Path, index: int, path: Steps, on_key: bool) -> int:
    text = file.read_text()
    return find_spots(text, read_plain(text).documents[index], [(path, on_key)])[path, on_key].line
