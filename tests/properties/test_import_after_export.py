"""Import after export is the identity, for all that the original's format has."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.importing.export.documents import export_documents
from rohe_iac.importing.foreign.yaml_text import document_text
from rohe_iac.importing.import_texts import ImportResult, import_texts

NAMES = st.from_regex(re.compile(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?"), fullmatch=True)
CPU = st.integers(1, 64_000)
BYTES = st.one_of(st.integers(1, 2**40), st.integers(1, 2**20).map(lambda mebibytes: mebibytes * 2**20))
SHARES = st.integers(1, 10_000).map(lambda points: f"{points / 100:.2f}%")


@st.composite
def memories(draw: st.DrawFn) -> dict[str, int]:
    memory = {"rss": draw(BYTES)}
    if draw(st.booleans()):
        memory["vms"] = draw(BYTES)
    return memory


@st.composite
def nodes(draw: st.DrawFn, name: str) -> dict[str, Any]:
    cores = draw(st.lists(st.integers(1, 2000), min_size=1, max_size=8))
    cpu, memory = draw(CPU), draw(memories())
    devices = draw(st.dictionaries(st.sampled_from(["GPU0", "GPU1", "TPU0"]), st.fixed_dictionaries(
        {"type": st.sampled_from(["gpu", "tpu"]), "mode": st.sampled_from(["shared", "exclusive"])},
        optional={"cores": st.integers(0, 10_000), "capacity": SHARES, "count": st.integers(2, 4), "model": NAMES},
    ), max_size=2))  # fmt: skip
    node: dict[str, Any] = {
        "name": name,
        "cpu": f"{cpu}m",
        "cores": [f"{core}m" for core in cores],
        "memory": memory,
        "accelerators": devices,
        "status": draw(st.sampled_from(["running", "cordoned", "down"])),
        "frequency": f"{draw(st.integers(1, 100_000))}MHz",
    }
    if draw(st.booleans()):
        node["mac"] = ":".join(f"{draw(st.integers(0, 255)):02x}" for _ in range(6))
    if draw(st.booleans()):
        node["used"] = {
            "cpu": f"{draw(st.integers(0, cpu))}m",
            "cores": [f"{draw(st.integers(0, core))}m" for core in cores],
            "memory": {"rss": draw(st.integers(0, memory["rss"]))},
        }
    return node


@st.composite
def services(draw: st.DrawFn, name: str) -> dict[str, Any]:
    numbers = draw(st.lists(st.integers(1, 65535), max_size=3, unique=True))
    requests: dict[str, Any] = {"cpu": f"{draw(st.integers(0, 64_000))}m"}
    requests["cores"] = [f"{core}m" for core in draw(st.lists(st.integers(1, 2000), max_size=5))]
    if draw(st.booleans()):
        requests["memory"] = draw(memories())
    requests["accelerators"] = draw(
        st.dictionaries(
            st.sampled_from(["gpu", "tpu"]),
            st.one_of(
                SHARES.map(lambda share: {"share": share}), st.integers(2, 8).map(lambda count: {"count": count})
            ),
        )
    )
    return {
        "name": name,
        "image": draw(st.sampled_from(["minio/minio", "rdsea/od_web:2.0", "host:5000/a@sha256:" + "ab" * 32])),
        "replicas": draw(st.integers(0, 50)),
        "sensitivity": draw(st.sampled_from(["none", "cpu", "memory", "cpu+memory"])),
        "requests": requests,
        "ports": [
            {
                "name": draw(st.sampled_from([f"p{number}", f"http-{number}"])),
                "containerPort": number,
                "servicePort": draw(st.integers(1, 65535)),
                "protocol": draw(st.sampled_from(["TCP", "UDP"])),
            }
            for number in numbers
        ],
    }


@st.composite
def blueprints(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    inventory = {
        "kind": "Inventory",
        "metadata": {"name": "imported"},
        "spec": {"nodes": [draw(nodes(name)) for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))]},
    }
    pipeline = {
        "kind": "Pipeline",
        "metadata": {"name": draw(NAMES)},
        "spec": {
            "services": [draw(services(name)) for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))]
        },
    }
    return inventory, pipeline


def export_and_import(inventory: Inventory, pipelines: list[Pipeline]) -> ImportResult:
    """Exports a blueprint and imports the exported files."""
    exported = export_documents(inventory, pipelines)
    texts = [
        SourceText("nodes", document_text(exported.nodes)),
        SourceText("services", document_text(exported.services)),
    ]
    return import_texts(texts)


def facts_of_nodes(inventory: Inventory) -> list[dict[str, Any]]:
    """Returns the fields of every node that the original's format has, with the figures of device types."""
    found = []
    for node in inventory.spec.nodes:
        kind = inventory.spec.device_types.get(node.device_type or "")

        def own_or_of_kind(name: str, node: Any = node, kind: Any = kind) -> Any:
            own = getattr(node, name)
            return own if own is not None or kind is None else getattr(kind, name)

        used = node.used.model_dump()
        cores = own_or_of_kind("cores")
        used["cores"] = [*used["cores"], *[0] * (len(cores) - len(used["cores"]))]
        used["memory"] = used["memory"] or {"rss": 0, "vms": None}
        found.append(
            {
                "name": node.name,
                "mac": node.mac,
                "status": node.status,
                "used": used,
                **{word: own_or_of_kind(word) for word in ("cpu", "cores", "memory", "accelerators", "frequency")},
            }
        )
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blueprint=blueprints())
def test_nodes_and_services_come_back_unchanged(blueprint: tuple[dict[str, Any], dict[str, Any]]) -> None:
    inventory, pipeline = Inventory.model_validate(blueprint[0]), Pipeline.model_validate(blueprint[1])
    again = {str(document["kind"]): document for document in export_and_import(inventory, [pipeline]).documents}

    assert facts_of_nodes(Inventory.model_validate(again["Inventory"])) == facts_of_nodes(inventory)
    assert Pipeline.model_validate(again["Pipeline"]) == pipeline
