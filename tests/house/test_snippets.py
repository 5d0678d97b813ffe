"""Every piece of YAML in the pages is valid by the whole language; a part is completed by what is around it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.diagnostics import Severity
from rohe_iac.planning.sizing.profile_yaml import read_profile

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^(?P<pad> *)```ya?ml\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# file: (\S+)\n")
PAGES = sorted(
    path
    for path in (*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").glob("*/README.md"))
    if "diagnostics" not in path.parts  # there half of them are wrong on purpose, and tested by themselves
)

PIPELINE = {
    "load": "10/s",
    "services": [
        {
            "name": "classify",
            "command": ["python", "-m", "classify"],
            "ensemble": {"members": [{"name": "svm"}, {"name": "forest"}]},
            "reports": {"metrics": {"confidence": {"unit": "ratio"}}, "fields": ["prediction", "truth"]},
        }
    ],
}
INVENTORY = {"nodes": [{"name": "pi-1", "cpu": 4, "memory": {"rss": "4Gi"}, "labels": {"zone": "hall"}}]}
CONTRACT = {"pipeline": "around", "objectives": []}
STACK = {"pipelines": ["around"], "inventory": "around", "contracts": ["around"]}
WHOLE = {"Pipeline": PIPELINE, "Inventory": INVENTORY, "ObservationContract": CONTRACT, "Stack": STACK}
"""The specifications of a small blueprint that a piece of one is put into."""
KIND_OF = {
    **dict.fromkeys(("services", "flow", "load"), "Pipeline"),
    **dict.fromkeys(("deviceTypes", "nodes", "links"), "Inventory"),
    **dict.fromkeys(("objectives", "metrics", "processing", "sinks", "effective"), "ObservationContract"),
    **dict.fromkeys(
        (
            "planner",
            "target",
            "amqp",
            "broker",
            "store",
            "agents",
            "modules",
            "protect",
            "pipelines",
            "contracts",
            "inventory",
            "balancing",
        ),
        "Stack",
    ),
}
"""Which kind a piece belongs to, told by its first key."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pieces(path: Path) -> list[str]:
    """The YAML of a page, without the indentation of the list that it may stand in."""
    found = BLOCK.finditer(path.read_text())
    return [re.sub(rf"^{block['pad']}", "", block["text"], flags=re.MULTILINE) for block in found]


def pipelines_of(piece: str) -> list[str]:
    """The pipelines of a contract over several, of which a page shows the contract alone."""
    contracts = [document for document in read_plain(piece).values if document["kind"] == "ObservationContract"]
    return [
        yaml.safe_dump(
            {"apiVersion": "rohe.dev/v1", "kind": "Pipeline", "metadata": {"name": name}, "spec": WHOLE["Pipeline"]}
        )
        for contract in contracts
        for name in contract["spec"].get("pipelines", ())
    ]


def completed(piece: str) -> str:
    """The documents of the piece; those around it where it is a piece of one."""
    if "apiVersion:" in piece:
        return "---\n".join((piece, *pipelines_of(piece)))
    (value,) = read_plain(piece).values
    value = value.get("spec", value) if set(value) == {"spec"} else value
    kinds = {KIND_OF.get(key, key) for key in value}
    assert [kind for kind in kinds if kind in WHOLE] == [*kinds][:1], f"what kind of document has {sorted(value)}?"
    specifications: dict[str, Any] = {**WHOLE, kinds.pop(): None}
    documents = [
        {
            "apiVersion": "rohe.dev/v1",
            "kind": kind,
            "metadata": {"name": "around"},
            "spec": {**WHOLE[kind], **(value if specification is None else {})},
        }
        for kind, specification in specifications.items()
    ]
    return yaml.safe_dump_all(documents, sort_keys=False)


def put_down(text: str, folder: Path, profiles: list[str]) -> None:
    """The files that documents name: user modules with their functions, and the page's profile."""
    for module, function in re.findall(r"(\w[\w/]*\.py):(\w+)", text):
        (folder / module).parent.mkdir(parents=True, exist_ok=True)
        with (folder / module).open("a") as stream:
            stream.write(f"def {function}(*given, **options):\n    return {{}}\n")
    for profile in re.findall(r"profile: (\S+\.yaml)", text):
        (folder / profile).parent.mkdir(parents=True, exist_ok=True)
        (folder / profile).write_text(profiles[0])


def errors(folder: Path) -> list[str]:
    return [
        f"{item.place}: {item.code} {item.message} ({item.hint})"
        for item in check([folder]).diagnostics
        if item.severity is Severity.ERROR
    ]


@pytest.mark.parametrize("page", [page for page in PAGES if pieces(page)], ids=name_of)
def test_the_pieces_of_a_page_are_valid(page: Path, tmp_path: Path) -> None:
    profiles = [piece for piece in pieces(page) if re.match(r"profile:", piece)]
    for profile in profiles:
        assert read_profile(profile, "profile").service
    named = [(found[1], piece) for piece in pieces(page) if (found := FILE.match(piece))]
    for name, piece in named:
        (tmp_path / "named" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "named" / name).write_text(piece)
    assert not named or errors(tmp_path / "named") == []
    others = [piece for piece in pieces(page) if piece not in profiles and not FILE.match(piece)]
    for index, piece in enumerate(others):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "rohe.yaml").write_text("project: page\n")
        (folder / "blueprint.yaml").write_text(completed(piece))
        put_down(piece, folder, profiles)
        assert errors(folder) == [], piece


def test_there_are_pages_with_pieces_of_each_kind() -> None:
    every = [piece for page in PAGES for piece in pieces(page)]
    assert any("kind: Stack" in piece for piece in every)
    assert any("apiVersion" not in piece and not piece.startswith("profile:") for piece in every)
    assert any(FILE.match(piece) for piece in every)
