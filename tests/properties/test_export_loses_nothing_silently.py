"""Every field of nodes and services comes back after export and import, or the export lists it as left out."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline, Service
from rohe_iac.importing.export.documents import export_documents
from rohe_iac.importing.foreign.yaml_text import document_text
from rohe_iac.importing.import_texts import import_texts

NAMES = st.one_of(
    st.from_regex(re.compile(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?"), fullmatch=True),
    st.sampled_from(
        ["image", "cpu", "memory", "mac", "data", "nodes", "services", "replicas", "true", "null", "1", "a-2"]
    ),
)
ORIGINALS = st.sampled_from(["A", "a", "a_2", "Web_1", "Größe", "", " x ", "web-1"])
MILLICORES = st.integers(0, 100_000).map(lambda amount: f"{amount}m")
BYTES = st.one_of(st.integers(0, 2**53 - 10**15), st.sampled_from([2**20, 2**30 + 1, 3 * 2**40 + 7]))
TEXTS = st.sampled_from(["gpu", "GPU", "edge-tpu", "a b"])
SHARES = st.integers(1, 10_000).map(lambda points: f"{points / 100:.2f}%")
MEMORIES = st.fixed_dictionaries({"rss": BYTES}, optional={"vms": BYTES})
DEVICES = st.dictionaries(
    st.sampled_from(["GPU0", "gpu.1", "0"]),
    st.fixed_dictionaries(
        {"type": TEXTS},
        optional={
            "mode": st.sampled_from(["shared", "exclusive"]),
            "cores": st.integers(0, 10_000),
            "capacity": SHARES,
            "count": st.integers(1, 4),
            "model": st.sampled_from(["A100", "V100 M16"]),
        },
    ),
    max_size=2,
)
OFFERS = {
    "arch": st.just("arm64"),
    "frequency": st.integers(1, 10**13).map(lambda hertz: f"{hertz}Hz"),
    "cores": st.lists(MILLICORES, max_size=4),
    "accelerators": DEVICES,
    "cost": st.just("0.02/h"),
}
KINDS = st.fixed_dictionaries({"cpu": MILLICORES, "memory": MEMORIES}, optional=OFFERS)
NODES = st.fixed_dictionaries(
    {},
    optional={
        **OFFERS,
        "cpu": MILLICORES,
        "memory": MEMORIES,
        "mac": st.just("82:AE:30:11:38:01"),
        "labels": st.dictionaries(st.sampled_from(["zone", "a.b/c", "x"]), st.sampled_from(["a", "", " ", "1"])),
        "taints": st.just([{"key": "k"}]),
        "status": st.sampled_from(["running", "cordoned", "down"]),
        "used": st.just({"accelerators": {"GPU0": "1.5%"}, "cpu": "1m"}),
    },
)
PORTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["p80", "http", "p53-udp"])},
        optional={
            "containerPort": st.sampled_from([80, 53]),
            "servicePort": st.sampled_from([80, 8080]),
            "hostPort": st.just(8080),
            "protocol": st.sampled_from(["TCP", "UDP"]),
        },
    ),
    max_size=3,
    unique_by=lambda port: port["name"],
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "cpu": MILLICORES,
        "cores": st.lists(MILLICORES, max_size=3),
        "memory": MEMORIES,
        "accelerators": st.dictionaries(
            TEXTS,
            st.one_of(
                SHARES.map(lambda share: {"share": share}),
                st.fixed_dictionaries({"count": st.integers(1, 3)}, optional={"models": st.just(["A100"])}),
            ),
            max_size=2,
        ),
    },
)
TEXTS_OF_VARIABLES = ["", "b", " b", "$A", "${A:-c}", "$$", "true", "1", "x://u:p@h", "/run/secrets/a", "é\n", "a=b"]
SECRETS: list[Any] = [{"secret": "env:A"}, {"secret": "file:a"}, {"secret": {"name": "n", "key": "k"}}]
LINES = st.lists(st.sampled_from(["x", "", " x", "$A", "a b", '"', "-c", "1", "null"]), max_size=3)
SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["a:1", "host:5000/a@sha256:" + "ab" * 32]),
        "replicas": st.one_of(st.integers(0, 9), st.just("auto")),
        "ports": PORTS,
        "requests": REQUESTS,
        "sensitivity": st.sampled_from(["cpu", "memory", "cpu+memory"]),
        "env": st.dictionaries(
            st.sampled_from(["A", "API_TOKEN", "a.b", "KEY_FILE"]),
            st.sampled_from([*TEXTS_OF_VARIABLES, *SECRETS]),
            max_size=3,
        ),
        "command": LINES,
        "args": LINES,
        "workingDir": st.sampled_from([".", "app", " a", "$A"]),
        "limits": st.just({"cpu": 1}),
        "arch": st.just(["arm64"]),
        "priority": st.just(3),
        "placement": st.just({"nodeSelector": {"a": "b"}}),
        "health": st.just({"startup": "3s"}),
        "variants": st.just([{"name": "v", "image": "b"}]),
    },
)


@st.composite
def blueprints(draw: st.DrawFn) -> tuple[Inventory, list[Pipeline]]:
    kinds = draw(st.dictionaries(NAMES, KINDS, min_size=1, max_size=2))
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    nodes = [{"name": name, "deviceType": draw(st.sampled_from([*kinds])), **draw(NODES)} for name in names]
    annotations = {f"rohe.dev/original-name.node.{name}": draw(ORIGINALS) for name in names if draw(st.booleans())}
    inventory = {
        "kind": "Inventory",
        "metadata": {"name": "lab", "annotations": annotations, "labels": draw(st.sampled_from([{}, {"a": "b"}]))},
        "spec": {"deviceTypes": kinds, "nodes": nodes},
    }
    pipelines = []
    for pipeline in draw(st.lists(NAMES, min_size=1, max_size=2, unique=True)):
        names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
        annotations = {
            f"rohe.dev/original-name.service.{name}": draw(ORIGINALS) for name in names if draw(st.booleans())
        }
        if draw(st.booleans()):
            annotations["rohe.dev/original-name"] = draw(ORIGINALS)
        spec = {"services": [{"name": name, **draw(SERVICES)} for name in names]}
        metadata = {"name": pipeline, "annotations": annotations}
        pipelines.append(Pipeline.model_validate({"kind": "Pipeline", "metadata": metadata, "spec": spec}))
    return Inventory.model_validate(inventory), pipelines


def facts_of_nodes(inventory: Inventory) -> dict[str, dict[str, Any]]:
    found = {}
    for node in inventory.spec.nodes:
        kind = inventory.spec.device_types[node.device_type or ""]
        facts = {name: getattr(kind, name) for name in type(kind).model_fields}
        own = {name: value for name in facts if (value := getattr(node, name, None)) is not None}
        if "cpu" in own and "cores" not in own:
            facts["cores"] = None
        facts |= own
        if facts["cores"] is None:
            facts["cores"] = (1000,) * (facts["cpu"] // 1000)
        memory = facts["memory"]
        facts["memory"] = (memory.rss, memory.vms)
        facts |= {"labels": node.labels, "taints": node.taints, "mac": node.mac, "status": node.status}
        facts["deviceType"] = node.device_type
        used = {name: share for name, share in node.used.accelerators.items() if share}
        facts["used"] = (node.used.cpu, used)
        found[node.name] = facts
    return found


def facts_of(service: Service) -> dict[str, Any]:
    facts = {info.alias or name: getattr(service, name) for name, info in type(service).model_fields.items()}
    requests = service.requests
    accelerators: dict[str, Any] = {}
    for kind, request in requests.accelerators.items():
        if request.count is not None and request.count > 1:
            accelerators[kind] = ("whole", request.count, request.models)
        elif request.count == 1 or request.share:
            accelerators[kind] = ("share", 10_000 if request.count == 1 else request.share, request.models)
    memory = requests.memory
    size = (memory.rss, memory.vms or 0) if memory is not None else (0, 0)
    facts["requests"] = (requests.cpu, [core for core in requests.cores if core], size, accelerators)
    facts["ports"] = {port.name: port for port in service.ports}
    return facts


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(blueprint=blueprints())
def test_what_does_not_come_back_is_told(blueprint: tuple[Inventory, list[Pipeline]]) -> None:
    inventory, pipelines = blueprint
    exported = export_documents(inventory, pipelines)
    files = [SourceText(name, document_text(file)) for name, file in (("n", exported.nodes), ("s", exported.services))]
    documents = import_texts(files, name="lab").documents
    again = next(Inventory.model_validate(document) for document in documents if document["kind"] == "Inventory")
    returned = {
        document["metadata"]["name"]: Pipeline.model_validate(document)
        for document in documents
        if document["kind"] == "Pipeline"
    }
    left_out = {(address, field.partition(".")[0]) for address, field, _ in exported.left_out}
    assert all(reason for _, _, reason in exported.left_out)

    before, after = facts_of_nodes(inventory), facts_of_nodes(again)
    assert list(after) == list(before)
    for name, facts in before.items():
        lost = {field for field, value in facts.items() if value != after[name][field]}
        assert {(f"node/{name}", field) for field in lost} <= left_out, (name, lost, exported.left_out)

    for pipeline in pipelines:
        services = {service.name: service for service in returned[pipeline.metadata.name].spec.services}
        assert list(services) == [service.name for service in pipeline.spec.services]
        for service in pipeline.spec.services:
            before_export, after_import = facts_of(service), facts_of(services[service.name])
            lost = {field for field, value in before_export.items() if value != after_import[field]}
            address = f"service/{pipeline.metadata.name}:{service.name}"
            assert {(address, field) for field in lost} <= left_out, (address, lost, exported.left_out)
