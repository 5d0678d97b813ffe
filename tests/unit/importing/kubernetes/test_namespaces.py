"""Objects of one namespace together: volumes, Services, calls, and what of them becomes nothing.

They are read by rohe_iac.importing.kubernetes.objects, rohe_iac.importing.kubernetes.mounts,
rohe_iac.importing.kubernetes.services, rohe_iac.importing.kubernetes.calls and
rohe_iac.importing.kubernetes.import_objects, with the reasons of rohe_iac.importing.kubernetes.reasons.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from import_results import Importer, field_of, notes, reasons

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.importing.import_texts import ImportResult
from rohe_iac.importing.kubernetes.objects import is_kubernetes
from rohe_iac.importing.kubernetes.reasons import KINDS

SHOP = (Path(__file__).parent / "shop.yaml").read_text()


@pytest.fixture
def shop(import_contents: Importer) -> ImportResult:
    return import_contents(SHOP)


def pipeline(result: ImportResult) -> dict[str, Any]:
    (document,) = result.documents
    Pipeline.model_validate(document)
    return document


def services(result: ImportResult) -> dict[str, dict[str, Any]]:
    return {service["name"]: service for service in pipeline(result)["spec"]["services"]}


def test_each_namespace_is_a_pipeline_that_the_user_may_name(shop: ImportResult, import_contents: Importer) -> None:
    assert pipeline(shop)["metadata"]["name"] == "shop"
    assert [*services(shop)] == ["web", "api", "redis"]
    assert import_contents(SHOP, name="other").documents[0]["metadata"]["name"] == "other"
    both = import_contents(SHOP, SHOP.replace("namespace: shop", "namespace: lab"), name="other")
    assert [document["metadata"]["name"] for document in both.documents] == ["shop", "lab"]


def test_a_claim_of_several_services_is_shared_and_that_of_one_replica_its_own(shop: ImportResult) -> None:
    assert pipeline(shop)["spec"]["volumes"] == [
        {"name": "models", "size": "10Gi", "accessMode": "ReadWriteMany", "class": "nfs"}
    ]
    assert services(shop)["web"]["volumes"] == [
        {"path": "/models", "name": "models", "subPath": "current", "readOnly": True},
        {"path": "/tmp", "emptyDir": "1Gi"},
        {"path": "/own", "name": "own", "size": "1Gi"},
    ]
    assert services(shop)["api"]["volumes"] == [
        {"path": "/data", "name": "data", "size": "5Gi"},
        {"path": "/models", "name": "models"},
    ]


def test_files_of_config_maps_come_along_and_those_of_secrets_are_referred_to(shop: ImportResult) -> None:
    assert services(shop)["web"]["files"] == [
        {"path": "/etc/nginx.conf", "from": "files/shop/app/nginx.conf"},
        {"path": "/tls/tls.crt", "secret": {"name": "tls", "key": "tls.crt"}},
        {"path": "/tls/tls.key", "secret": {"name": "tls", "key": "tls.key"}},
    ]
    assert shop.contents == {"files/shop/app/nginx.conf": b"location / { proxy_pass http://cache:6379; }\n"}
    assert not any(value in shop.text for value in ("Y2VydA", "a2V5"))


def test_devices_of_the_node_are_kept_and_its_folders_told(shop: ImportResult) -> None:
    assert services(shop)["web"]["devices"] == [{"path": "/dev/video0", "from": "/dev/video2"}]
    assert sum("a path of one machine" in reason for reason in reasons(shop).values()) == 2


def test_ports_are_called_at_the_numbers_of_their_service(shop: ImportResult) -> None:
    ports = {name: service.get("ports") for name, service in services(shop).items()}
    assert ports == {
        "web": [{"name": "http", "containerPort": 8080, "servicePort": 80}],
        "api": [{"name": "rest", "containerPort": 9000, "servicePort": 80}],
        "redis": [{"name": "p6379", "containerPort": 6379}],
    }
    assert "others call it 'cache', and rohe's own Service in a cluster is 'redis'" in notes(shop)
    assert reasons(shop)["Service/nobody.spec.selector"] == "no workload of these files has these labels"


def test_calls_are_found_in_variables_words_and_files_and_said(shop: ImportResult) -> None:
    assert pipeline(shop)["spec"]["flow"] == [
        {"from": "web", "to": "api"},
        {"from": "api", "to": "redis"},
        {"from": "web", "to": "redis"},
    ]
    assert notes(shop).count("taken as requests that flow there") == 3
    assert "requests would run in a circle" in notes(shop)


def test_objects_that_become_nothing_are_told_with_the_reason(shop: ImportResult) -> None:
    told = reasons(shop)
    assert told["Ingress/web"] == KINDS["Ingress"]
    assert told["Widget/w"] == "rohe imports no objects of this kind"
    assert told["ConfigMap/app.data.unused"] == "no container of these files uses it"


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yields the paths of all scalars of a value, as reports have them."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from leaves(part, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from leaves(part, f"{path}[{index}]")
    else:
        yield path


def test_every_leaf_of_every_object_is_told(shop: ImportResult) -> None:
    told = {item.field for file in shop.files for item in (*file.mapped, *file.unmapped)}
    for document in yaml.safe_load_all(SHOP):
        title = f"{document['kind']}/{document['metadata']['name']}"
        for leaf in leaves(document):
            whole = title + leaf
            assert any(whole == field or whole.startswith((f"{field}.", f"{field}[")) for field in told), whole


def test_lists_and_json_give_the_same_documents(shop: ImportResult, import_contents: Importer) -> None:
    items = list(yaml.safe_load_all(SHOP))
    assert import_contents({"apiVersion": "v1", "kind": "List", "items": items}).documents == shop.documents
    assert import_contents(*(json.dumps(item) for item in items)).documents == shop.documents


def test_of_two_objects_with_one_name_the_last_counts(import_contents: Importer) -> None:
    result = import_contents(SHOP, SHOP.split("---")[4].replace("example/web:1", "example/web:2"))
    assert services(result)["web"]["image"] == "example/web:2"
    assert "Deployment/web is here again below, and the last one counts" in reasons(result).values()


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        ("v1", "Pod", True),
        ("apps/v1", "Deployment", True),
        ("networking.k8s.io/v1beta1", "Ingress", True),
        ("rohe.dev/v1", "Stack", False),
        ("openslo/v1", "SLO", False),
        ("1", "Pod", False),
    ],
)
def test_objects_are_recognised_by_their_version(version: str, kind: str, expected: bool) -> None:
    assert is_kubernetes(field_of({"apiVersion": version, "kind": kind})) == expected


def test_the_address_inside_of_a_secret_is_a_call_and_no_part_of_it_is_written(import_contents: Importer) -> None:
    url = '{name: CACHE_URL, value: "redis://u:hunter2@cache:6379"}'
    result = import_contents(SHOP.replace("{name: CACHE_HOST, value: cache}", url))
    assert {"from": "api", "to": "redis"} in pipeline(result)["spec"]["flow"]
    assert "hunter2" not in result.text + notes(result)


def test_a_port_is_called_at_the_first_of_several_numbers(import_contents: Importer) -> None:
    ports = "ports: [{port: 6379}, {port: 80, targetPort: 6379}]"
    result = import_contents(SHOP.replace("ports: [{port: 6379}]", ports))
    assert services(result)["redis"]["ports"] == [{"name": "p6379", "containerPort": 6379}]
    assert "is called at 6379" in reasons(result)["Service/cache.spec.ports[1]"]


def test_a_file_of_a_secret_that_is_not_there_is_known_by_its_name_alone(import_contents: Importer) -> None:
    mounts = "{name: tls, mountPath: /run/key, subPath: tls.key}"
    absent = SHOP.replace("{name: tls, mountPath: /tls/}", mounts).replace("secretName: tls", "secretName: other")
    files = services(import_contents(absent))["web"]["files"]
    assert {"path": "/run/key", "secret": {"name": "other", "key": "tls.key"}} in files


def test_a_call_to_another_namespace_is_told(import_contents: Importer) -> None:
    lab = SHOP.replace("namespace: shop", "namespace: lab").replace("value: cache", "value: cache.shop.svc")
    result = import_contents(SHOP, lab)
    assert "'api' has the address of cache.shop: both ends of a flow are in one pipeline" in notes(result)
    assert {"from": "api", "to": "redis"} not in result.documents[1]["spec"]["flow"]


def test_a_call_leads_to_the_container_that_has_the_port_of_the_service(import_contents: Importer) -> None:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "store", "labels": {"app": "store"}},
        "spec": {"containers": [
            {"name": "store", "image": "a/store:1", "ports": [{"containerPort": 6379}]},
            {"name": "exporter", "image": "a/exporter:1", "ports": [{"name": "metrics", "containerPort": 9121}]},
        ]},
    }  # fmt: skip
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "stats"},
        "spec": {"selector": {"app": "store"}, "ports": [{"port": 80, "targetPort": "metrics"}]},
    }  # fmt: skip
    both = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "all"},
        "spec": {"selector": {"app": "store"}, "ports": [{"port": 6379}, {"port": 9121, "targetPort": "metrics"}]},
    }  # fmt: skip

    def caller(name: str, value: str) -> dict[str, Any]:
        container = {"name": name, "image": "a/b:1", "env": [{"name": "TARGET", "value": value}]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}

    callers = [
        caller("a", "http://stats"), caller("b", "stats:80"), caller("c", "all:9121"), caller("d", "all:6379"),
        caller("e", "all"),
    ]  # fmt: skip
    result = import_contents(pod, service, both, *callers)
    flow = {(link["from"], link["to"]) for link in pipeline(result)["spec"]["flow"]}
    assert flow == {
        ("a", "store-exporter"), ("b", "store-exporter"), ("c", "store-exporter"), ("d", "store"), ("e", "store"),
    }  # fmt: skip


def test_a_call_of_a_job_is_no_flow(import_contents: Importer) -> None:
    container = {"name": "load", "image": "a/b:1", "env": [{"name": "TARGET", "value": "http://web:80"}]}
    template = {"spec": {"containers": [container]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "load"}, "spec": {"template": template}}
    web = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "a/web:1", "ports": [{"containerPort": 80}]}]},
    }  # fmt: skip
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }  # fmt: skip
    result = import_contents(job, web, service)
    assert "flow" not in pipeline(result)["spec"]
    assert "no flow is added, for 'load' runs once" in notes(result)
