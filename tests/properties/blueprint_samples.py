"""A blueprint that uses nearly every field, and ways to damage it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

PIPELINE: dict[str, Any] = {
    "apiVersion": "rohe.dev/v1",
    "kind": "Pipeline",
    "metadata": {"name": "cctvs", "labels": {"domain": "surveillance"}, "annotations": {"by": "hand"}},
    "spec": {
        "load": "10/s",
        "services": [
            {
                "name": "ingest",
                "image": "registry/ingest:2.0",
                "command": ["python", "-m", "cctvs.ingest"],
                "args": ["--fast"],
                "workingDir": ".",
                "replicas": 2,
                "ports": [{"name": "http", "containerPort": 4002, "servicePort": 80, "protocol": "TCP"}],
                "env": {"LOG_LEVEL": "info", "TOKEN": {"secret": "env:CAMERA"}, "KEY": {"secret": {"name": "k"}}},
                "volumes": [{"name": "data", "path": "/data", "size": "1Gi"}, {"path": "/tmp", "emptyDir": "64Mi"}],
                "health": {"readiness": {"http": {"path": "/healthz", "port": "http"}}, "liveness": {"tcp": "http"}},
                "requests": {
                    "cpu": "331m",
                    "cores": ["420m", "20m"],
                    "memory": {"rss": "57Mi", "vms": "500Mi"},
                    "accelerators": {"gpu": {"share": "15%"}},
                },
                "limits": {"cpu": 1, "memory": "256Mi"},
                "arch": ["arm64"],
                "sensitivity": "cpu",
                "priority": 100,
                "placement": {
                    "nodeSelector": {"zone": "lab-1"},
                    "tolerations": [{"key": "camera-lan", "operator": "Exists"}],
                    "spread": [{"topologyKey": "node", "maxPerDomain": 1}],
                    "avoid": [{"service": "detect", "topologyKey": "node", "required": False}],
                    "near": [{"service": "classify", "topologyKey": "zone", "required": False}],
                },
                "reports": {
                    "format": "rohe",
                    "interval": "10s",
                    "metrics": {"load": {"unit": "count"}},
                    "fields": ["x"],
                },
            },
            {
                "name": "detect",
                "command": ["python", "-m", "cctvs.detect"],
                "reports": {"metrics": {"confidence": {"unit": "ratio"}}, "fields": ["correct"]},
                "variants": [
                    {"name": "small", "accuracy": 0.71, "requests": {"cpu": "200m"}},
                    {"name": "large", "accuracy": 0.82, "requests": {"cpu": "800m"}},
                ],
            },
            {
                "name": "classify",
                "command": ["python", "-m", "cctvs.classify"],
                "ensemble": {"members": [{"name": "svm", "replicas": 1}, {"name": "forest", "args": ["--forest"]}]},
            },
        ],
        "flow": [
            {"from": "ingest", "to": "detect", "payload": "300Ki", "latency": "50ms", "bandwidth": "20Mbps", "rate": 1},
            {"from": "detect", "to": "classify"},
        ],
    },
}
INVENTORY: dict[str, Any] = {
    "apiVersion": "rohe.dev/v1",
    "kind": "Inventory",
    "metadata": {"name": "lab"},
    "spec": {
        "deviceTypes": {
            "nano": {
                "arch": "arm64",
                "frequency": "1.5GHz",
                "cpu": 4,
                "cores": [1, 1, 1, 1],
                "memory": {"rss": "4Gi", "vms": "6Gi"},
                "accelerators": {"GPU0": {"type": "gpu", "model": "maxwell", "mode": "shared", "cores": 128}},
                "cost": "0.02/h",
            }
        },
        "nodes": [
            {"name": "nano-1", "deviceType": "nano", "mac": "82:ae:30:11:38:06", "labels": {"zone": "lab-1"}},
            {"name": "nano-2", "deviceType": "nano", "labels": {"zone": "lab-1"}, "used": {"cpu": "250m"}},
            {
                "name": "pi-1",
                "arch": "arm64",
                "cpu": 4,
                "memory": {"rss": "4Gi"},
                "labels": {"zone": "lab-2"},
                "taints": [{"key": "camera-lan", "effect": "NoSchedule"}],
                "status": "cordoned",
            },
        ],
        "links": [
            {"name": "backhaul", "between": ["zone/lab-1", "zone/lab-2"], "latency": "8ms", "bandwidth": "100Mbps"}
        ],
    },
}
CONTRACT: dict[str, Any] = {
    "apiVersion": "rohe.dev/v1",
    "kind": "ObservationContract",
    "metadata": {"name": "sla"},
    "spec": {
        "pipeline": "cctvs",
        "tenant": "city",
        "effective": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
        "metrics": {
            "wrong": {"ratio": [{"count": {"where": {"correct": False}}}, {"count": {}}]},
            "confident": {"mean": {"of": "confidence", "where": {"confidence": {">": 0.5}}}},
            "gap": {"difference": [{"metric": "wrong"}, {"percentile": {"of": "confidence", "p": 99}}]},
        },
        "objectives": [
            {
                "name": "fast",
                "metric": "response_time",
                "scope": {"service": "detect"},
                "aggregate": "p99",
                "operator": "<=",
                "value": "300ms",
                "window": {"size": "5m", "every": "10s"},
                "minSamples": 20,
                "missing": "freeze",
                "for": "1m",
                "clear": "2m",
                "target": "99%",
                "budgetWindow": "30d",
                "burnRates": [{"long": "1h", "short": "5m", "factor": 14.4}],
                "onViolation": {"action": "alert", "cooldown": "5m", "dryRun": False},
            },
            {"metric": "wrong", "operator": "between", "value": [0, "15%"], "window": {"size": "200 reports"},
             "onViolation": "degrade"},
            {"metric": "gap", "operator": "<", "value": 1, "window": {"session": "30s"}},
        ],
        "sinks": ["store", {"jsonl": "results/"}, "prometheus"],
    },
}  # fmt: skip
STACK: dict[str, Any] = {
    "apiVersion": "rohe.dev/v1",
    "kind": "Stack",
    "metadata": {"name": "cctvs-lab"},
    "spec": {
        "pipelines": ["cctvs"],
        "inventory": "lab",
        "contracts": ["sla"],
        "planner": {
            "objective": ["placed", "stable", "nodes"],
            "strategy": "best-fit",
            "weights": {"cpu": 1, "memory": 1, "accelerator": 1},
            "queue": {"priority": "cpu", "balance": 3},
            "overcommit": {"vms": 1.5},
            "survive": 0,
        },
        "target": {"local": {"runtime": "process", "ports": "42000-42099"}},
        "broker": {"embedded": {}},
        "store": {"sqlite": {}, "retention": "7d", "maxSize": "2Gi"},
        "agents": {"perPipeline": 1, "requests": {"cpu": "200m", "memory": {"rss": "128Mi"}}},
        "protect": ["service/ingest"],
    },
}
DOCUMENTS = (PIPELINE, INVENTORY, CONTRACT, STACK)

WORDS = (
    "",
    "name",
    "x",
    "ingest",
    "auto",
    "15%",
    "-1",
    "1e9",
    "5m",
    "{{ 1 }}",
    "no",
    "0x1F",
    "\u0000",
    "é",
    "a/b:c",
    "<<",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(WORDS),
    st.text(max_size=20),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, part in steps for found in paths_of(part, (*path, step)))]


def damaged(document: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    """The document with one place replaced, taken out, renamed or filled with one more entry."""
    if not path:
        return value if how == "replace" else document
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    if how == "replace":
        parent[path[-1]] = value
    elif how == "remove":
        del parent[path[-1]]
    elif how == "rename" and isinstance(parent, dict):
        parent[str(value)[:20]] = parent.pop(path[-1])
    elif how == "add" and isinstance(parent, dict):
        parent[f"more{len(parent)}"] = value
    elif isinstance(parent, list):
        parent.append(parent[path[-1]])
    return document
