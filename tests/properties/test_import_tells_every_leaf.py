"""Samples of every format, changed at random: each leaf is mapped, or listed with a reason, or reported as a fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drawing import generator

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.importing.foreign.journal import path_text
from rohe_iac.importing.foreign.reading import YamlNode, read_foreign
from rohe_iac.importing.import_texts import InvalidImport, import_texts

SAMPLES = Path(__file__).parents[1] / "unit" / "importing" / "samples"
COMPOSE = {
    "name": "shop",
    "services": {
        "web": {
            "image": "nginx:${TAG:-1}",
            "ports": ["8080:80", {"target": 9, "published": "90"}],
            "environment": {"A": 1, "PASSWORD": "x"},
            "volumes": ["data:/data", "./a:/a", {"type": "tmpfs", "target": "/t"}],
            "healthcheck": {"test": ["CMD", "curl", "http://localhost:80/"], "start_period": "5s", "retries": 3},
            "deploy": {
                "replicas": 2,
                "resources": {"limits": {"cpus": "0.5", "memory": "50M"}, "reservations": {"devices": [{"count": 1}]}},
                "placement": {"constraints": ["node.labels.zone == a"]},
            },
            "depends_on": {"db": {"condition": "service_started"}},
        },
        "db": {"image": "postgres", "mem_limit": "1g", "networks": ["n"]},
    },
    "networks": {"n": None},
}
ODD: list[Any] = [None, "", "7", -1, 0, 3.5, True, "odd", [], {}, ["a"], {"a": 1}, "1Gi", "15%", "300ms"]
CHANGES = 60


def contents() -> dict[str, Any]:
    """Returns the content of every sample by name."""
    found: dict[str, Any] = {"compose": COMPOSE}
    for path in sorted(SAMPLES.glob("*.*")):
        if path.suffix in (".yaml", ".json"):
            found[path.stem] = read_plain(path.read_text()).values[0]
    return found


def places(value: Any) -> list[tuple[Any, Any]]:
    """Returns every (container, key or index) of a value."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]
    return []


def change(value: Any, drawn: random.Random) -> None:
    """Removes, replaces, respells or repeats one part of a value."""
    where, key = drawn.choice(places(value))
    kind = drawn.randrange(4)
    if kind == 0:
        del where[key]
    elif kind == 1 and isinstance(where, dict):
        where[str(key).replace("_", drawn.choice(["-", "", "__"])).upper()] = where.pop(key)
    elif kind == 2 and isinstance(where, list):
        where.append(copy.deepcopy(where[key]))
    else:
        where[key] = copy.deepcopy(drawn.choice(ODD))


def leaves(node: YamlNode, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Yields the path of every value without parts."""
    parts: list[tuple[str | int, YamlNode]] = [*(node.entries or {}).items(), *enumerate(node.items or [])]
    if not parts:
        yield path_text(path)
    for key, part in parts:
        yield from leaves(part, (*path, key))


@pytest.mark.parametrize("name", contents())
def test_every_leaf_is_told_of(name: str) -> None:
    drawn, content = generator(name), contents()[name]
    imports = 0
    for _ in range(CHANGES):
        value = copy.deepcopy(content)
        for _ in range(drawn.randint(1, 4)):
            if places(value):
                change(value, drawn)
        text = json.dumps(value)
        try:
            result = import_texts([SourceText("file", text)])
        except InvalidImport:
            continue
        imports += 1
        listed = {item.field for file in result.files for item in (*file.mapped, *file.unmapped)}
        for leaf in leaves(read_foreign("file", text).documents[0]):
            # A parent's record holds for all its parts.
            around = {leaf[:end] for end in range(1, len(leaf)) if leaf[end] in ".["} | {leaf, "(document)"}
            assert around & listed, (leaf, text)
        assert all(item.reason for file in result.files for item in file.unmapped)
    assert imports > CHANGES // 5
