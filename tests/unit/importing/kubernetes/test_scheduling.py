"""Rules of pods about nodes and neighbours as the placement of services."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import Importer, reasons

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.importing.kubernetes.scheduling import topology_key


def placed(
    import_contents: Importer, others: tuple[str, ...] = (), **pod: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the service `web` with such a pod, beside others, and what is not mapped of it."""
    names = ("web", *others)
    objects = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "c", "image": "a/b:1"}], **(pod if name == "web" else {})},
                }
            },
        }
        for name in names
    ]
    result = import_contents({"apiVersion": "v1", "kind": "List", "items": objects})
    Pipeline.model_validate(result.documents[0])
    return result.documents[0]["spec"]["services"][0], reasons(result)


def terms(*expressions: dict[str, Any]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def test_labels_of_nodes_are_a_selector_and_the_architecture_its_own_field(import_contents: Importer) -> None:
    selector = {
        "disk": "ssd",
        "kubernetes.io/arch": "arm64",
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": "a",
    }
    service, dropped = placed(import_contents, nodeSelector=selector)
    assert service["placement"] == {"nodeSelector": {"disk": "ssd", "zone": "a"}}
    assert service["arch"] == ["arm64"]
    assert [reason for field, reason in dropped.items() if field.endswith("kubernetes.io/os")] == [
        "all nodes of an inventory run Linux"
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "disk", "operator": "In", "values": ["ssd"]}, {"disk": "ssd"}),
        ({"key": "disk", "operator": "In", "values": ["ssd", "nvme"]}, {"disk": ["ssd", "nvme"]}),
        ({"key": "disk", "operator": "NotIn", "values": ["hdd"]}, {"disk": {"not": ["hdd"]}}),
        ({"key": "disk", "operator": "Exists"}, {"disk": {"exists": True}}),
        ({"key": "disk", "operator": "DoesNotExist"}, {"disk": {"exists": False}}),
        ({"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}, {"node": "n1"}),
    ],
)
def test_required_affinity_to_nodes_is_a_selector(
    import_contents: Importer, expression: dict[str, Any], expected: dict[str, Any]
) -> None:
    service, _ = placed(import_contents, **terms(expression))
    assert service["placement"]["nodeSelector"] == expected


def test_what_a_selector_cannot_say_is_told(import_contents: Importer) -> None:
    _, dropped = placed(import_contents, **terms({"key": "cores", "operator": "Gt", "values": ["4"]}))
    assert "a selector compares labels as text, not as numbers" in dropped.values()
    affinity = terms({"key": "a", "operator": "Exists"})["affinity"]
    affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] *= 2
    service, dropped = placed(import_contents, affinity=affinity)
    assert "placement" not in service
    assert any("of which one is enough" in reason for reason in dropped.values())


def test_neighbours_are_avoided_sought_and_spread(import_contents: Importer) -> None:
    def term(app: str, key: str = "kubernetes.io/hostname") -> dict[str, Any]:
        return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key}

    required, preferred = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
    service, dropped = placed(
        import_contents,
        ("api", "db"),
        affinity={
            "podAntiAffinity": {required: [term("web"), term("api"), term("nobody")]},
            "podAffinity": {preferred: [{"weight": 1, "podAffinityTerm": term("db", "topology.kubernetes.io/zone")}]},
        },
        tolerations=[{"key": "edge", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}],
        topologySpreadConstraints=[
            {"maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2, **term("web", "zone")}
        ],
    )
    assert service["placement"] == {
        "tolerations": [{"key": "edge", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "60s"}],
        "spread": [{"topologyKey": "node"}, {"topologyKey": "zone", "maxSkew": 1, "required": False}],
        "avoid": [{"service": "api", "topologyKey": "node"}],
        "near": [{"service": "db", "topologyKey": "zone", "required": False}],
    }
    assert "no workload of these files has labels that it selects" in dropped.values()
    assert any(field.endswith("minDomains") for field in dropped)


def test_topology_keys_of_a_cluster_have_the_names_of_the_language() -> None:
    assert [topology_key(key) for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack")] == [
        "node", "zone", "rack",
    ]  # fmt: skip


def test_preferred_nodes_have_weights_and_the_same_conditions(import_contents: Importer) -> None:
    preferred = [
        {"weight": 10, "preference": {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}},
        {"weight": 5, "preference": {"matchExpressions": [{"key": "cores", "operator": "Lt", "values": ["4"]}]}},
    ]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    service, dropped = placed(import_contents, affinity=affinity, nodeName="n1")
    assert service["placement"] == {
        "prefer": [{"nodeSelector": {"gpu": {"exists": True}}, "weight": 10}],
        "nodeSelector": {"node": "n1"},
    }
    assert [field[-3:] for field, reason in dropped.items() if "not as numbers" in reason] == ["[1]"]


def test_a_service_has_one_spread_a_kind_of_domain(import_contents: Importer) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
    service, dropped = placed(
        import_contents,
        affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        topologySpreadConstraints=[{"maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **term}],
    )
    assert service["placement"]["spread"] == [{"topologyKey": "node"}]
    assert any("one rule for each topologyKey" in reason for reason in dropped.values())
