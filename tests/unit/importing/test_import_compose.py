"""Claims about imports of Compose files: every syntax of a field, and the files that Compose files refer to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from import_results import Importer, notes, reasons

from rohe_iac.blueprint.loading import check
from rohe_iac.importing.import_texts import ImportResult
from rohe_iac.usecases.authoring.import_ import import_files
from rohe_iac.usecases.authoring.imported_files import write_documents


def services(result: ImportResult) -> dict[str, Any]:
    """Returns the services of the first document by name."""
    return {service["name"]: service for service in result.documents[0]["spec"]["services"]}


def only_service(import_contents: Importer, fields: str) -> Any:
    """Imports a Compose file of one service with these lines, and returns the service."""
    return services(import_contents(f"services:\n  a:\n    image: i\n{fields}"))["a"]


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ("::1:6000:6001", (6001, 6000)),
        ("[::1]:6000:6001", (6001, 6000)),
        ("2001:db8::1:6000:6001", (6001, 6000)),
        ("127.0.0.1::5000", (5000, None)),
        ("0:5000", (5000, None)),
        ({"target": 5000, "published": "0"}, (5000, None)),
        ("8000-9000:80", (80, 8000)),
    ],
)
def test_ports_are_read_with_any_address_before_them(
    import_contents: Importer, written: object, port: tuple[int, int | None]
) -> None:
    found = services(import_contents({"services": {"web": {"image": "a", "ports": [written]}}}))["web"]["ports"][0]
    assert (found["containerPort"], found.get("servicePort")) == port


@pytest.mark.parametrize("written", ["7000:7000/sctp", {"target": 7000, "protocol": "SCTP"}])
def test_a_port_of_another_protocol_is_listed(import_contents: Importer, written: object) -> None:
    result = import_contents({"services": {"web": {"image": "a", "ports": [written]}}})
    assert "ports" not in services(result)["web"]
    assert "a port is of TCP or UDP" in [item.reason for item in result.files[0].unmapped]


def test_an_address_with_a_password_in_it_is_a_secret(import_contents: Importer) -> None:
    env = {"DB": "postgres://me:hunter2@db/x", "API": "http://host:80/a@b"}
    result = import_contents({"services": {"web": {"image": "a", "environment": env}}})
    assert services(result)["web"]["env"] == {"DB": {"secret": "env:DB"}, "API": "http://host:80/a@b"}
    assert "hunter2" not in result.text


def test_volumes_are_only_read_where_the_file_says_so_and_never_relative(import_contents: Importer) -> None:
    result = import_contents({"services": {"web": {"image": "a", "volumes": ["d:/data:ro", "cache"]}}})
    assert [volume["path"] for volume in services(result)["web"]["volumes"]] == ["/data"]
    assert services(result)["web"]["volumes"][0]["readOnly"] is True
    assert "absolute path" in result.files[0].unmapped[0].reason


def test_defaults_are_filled_in_everywhere(import_contents: Importer) -> None:
    result = import_contents(
        'services:\n  a:\n    image: "i:${TAG:-1.0}"\n    command: ["--port", "${PORT:-80}"]\n'
        '    ports: ["${OUT:-8080}:${PORT:-80}"]\n    deploy: {replicas: "${N:-3}"}\n    working_dir: "/srv/${D:-x}"\n'
        '    volumes: ["${V:-data}:/data"]\n    environment: {A: "${B:-c}", P: "$$x"}\n'
    )
    service = services(result)["a"]
    assert (service["image"], service["args"], service["workingDir"]) == ("i:1.0", ["--port", "80"], "/srv/x")
    assert service["ports"] == [{"name": "p80", "containerPort": 80, "servicePort": 8080}]
    assert (service["replicas"], service["volumes"][0]["name"]) == (3, "data")
    assert service["env"] == {"A": "c", "P": "$x"}


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("80", [(80, None, "TCP")]),
        ('"8080:80"', [(80, 8080, "TCP")]),
        ('"8080:80/udp"', [(80, 8080, "UDP")]),
        ('"127.0.0.1:8080:80"', [(80, 8080, "TCP")]),
        ('"127.0.0.1::80"', [(80, None, "TCP")]),
        ('"[::1]:8080:80"', [(80, 8080, "TCP")]),
        ('"3000-3001:4000-4001"', [(4000, 3000, "TCP"), (4001, 3001, "TCP")]),
        ("{target: 80}", [(80, None, "TCP")]),
        ('{target: 80, published: "8080", protocol: udp, mode: host, host_ip: 127.0.0.1}', [(80, 8080, "UDP")]),
        ("{target: 80, published: 8080, app_protocol: http}", [(80, 8080, "TCP")]),
    ],
)
def test_ports_short_and_long(
    import_contents: Importer, port: str, expected: list[tuple[int, int | None, str]]
) -> None:
    found = only_service(import_contents, f"    ports: [{port}]")["ports"]
    assert [(item["containerPort"], item.get("servicePort"), item.get("protocol", "TCP")) for item in found] == expected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("data:/data", {"name": "data", "path": "/data", "size": "1Gi"}),
        ("data:/data:ro", {"name": "data", "path": "/data", "size": "1Gi", "readOnly": True}),
        ("/data", {"path": "/data", "emptyDir": "1Gi"}),
        ("{type: volume, source: My_Data, target: /data}", {"name": "my-data", "path": "/data", "size": "1Gi"}),
        ("{type: volume, target: /data}", {"path": "/data", "emptyDir": "1Gi"}),
        ("{type: tmpfs, target: /run, tmpfs: {size: 67108864}}", {"path": "/run", "emptyDir": "64Mi"}),
    ],
)
def test_volumes_short_and_long(import_contents: Importer, volume: str, expected: dict[str, Any]) -> None:
    assert only_service(import_contents, f"    volumes: [{volume}]")["volumes"] == [expected]


def test_temporary_and_shared_memory_are_empty_folders_of_their_size(import_contents: Importer) -> None:
    service = only_service(import_contents, '    tmpfs: ["/run:size=16m,mode=755", /tmp]\n    shm_size: 128m\n')
    assert service["volumes"] == [
        {"path": "/run", "emptyDir": "16Mi"},
        {"path": "/tmp", "emptyDir": "64Mi"},
        {"path": "/dev/shm", "emptyDir": "128Mi"},
    ]


def test_a_service_takes_over_from_another_of_the_file(import_contents: Importer) -> None:
    result = import_contents(
        "services:\n"
        "  base: {image: i, ports: [80], environment: {A: 1, B: 2},\n"
        "    deploy: {replicas: 2, resources: {limits: {cpus: 1}}}}\n"
        "  web: {extends: {service: base}, ports: [81], environment: {B: 3}, deploy: {replicas: 4}}\n"
        "  more: {extends: web, image: j}\n"
        "  self: {image: k, extends: self}\n"
        "  gone: {image: l, extends: {service: base, file: other.yaml}}\n"
    )
    by_name = services(result)
    assert [port["containerPort"] for port in by_name["web"]["ports"]] == [80, 81]
    assert by_name["web"]["env"] == {"A": "1", "B": "3"}
    assert (by_name["web"]["replicas"], by_name["web"]["limits"], by_name["web"]["image"]) == (4, {"cpu": 1}, "i")
    assert (by_name["more"]["image"], by_name["more"]["replicas"]) == ("j", 4)
    assert "extends itself" in reasons(result)["services.self.extends"]
    assert "docker compose config" in reasons(result)["services.gone.extends"]


def test_dependencies_become_flows_or_an_order_of_starts_without_circles(import_contents: Importer) -> None:
    result = import_contents(
        "services:\n"
        "  web: {image: i, depends_on: {\n"
        "    db: {condition: service_healthy}, init: {condition: service_completed_successfully}}}\n"
        "  db: {image: i, depends_on: [web, gone]}\n"
        "  init: {image: i, links: ['db:database']}\n"
    )
    assert "flow" not in result.documents[0]["spec"]
    assert services(result)["web"]["after"] == ["db", "init"]
    assert (services(result)["init"]["runOnce"], services(result)["init"]["after"]) == (True, ["db"])
    assert "circle" in reasons(result)["services.db.depends_on[0]"]
    assert "no such service" in reasons(result)["services.db.depends_on[1]"]


def test_resources_and_places(import_contents: Importer) -> None:
    service = only_service(
        import_contents,
        "    deploy:\n      mode: replicated\n      replicas: 2\n      placement:\n"
        "        constraints: [node.labels.zone==a, node.platform.arch == aarch64]\n        max_replicas_per_node: 1\n"
        "      resources:\n        reservations:\n          cpus: 0.25\n          memory: 64M\n"
        "          devices: [{capabilities: [gpu], device_ids: ['0', '3']}]\n"
        "          generic_resources: [{discrete_resource_spec: {kind: TPU, value: 2}}]\n",
    )
    assert service["requests"] == {
        "cpu": "250m",
        "memory": {"rss": "64Mi"},
        "accelerators": {"gpu": {"count": 2}, "tpu": {"count": 2}},
    }
    assert service["arch"] == ["arm64"]
    assert service["placement"] == {
        "nodeSelector": {"zone": "a"},
        "spread": [{"topologyKey": "node", "maxPerDomain": 1}],
    }


def test_constraints_exclude_nodes_and_name_them(import_contents: Importer) -> None:
    result = import_contents(
        "services:\n  web:\n    image: i\n    deploy:\n      placement:\n        constraints:\n"
        "        - node.labels.disk != hdd\n        - node.hostname==pi-1\n        - node.labels.disk!=tape\n"
        "        - node.hostname != pi-2\n        - node.labels.zone == a\n        - node.labels.zone == b\n"
        "        - node.labels.zone != a\n        - node.role == worker\n"
    )
    (service,) = result.documents[0]["spec"]["services"]
    assert service["placement"]["nodeSelector"] == {"disk": {"not": ["hdd", "tape"]}, "node": "pi-1", "zone": "a"}
    place = "services.web.deploy.placement.constraints"
    said = reasons(result)
    assert said[f"{place}[5]"] == "zone has one value: no node is both a and b"
    assert said[f"{place}[6]"] == "zone is a by another constraint: no node suits both"
    assert "node.hostname" in said[f"{place}[7]"]


FILES = """
services:
  a:
    image: i
    env_file: [a.env, {path: b.env, required: false}, ../outside.env]
    environment: {LEVEL: debug}
    volumes:
      - ./conf/a.conf:/etc/a.conf:ro
      - ./conf:/etc/conf
      - /etc/hostname:/h
      - {type: bind, source: conf/b.conf, target: /b}
    configs: [web, {source: web, target: /etc/web.conf}, inline]
    secrets: [key]
configs: {web: {file: conf/web.conf}, inline: {content: x}}
secrets: {key: {file: conf/key}}
"""


def test_files_that_lie_in_the_blueprint_are_named_and_variables_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "project" / "deploy"
    (folder / "conf").mkdir(parents=True)
    (tmp_path / "project" / "rohe.yaml").touch()
    for name in ("a.conf", "b.conf", "web.conf", "key"):
        (folder / "conf" / name).write_text("x")
    (folder / "a.env").write_text(
        "# head\nLEVEL=info\nexport NAME='a b' \nDB_PASS=hunter2\nEMPTY=\nTAG=${T:-1} # tail\n\n"
    )
    (tmp_path / "outside.env").write_text("A=1\n")
    (folder / "compose.yaml").write_text(FILES)
    out = tmp_path / "project" / "blueprints" / "x.yaml"
    result = import_files(folder, [Path("compose.yaml")], out=out)
    service = services(result.imported)["a"]
    assert service["env"] == {
        "LEVEL": "debug",
        "NAME": "a b",
        "DB_PASS": {"secret": "env:DB_PASS"},
        "EMPTY": "",
        "TAG": "1",
    }
    assert service["files"] == [
        {"path": "/etc/a.conf", "from": "deploy/conf/a.conf"},
        {"path": "/b", "from": "deploy/conf/b.conf"},
        {"path": "/web", "from": "deploy/conf/web.conf"},
        {"path": "/etc/web.conf", "from": "deploy/conf/web.conf"},
        {"path": "/run/secrets/key", "secret": {"name": "key", "key": "key"}},
    ]
    listed = reasons(result.imported)
    assert "no such file" in listed["services.a.env_file[1]"]
    assert "no such file" in listed["services.a.env_file[2]"]
    assert "folder" in listed["services.a.volumes[1]"]
    assert "bind mount" in listed["services.a.volumes[2]"]
    assert "config is a file" in listed["services.a.configs[2]"]
    assert "the Secret 'key'" in notes(result.imported)
    write_documents(out, result.imported)
    assert "hunter2" not in out.read_text()
    assert check([tmp_path / "project"]).valid


def test_a_service_of_nothing_among_others_is_listed(import_contents: Importer) -> None:
    result = import_contents({"services": {"web": {"image": "a"}, "db": None, "cache": "redis"}})
    assert list(services(result)) == ["web"]
    assert reasons(result)["services.db"].startswith("empty")
    assert "not a service" in reasons(result)["services.cache"]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("$PORT:8080", (8080, None)),
        ("${PORT}:8080", (8080, None)),
        ("${BIND:?say which}:9000:9001/tcp", (9001, 9000)),
        ({"target": 70, "published": "${PORT}"}, (70, None)),
    ],
)
def test_of_a_port_that_a_variable_holds_the_rest_is_known(
    import_contents: Importer, port: object, expected: tuple[int, int]
) -> None:
    found = services(import_contents({"services": {"web": {"image": "a", "ports": [port]}}}))["web"]["ports"][0]
    assert (found["containerPort"], found.get("servicePort")) == expected


def test_a_figure_that_a_variable_holds_is_listed_and_no_fault(import_contents: Importer) -> None:
    deploy = {"replicas": "${N}", "resources": {"limits": {"cpus": "${C}", "memory": "${M:?}"}}}
    web = {"image": "a", "deploy": deploy, "shm_size": "$S", "ports": ["80:${P}", {"target": "${P}"}]}
    listed = reasons(import_contents({"services": {"web": web}}))
    fields = ("deploy.replicas", "deploy.resources.limits.cpus", "deploy.resources.limits.memory", "shm_size")
    for field in (*fields, "ports[0]"):
        assert "without a value" in listed[f"services.web.{field}"], field


def test_a_scalar_stands_for_a_list_of_one(import_contents: Importer) -> None:
    service = only_service(
        import_contents,
        "    ports: 8080:80\n    expose: 90\n    volumes: data:/data/\n    environment: A=b\n    tmpfs: /run\n",
    )
    assert [port["containerPort"] for port in service["ports"]] == [80, 90]
    assert [volume["path"] for volume in service["volumes"]] == ["/data", "/run"]
    assert service["env"] == {"A": "b"}


def test_a_variable_without_a_value_is_empty_as_with_compose_and_told(import_contents: Importer) -> None:
    environment = {"URL": "db://${HOST}/x", "A": "${B}", "PASSWORD": "${DB_PASSWORD}", "DSN": "x://u:${API_TOKEN}@h/"}
    result = import_contents(
        {"services": {"web": {"image": "a", "command": "run --to=$TO", "environment": environment}}}
    )
    service = services(result)["web"]
    assert service["args"] == ["run", "--to="]
    assert service["env"] == {
        "URL": "db:///x",
        "A": "",
        "PASSWORD": {"secret": "env:DB_PASSWORD"},
        "DSN": {"secret": "env:DSN"},
    }
    told = notes(result)
    for name in ("HOST", "B", "TO"):
        assert f"the variable {name} has no value" in told, name


def test_a_variable_that_names_the_file_of_a_secret_is_kept(import_contents: Importer) -> None:
    env = {"DB_PASSWORD_FILE": "/run/secrets/db", "LOG_FILE": "/var/log/x"}
    result = import_contents({"services": {"web": {"image": "a", "environment": env}}})
    assert services(result)["web"]["env"] == env


@pytest.mark.parametrize(
    ("test", "probe"),
    [
        ("curl -f http://localhost:80/h || exit 1", {"http": {"path": "/h", "port": "p80"}}),
        ("curl -s localhost:80/h | grep -q ok", {"http": {"path": "/h", "port": "p80"}}),
        (["CMD", "wget", "-qO-", "http://a:80/h"], {"http": {"path": "/h", "port": "p80"}}),
        ("curl http://b:90/ && curl http://a/h", {"http": {"path": "/h", "port": "p80"}}),
        ("curl -k https://localhost:80/", {"tcp": "p80"}),
        ("nc -z localhost 80", {"tcp": "p80"}),
        ("bash -c 'exec 3<>/dev/tcp/127.0.0.1/80'", {"tcp": "p80"}),
        ("curl http://b:90/", {"exec": ["/bin/sh", "-c", "curl http://b:90/"]}),
    ],
)
def test_a_health_check_asks_the_container_itself(
    import_contents: Importer, test: object, probe: dict[str, Any]
) -> None:
    web = {"image": "i", "ports": [80], "healthcheck": {"test": test}}
    assert services(import_contents({"services": {"a": web}}))["a"]["health"]["readiness"] == probe


def test_what_is_about_secrets_and_holds_none_is_copied(import_contents: Importer) -> None:
    plain = {"TOKENIZERS_PARALLELISM": "false", "MAX_TOKENS": 512, "PASSWORD_MIN_LENGTH": 8, "KEYCLOAK_URL": "http://k"}
    plain |= {"TOKEN_TTL": 60, "SECRET_ENABLED": "true", "SECRET_PORT": 8200, "API_TOKEN_URL": "http://t"}
    secret = {"JWT_SECRET": "a", "SIGNING_KEY": "b", "CERT": "-----BEGIN RSA PRIVATE KEY-----", "PASSWORD": 123456}
    result = import_contents({"services": {"web": {"image": "a", "environment": {**plain, **secret}}}})
    env = services(result)["web"]["env"]
    assert {name: env[name] for name in plain} == {name: str(value) for name, value in plain.items()}
    assert {name: env[name] for name in secret} == {name: {"secret": f"env:{name}"} for name in secret}


def test_every_field_of_a_compose_service_has_its_reason(import_contents: Importer) -> None:
    names = (
        "isolation userns_mode blkio_config cpu_period label_file external_links provider storage_opt post_start uts"
    )
    result = import_contents(
        {"services": {"a": {"image": "i", "x-own": 1, "odd": 1, **dict.fromkeys(names.split(), "x")}}}
    )
    listed = reasons(result)
    assert "rohe has no such field" not in listed.values()
    assert listed["services.a.odd"].startswith("not a field of the Compose Specification")
    assert "x-" in listed["services.a.x-own"]


def test_names_that_no_image_variable_or_path_can_have_are_listed(import_contents: Importer) -> None:
    written = {"image": "a b", "command": "run", "environment": {"GOOD": "1", "A B": "2"}, "tmpfs": ["tmp", "/cache"]}
    result = import_contents({"services": {"web": written}})
    service = services(result)["web"]
    assert "image" not in service
    assert service["env"] == {"GOOD": "1"}
    assert [volume["path"] for volume in service["volumes"]] == ["/cache"]
    assert {field.rpartition(".")[2] for field in reasons(result)} >= {"image", "A B"}


@pytest.mark.parametrize("empty", [[], ""])
def test_an_empty_entry_point_takes_that_of_the_image_away(import_contents: Importer, empty: object) -> None:
    both = {"image": "i", "entrypoint": empty, "command": ["run", "x"]}
    result = import_contents({"services": {"a": both, "b": {"image": "i", "entrypoint": empty}}})
    assert services(result)["a"]["command"] == ["run", "x"]
    assert "args" not in services(result)["a"]
    assert "command" not in services(result)["b"]
    assert "no command to run instead" in reasons(result)["services.b.entrypoint"]
