"""Every import ends in documents that validate or in a list of faults with places, whatever the file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rohe_iac.importing.foreign.reading import ImportFault
from rohe_iac.importing.import_texts import ImportedDocument, InvalidImport
from rohe_iac.usecases.authoring.import_ import import_files

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10_000),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(
        ["", "4000", "512Mi", "15%", "gpu", "1.5", "-3", "x" * 80, "Größe_Ä", "no", "010", "${A:-b}", "80:80", "5m"]
    ),
    st.text(max_size=12),
)
KEYS = st.sampled_from(
    [
        *("data", "node1", "app", "node_name", "MAC", "mac_address", "status", "frequency", "accelerator", "cpu"),
        *("memory", "processor", "cores", "capacity", "used", "rss", "vms", "type", "mode", "core", "GPU0", "gpu"),
        *("service_name", "microservice_name", "service_id", "image", "replicas", "ports", "port_mapping", "con_port"),
        *("phy_port", "sensitivity", "contract", "contract_id", "tenant_id", "pipeline_id", "effective_from"),
        *("performance_slo", "quality_slo", "builtin_metrics", "cdm_thresholds", "cdm_definitions", "expression"),
        *("operands", "filters", "operator", "value", "window", "action_on_violation", "response_time_p99_ms"),
        *("quality", "stakeholders", "constraint_list", "metrics", "metric_name", "condition", "aggregate_function"),
        *("services", "environment", "volumes", "healthcheck", "test", "deploy", "resources", "limits", "cpus"),
        *("reservations", "devices", "command", "orchestrateConfig", "strategy", "weights", "service_queue"),
        *("model_name", "overall", "accuracy", "profile", "name", "security", "service"),
    ]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)
NODE = st.fixed_dictionaries(
    {"node_name": SCALARS},
    optional={
        "MAC": SCALARS,
        "status": SCALARS,
        "frequency": SCALARS,
        "accelerator": TREES,
        "cpu": st.one_of(SCALARS, st.fixed_dictionaries({"capacity": SCALARS, "used": SCALARS})),
        "memory": TREES,
        "processor": TREES,
    },
)
SERVICE = st.fixed_dictionaries(
    {"image": SCALARS},
    optional={
        "service_name": SCALARS,
        "cpu": SCALARS,
        "processor": st.lists(SCALARS, max_size=4),
        "memory": TREES,
        "accelerator": st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
        "ports": st.lists(SCALARS, max_size=3),
        "port_mapping": st.lists(st.dictionaries(KEYS, SCALARS, max_size=3), max_size=3),
        "sensitivity": SCALARS,
        "replicas": SCALARS,
    },
)
EXPRESSION: st.SearchStrategy[Any] = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["count", "sum", "avg", "percentile", "variance", "cdm_ref", "field", "odd"])},
        optional={
            "filters": st.dictionaries(st.text(max_size=5), SCALARS, max_size=2),
            "field": SCALARS,
            "cdm_ref": st.sampled_from(["a", "b", "accuracy", ""]),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["ratio", "difference", "mean", "variance"]), "operands": st.lists(inner, max_size=3)}
    ),
    max_leaves=6,
)
THRESHOLD = st.dictionaries(
    st.text(max_size=8),
    st.fixed_dictionaries(
        {"operator": st.sampled_from(["<", ">=", "==", "!=", "range", ""]), "value": SCALARS},
        optional={"window": SCALARS, "action_on_violation": SCALARS},
    ),
    max_size=3,
)
CONTRACT = st.fixed_dictionaries(
    {"contract": st.fixed_dictionaries({"contract_id": SCALARS}, optional={
        "tenant_id": SCALARS, "pipeline_id": SCALARS, "effective_from": SCALARS, "effective_until": SCALARS,
        "performance_slo": st.dictionaries(KEYS, SCALARS, max_size=3),
        "quality_slo": st.fixed_dictionaries({}, optional={"builtin_metrics": THRESHOLD, "cdm_thresholds": THRESHOLD}),
    })},
    optional={"cdm_definitions": st.dictionaries(
        st.text(max_size=8), st.fixed_dictionaries({"expression": EXPRESSION}, optional={"window": SCALARS}), max_size=3
    )},
)  # fmt: skip
CONSTRAINT = st.fixed_dictionaries(
    {"name": SCALARS, "constraint_list": st.lists(st.fixed_dictionaries({
        "metrics": st.one_of(TREES, st.fixed_dictionaries({"metric_name": SCALARS, "unit": SCALARS})),
        "condition": st.fixed_dictionaries({"operator": st.sampled_from(["range", "less_than"]), "value": TREES}),
        "aggregate_function": SCALARS,
    }), max_size=3)}
)  # fmt: skip
COMPOSE_SERVICE = st.fixed_dictionaries(
    {"image": SCALARS},
    optional={
        "ports": st.lists(
            st.one_of(SCALARS, st.fixed_dictionaries({"target": SCALARS, "published": SCALARS})), max_size=3
        ),
        "environment": st.one_of(
            st.dictionaries(st.text(max_size=6), SCALARS, max_size=3), st.lists(SCALARS, max_size=3)
        ),
        "volumes": st.lists(st.one_of(SCALARS, st.sampled_from(["a:/b", "./c:/d", "/e"]), TREES), max_size=3),
        "command": TREES,
        "healthcheck": TREES,
        "deploy": TREES,
        "tmpfs": TREES,
        "platform": SCALARS,
        "mem_limit": SCALARS,
        "cpus": SCALARS,
    },
)
FILES = st.one_of(
    TREES,
    st.fixed_dictionaries({"data": st.dictionaries(st.text(max_size=6), NODE, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {"data": st.fixed_dictionaries({"app": st.dictionaries(KEYS, SERVICE, min_size=1, max_size=3)})}
    ),
    CONTRACT,
    st.fixed_dictionaries({"stakeholders": TREES, "quality": st.dictionaries(KEYS, st.lists(CONSTRAINT, max_size=2))}),
    st.fixed_dictionaries({"services": st.dictionaries(st.text(max_size=6), COMPOSE_SERVICE, min_size=1, max_size=3)}),
    st.dictionaries(st.text(max_size=6), st.fixed_dictionaries({"model_name": SCALARS, "overall": TREES}), min_size=1),
    st.fixed_dictionaries({"orchestrateConfig": TREES, "service_queue": TREES}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


def check_import(folder: Path, content: bytes) -> None:
    """Imports a file of that content and checks that it ends in documents or in faults with places."""
    (folder / "file").write_bytes(content)
    faults: tuple[ImportFault, ...] = ()
    files: tuple[ImportedDocument, ...] = ()
    try:
        files = import_files(folder, [Path("file")]).imported.files
    except InvalidImport as error:
        faults = error.faults
    assert files or faults
    assert all(item.reason for file in files for item in file.unmapped)
    assert all(fault.place.file == "file" and fault.message for fault in faults), faults


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=FILES)
def test_no_content_of_any_format_makes_an_import_crash_or_write_what_does_not_validate(
    folder: Path, content: Any
) -> None:
    check_import(folder, json.dumps(content).encode())


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_make_an_import_crash(folder: Path, content: bytes) -> None:
    check_import(folder, content)
