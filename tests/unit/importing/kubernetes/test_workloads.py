"""Workloads of Kubernetes as services: containers, variables, ports, probes, amounts, rights.

They are made by rohe_iac.importing.kubernetes.workloads, rohe_iac.importing.kubernetes.environment,
rohe_iac.importing.kubernetes.settings, rohe_iac.importing.kubernetes.probes, rohe_iac.importing.kubernetes.amounts and
rohe_iac.importing.kubernetes.security.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from import_results import Importer, notes, reasons

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.importing.import_texts import ImportResult, InvalidImport

Objects = Callable[..., ImportResult]


def workload(kind: str = "Deployment", name: str = "web", *, spec: Any = None, **pod: Any) -> dict[str, Any]:
    """Returns a workload with one container; `container` adds to it, `pod` to the spec of the pod."""
    container = {"name": "main", "image": "example/web:1", **pod.pop("container", {})}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **pod}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **(spec or {})},
    }


def config(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def services(result: ImportResult) -> dict[str, dict[str, Any]]:
    (document,) = [document for document in result.documents if document["kind"] == "Pipeline"]
    Pipeline.model_validate(document)
    return {service["name"]: service for service in document["spec"]["services"]}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("Deployment", {}, {}),
        ("Deployment", {"replicas": 3}, {"replicas": 3}),
        ("StatefulSet", {"replicas": 0}, {"replicas": 0}),
        ("DaemonSet", {}, {"replicas": "perNode"}),
        ("Job", {"parallelism": 2}, {"replicas": 2, "runOnce": True}),
    ],
)
def test_every_kind_of_workload_says_how_many_replicas_there_are(
    import_contents: Importer, kind: str, spec: dict[str, Any], expected: dict[str, Any]
) -> None:
    service = services(import_contents(workload(kind, spec=spec)))["web"]
    assert {key: service[key] for key in ("replicas", "runOnce") if key in service} == expected


def test_a_pod_that_another_object_made_is_no_service_of_its_own(import_contents: Importer) -> None:
    pod = workload("Deployment")["spec"]["template"]
    pod |= {"apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] |= {"name": "web-abc", "ownerReferences": [{"kind": "Deployment", "name": "web"}]}
    bare = workload("Deployment")["spec"]["template"] | {"apiVersion": "v1", "kind": "Pod"}
    bare["metadata"] = {"name": "bare", "labels": {"app": "bare"}}
    result = import_contents(workload(), pod, bare)
    assert [*services(result)] == ["web", "bare"]
    assert reasons(result)["Pod/web-abc"] == "Deployment/web owns it, and is imported itself"


def test_variables_come_from_values_config_maps_and_secrets(import_contents: Importer) -> None:
    env = [
        {"name": "HOST", "value": "db"},
        {"name": "URL", "value": "http://$(HOST):80/$$(HOST)/$(NOBODY)"},
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "level"}}},
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "LOGIN", "value": "user:$(DB_PASSWORD)"},
        {"name": "SELF", "value": "$(WHERE):80"},
        {"name": "NUMBER", "value": "1.10"},
        {"name": "GONE", "valueFrom": {"configMapKeyRef": {"name": "other", "key": "x"}}},
    ]
    sources = [{"configMapRef": {"name": "app"}, "prefix": "APP_"}, {"secretRef": {"name": "db"}}]
    result = import_contents(config("app", level="info\n"), workload(container={"env": env, "envFrom": sources}))
    service = services(result)["web"]
    assert service["env"] == {
        "APP_level": "info\n",
        "HOST": "db",
        "URL": "http://db:80/$(HOST)/$(NOBODY)",
        "LEVEL": "info\n",
        "DB_PASSWORD": {"secret": {"name": "db", "key": "password"}},
        "NUMBER": "1.10",
    }
    assert service["envFrom"] == [{"secret": {"name": "db"}}]
    told = {field.rpartition(".")[2]: reason for field, reason in reasons(result).items()}
    assert "ROHE_NODE" in told["env[4]"]
    assert "'DB_PASSWORD'" in told["env[5]"]
    assert "'WHERE', which is not copied" in told["env[6]"]
    assert "'other, key x' is not in these files" in told["env[8]"]


def test_no_value_of_a_secret_and_nothing_that_looks_like_one_is_written(import_contents: Importer) -> None:
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "type": "Opaque",
        "data": {"token": "aHVudGVyMg=="}, "stringData": {"key": "hunter3"},
    }  # fmt: skip
    env = [{"name": "API_TOKEN", "value": "hunter4"}, {"name": "TOKEN_PATH", "value": "/run/token"}]
    result = import_contents(secret, workload(container={"env": env}))
    assert services(result)["web"]["env"] == {
        "API_TOKEN": {"secret": {"name": "web-env", "key": "API_TOKEN"}},
        "TOKEN_PATH": "/run/token",
    }
    report = result.text + notes(result) + str(reasons(result))
    assert not any(value in report for value in ("hunter", "aHVudGVyMg"))


def test_probes_keep_the_times_that_kubernetes_takes_by_default(import_contents: Importer) -> None:
    container = {
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "ready", "port": "http"}, "periodSeconds": 5, "successThreshold": 2},
        "livenessProbe": {"grpc": {"port": 9000}, "initialDelaySeconds": 3, "failureThreshold": 5},
        "startupProbe": {"httpGet": {"path": "/", "port": 8080}, "failureThreshold": 30},
    }
    service = services(import_contents(workload(container=container)))["web"]
    assert service["health"] == {
        "readiness": {
            "http": {"path": "/ready", "port": "http"}, "period": "5s", "timeout": "1s", "successThreshold": 2,
        },
        "liveness": {
            "grpc": "p9000", "initialDelay": "3s", "period": "10s", "timeout": "1s", "failureThreshold": 5,
        },
        "startup": "300s",
    }  # fmt: skip
    assert service["ports"] == [{"name": "http", "containerPort": 8080}, {"name": "p9000", "containerPort": 9000}]


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ({"exec": {"command": ["cat", "/ok"]}}, {"exec": ["cat", "/ok"]}),
        ({"tcpSocket": {"port": 80}}, {"tcp": "p80"}),
        ({"httpGet": {"path": "/x", "port": 443, "scheme": "HTTPS"}}, {"tcp": "p443"}),
        ({"httpGet": {"port": "nameless"}}, None),
    ],
)
def test_every_question_of_a_probe(import_contents: Importer, probe: Any, expected: Any) -> None:
    result = import_contents(workload(container={"readinessProbe": probe}))
    health = services(result)["web"].get("health")
    question = (
        {key: value for key, value in health["readiness"].items() if key not in ("period", "timeout")}
        if health
        else None
    )
    assert question == expected
    assert health or any("no port" in reason for reason in reasons(result).values())


def test_amounts_are_requests_limits_and_whole_devices(import_contents: Importer) -> None:
    resources = {
        "requests": {"cpu": "250m", "memory": "1Gi", "ephemeral-storage": "2Gi", "hugepages-2Mi": "4Mi"},
        "limits": {"cpu": "1500m", "nvidia.com/gpu": 2, "amd.com/gpu": "0"},
    }
    result = import_contents(workload(container={"resources": resources}))
    service = services(result)["web"]
    assert service["requests"] == {
        "cpu": "250m", "memory": {"rss": "1Gi"}, "disk": "2Gi", "accelerators": {"gpu": {"count": 2}},
    }  # fmt: skip
    assert service["limits"] == {"cpu": "1500m"}
    assert "sets no limit of memory" in notes(result)
    assert any("hugepages" in field for field in reasons(result))


def test_a_limit_without_a_request_is_the_request_and_a_bad_amount_a_fault(import_contents: Importer) -> None:
    service = services(import_contents(workload(container={"resources": {"limits": {"memory": "64Mi"}}})))["web"]
    assert (service["requests"], service["limits"]) == ({"memory": {"rss": "64Mi"}}, {"memory": "64Mi"})
    with pytest.raises(InvalidImport) as caught:
        import_contents(workload(container={"resources": {"limits": {"memory": "much"}}}))
    assert "'much' is no quantity" in (caught.value.detail or "")


def test_user_and_rights_of_the_container_count_more_than_those_of_the_pod(import_contents: Importer) -> None:
    pod = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 2000, "sysctls": [{"name": "a", "value": "b"}]}
    own = {"runAsUser": 0, "privileged": True, "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}
    result = import_contents(workload(container={"securityContext": own}, securityContext=pod))
    service = services(result)["web"]
    assert service["user"] == "0:1000"
    assert service["kubernetes"] == {
        "securityContext": {
            "fsGroup": 2000, "privileged": True, "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
        }
    }  # fmt: skip
    assert any(field.endswith("securityContext.sysctls") for field in reasons(result))


def test_further_containers_are_services_beside_the_main_one_and_init_containers_steps(
    import_contents: Importer,
) -> None:
    made = workload(
        initContainers=[
            {"name": "fetch", "image": "fetch:1", "command": ["get"], "env": [{"name": "A", "value": "1"}]},
            {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
        ],
        imagePullSecrets=[{"name": "login"}],
        terminationGracePeriodSeconds=5,
    )
    made["spec"]["template"]["spec"]["containers"].append({"name": "log", "image": "log:1"})
    made["spec"]["replicas"] = 2
    found = services(import_contents(made))
    assert found["web"]["init"] == [{"name": "fetch", "image": "fetch:1", "command": ["get"], "env": {"A": "1"}}]
    assert found["web"]["pullSecrets"] == ["login"]
    assert found["web"]["terminationGracePeriod"] == "5s"
    near = {"near": [{"service": "web", "topologyKey": "node"}]}
    for name in ("web-log", "web-proxy"):
        assert (found[name]["replicas"], found[name]["placement"]) == (2, near)


def test_a_workload_without_a_container_is_a_fault(import_contents: Importer) -> None:
    with pytest.raises(InvalidImport) as caught:
        import_contents({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}})
    assert "Deployment/web: it has no container" in (caught.value.detail or "")


def test_a_workload_that_an_operator_made_is_a_service_like_any_other(import_contents: Importer) -> None:
    made = workload()
    made["metadata"]["ownerReferences"] = [{"apiVersion": "db.example/v1", "kind": "Cluster", "name": "c"}]
    assert [*services(import_contents(made))] == ["web"]


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        ({"imagePullSecrets": [{"name": "Not_A_Name"}]}, "imagePullSecrets[0]"),
        ({"container": {"workingDir": "app"}}, "containers[0].workingDir"),
        ({"container": {"volumeMounts": [{"name": "v", "mountPath": "data"}]}}, "containers[0].volumeMounts[0]"),
        (
            {"container": {"readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": -1}}},
            "containers[0].readinessProbe.periodSeconds",
        ),
        ({"tolerations": [{"key": "a", "operator": "Gt", "value": "1"}]}, "tolerations[0]"),
        ({"volumes": [{"name": "unused", "emptyDir": {}}]}, "volumes"),
    ],
)
def test_what_a_blueprint_cannot_have_is_told_at_its_place(
    import_contents: Importer, pod: dict[str, Any], field: str
) -> None:
    result = import_contents(workload(**pod))
    assert f"Deployment/web.spec.template.spec.{field}" in reasons(result)
    services(result)


def test_nothing_asks_whether_a_job_lives(import_contents: Importer) -> None:
    probe = {"exec": {"command": ["true"]}}
    result = import_contents(workload("Job", container={"livenessProbe": probe, "startupProbe": probe}))
    assert "health" not in services(result)["web"]
    assert sum("runs once" in reason for reason in reasons(result).values()) == 2


def test_words_of_commands_mean_what_they_meant(import_contents: Importer) -> None:
    words = ["$(A)", "$(NOBODY)", "$$(A)", "{port}", "${port}", "$$", "a$(A){port}b"]
    env = [{"name": "A", "value": "1"}]
    service = services(import_contents(workload(container={"args": words, "env": env})))["web"]
    assert service["args"] == ["$(A)", "$$(NOBODY)", "$$(A)", "\\{port}", "${port}", "$$", "a$(A)\\{port}b"]


def test_a_secret_in_a_command_line_is_left_to_the_program(import_contents: Importer) -> None:
    env = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}]
    result = import_contents(workload(container={"command": ["serve"], "args": ["--password=$(PASSWORD)"], "env": env}))
    service = services(result)["web"]
    assert service["command"] == ["serve"]
    assert "args" not in service
    assert "it holds the secret 'PASSWORD'" in reasons(result)["Deployment/web.spec.template.spec.containers[0].args"]


@pytest.mark.parametrize(
    ("container", "field"),
    [
        ({"args": ["--api-key=AKIAIOSFODNN7EXAMPLE"]}, "args"),
        ({"command": ["curl", "http://user:hunter2@host/"]}, "command"),
        ({"command": ["redis-cli"], "args": ["-a", "hunter2"]}, "args"),
        ({"command": ["server", "--password"], "args": ["hunter2"]}, "args"),
        ({"livenessProbe": {"exec": {"command": ["redis-cli", "-a", "hunter2", "ping"]}}}, "livenessProbe.exec"),
    ],
)
def test_a_secret_written_into_a_command_line_is_not_copied(
    import_contents: Importer, container: dict[str, Any], field: str
) -> None:
    result = import_contents(workload(container=container))
    services(result)
    told = reasons(result)[f"Deployment/web.spec.template.spec.containers[0].{field}"]
    assert "holds a secret" in told
    assert not any(value in result.text + told + notes(result) for value in ("hunter2", "AKIA"))


def test_containers_beside_the_main_one_go_where_the_pod_may_go(import_contents: Importer) -> None:
    pod = {
        "nodeSelector": {"disk": "ssd", "kubernetes.io/arch": "arm64"},
        "tolerations": [{"key": "edge", "operator": "Exists"}],
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}}
        ],
    }
    made = workload(**pod)
    made["spec"]["template"]["spec"]["containers"].append({"name": "log", "image": "log:1"})
    found = services(import_contents(made))
    assert found["web-log"]["placement"] == {
        **found["web"]["placement"],
        "near": [{"service": "web", "topologyKey": "node"}],
    }
    assert {*found["web"]["placement"]} == {"nodeSelector", "tolerations", "spread"}
    assert (found["web-log"]["arch"], found["web-log"]["labels"]) == (["arm64"], {"app": "web"})


def test_an_empty_dir_that_containers_share_is_told(import_contents: Importer) -> None:
    mount = {"volumeMounts": [{"name": "common", "mountPath": "/common"}, {"name": "own", "mountPath": "/own"}]}
    volumes = [{"name": "common", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "own", "emptyDir": {"sizeLimit": "1Gi"}}]
    made = workload(container=mount, volumes=volumes)
    second = {"name": "log", "image": "log:1", "volumeMounts": mount["volumeMounts"][:1]}
    made["spec"]["template"]["spec"]["containers"].append(second)
    result = import_contents(made)
    services(result)
    assert "the containers main, log share it" in notes(result)
    assert notes(result).count("share it") == 1


def test_a_job_ends_within_its_deadline_and_one_without_is_told(import_contents: Importer) -> None:
    result = import_contents(workload("Job", spec={"activeDeadlineSeconds": 600}))
    assert services(result)["web"]["health"] == {"startup": "600s"}
    assert "activeDeadlineSeconds" not in notes(result) + str(reasons(result))
    result = import_contents(workload("Job", activeDeadlineSeconds=60))
    assert services(result)["web"]["health"] == {"startup": "60s"}
    result = import_contents(workload("Job"))
    assert "health" not in services(result)["web"]
    assert "has to end within 30 s" in notes(result)
    with pytest.raises(InvalidImport):
        import_contents(workload("Job", spec={"activeDeadlineSeconds": "soon"}))


def test_variables_of_a_config_map_are_those_of_its_data_alone(import_contents: Importer) -> None:
    made = config("app", LEVEL="info") | {"binaryData": {"BLOB": "AGE="}}
    single = {"name": "ONE", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "BLOB"}}}
    container = {"envFrom": [{"configMapRef": {"name": "app"}}], "env": [single]}
    result = import_contents(made, workload(container=container))
    assert services(result)["web"]["env"] == {"LEVEL": "info"}
    assert reasons(result)["ConfigMap/app.binaryData.BLOB"] == "no container of these files uses it"


def test_devices_of_several_makers_are_not_added_up(import_contents: Importer) -> None:
    limits = {"amd.com/gpu": 1, "gpu.intel.com/i915": 1}
    result = import_contents(workload(container={"resources": {"limits": limits}}))
    assert services(result)["web"]["requests"]["accelerators"] == {"gpu": {"count": 1}}
    (told,) = [reason for field, reason in reasons(result).items() if field.endswith("i915")]
    assert told == "a service asks for one kind of gpu, and these are those of amd.com/gpu"


def test_a_port_with_two_names_keeps_one_and_both_are_understood(import_contents: Importer) -> None:
    ports = [{"name": "http", "containerPort": 80}, {"name": "metrics", "containerPort": 80}]
    container = {"ports": ports, "readinessProbe": {"tcpSocket": {"port": "metrics"}}}
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 9090, "targetPort": "metrics"}]},
    }  # fmt: skip
    result = import_contents(workload(container=container), service)
    found = services(result)["web"]
    assert found["ports"] == [{"name": "http", "containerPort": 80, "servicePort": 9090}]
    assert found["health"]["readiness"]["tcp"] == "http"
    assert "port 80 is 'http' already, and a port has one name" in reasons(result).values()
