"""Volumes, files of variables, users and the order of starts: what validate says, and what a target does not do yet.

These are claims about rohe_iac.blueprint.checks.containers.order, rohe_iac.blueprint.checks.containers.unsupported,
rohe_iac.blueprint.checks.containers.variables and rohe_iac.blueprint.checks.containers.volumes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check, load

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: shop}}
spec: {{pipelines: [shop], inventory: lab, target: {target}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  {pipeline}
  services:
    - name: camera
      image: shop/camera:1
      command: [run]
      ports: [{{name: http}}]
      {camera}
    - name: reader
      image: shop/reader:1
      command: [run]
      ports: [{{name: http}}]
      {reader}
  flow: [{flow}]
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: lab}}
spec: {{nodes: [{{name: pi-1, cpu: 4, memory: {{rss: 1Gi}}}}]}}
"""

LOCAL, CLUSTER = "{local: {}}", "{kubernetes: {}}"


def write(folder: Path, target: str = CLUSTER, **parts: str) -> None:
    empty = {"pipeline": "load: 1/s", "camera": "", "reader": "", "flow": ""}
    (folder / "shop.yaml").write_text(DOCUMENTS.format(target=target, **{**empty, **parts}))
    (folder / "rohe.yaml").touch()


def said(folder: Path, target: str = CLUSTER, **parts: str) -> list[tuple[str, str]]:
    write(folder, target, **parts)
    return [
        (item.code, item.message) for item in check([folder]).diagnostics if item.code not in ("R010", "R401", "R403")
    ]


SHARED = "volumes: [{name: models, size: 10Gi}]"
MOUNT = "volumes: [{name: models, path: /models}]"


def test_services_share_a_volume_of_their_pipeline(tmp_path: Path) -> None:
    assert said(tmp_path, pipeline=SHARED, camera=MOUNT, reader=MOUNT) == []


@pytest.mark.parametrize(
    ("parts", "code", "message"),
    [
        ({"camera": MOUNT}, "R107", "a named volume needs a size"),
        (
            {"pipeline": SHARED, "camera": MOUNT.replace("models", "modles", 1), "reader": MOUNT},
            "R206",
            "no volume of the",
        ),
        (
            {"pipeline": SHARED, "camera": MOUNT.replace("path", "size: 1Gi, path")},
            "R116",
            "'models' is a volume of the",
        ),
        ({"pipeline": SHARED}, "R254", "no service mounts the volume 'models'"),
        (
            {"pipeline": SHARED.replace("size", "accessMode: ReadOnlyMany, size"), "camera": MOUNT},
            "R116",
            "'models' is Read",
        ),
        ({"camera": "after: [readr]"}, "R205", "no service 'readr'"),
        ({"camera": "after: [reader]", "reader": "after: [camera]"}, "R211", "services wait for each other: camera ->"),
        ({"reader": "after: [camera]", "flow": "{from: camera, to: reader}"}, "R211", "services wait for each other"),
        (
            {"reader": "runOnce: true", "flow": "{from: camera, to: reader}"},
            "R211",
            "'reader' runs once, so no requests",
        ),
        ({"camera": "envFrom: [{file: config/camera.env}]"}, "R225", "no file 'config/camera.env'"),
        ({"camera": "envFrom: [{file: bad.env}]"}, "R251", "the file 'bad.env' holds no variables: line 2 has no '='"),
        ({"camera": "env: {DB_PASSWORD: hunter2}"}, "R255", "'DB_PASSWORD' holds a secret"),
        ({"camera": "env: {DB: 'postgres://me:hunter2@db/x'}"}, "R255", "'DB' holds a secret"),
        ({"camera": "init: [{name: a, command: [a], env: {TOKEN: hunter2}}]"}, "R255", "'TOKEN' holds a secret"),
        ({"camera": "variants: [{name: a, env: {TOKEN: hunter2}}]"}, "R255", "'TOKEN' holds a secret"),
        ({"camera": "user: node"}, "R108", "expected the id of a user, found 'node'"),
        ({"camera": "labels: {rohe.dev/stack: x}"}, "R111", "labels of rohe.dev are set by rohe"),
        ({"camera": "labels: {team: 'not a value'}"}, "R111", "'not a value' is not the value of a label"),
        (
            {
                "camera": "{user: 1, kubernetes: {securityContext: {runAsUser: 2}}}"[1:-1].replace(
                    ", kub", "\n      kub"
                )
            },
            "R116",
            "the service has a user already",
        ),
        (
            {"camera": "files: [{path: /a, from: bad.env, secret: {name: c}}]"},
            "R116",
            "expected exactly one of from, secret",
        ),
        ({"camera": "pullSecrets: [Not_One]"}, "R111", "'Not_One' is not the name of a Secret"),
    ],
)
def test_each_fault_is_told(tmp_path: Path, parts: dict[str, str], code: str, message: str) -> None:
    (tmp_path / "bad.env").write_text("A=1\nB\n")
    found = said(tmp_path, **parts)
    assert [(item[0], message in item[1]) for item in found] == [(code, True)], found


@pytest.mark.parametrize(
    ("target", "field", "message"),
    [
        (
            LOCAL,
            "init: [{name: fetch, image: 'a/fetch:1'}]",
            "a step without command has no effect on the target local",
        ),
        (LOCAL, "user: 1000", "user has no effect on the"),
        (
            LOCAL,
            "devices: [{path: /dev/cam, from: /dev/video0}]",
            "a device under another path has no effect on the target local",
        ),
        (LOCAL, "envFrom: [{secret: {name: shop}}]", "a named secret under envFrom has no effect on the"),
        (
            CLUSTER,
            "devices: [{path: /dev/video0}]",
            "devices of a service that is not privileged has no effect on the target kube",
        ),
        (CLUSTER, "envFrom: [{secret: 'file:shop.env'}]", "the secret of this machine of envFrom"),
        (CLUSTER, "files: [{path: /run/token, secret: 'env:TOKEN'}]", "the secret of this machine of files"),
        (
            CLUSTER,
            "init: [{name: fetch, command: [a], env: {T: {secret: 'env:T'}}}]",
            "the secret of this machine of env T",
        ),
        (CLUSTER, "init: [{name: fetch}]", "a step without command"),
    ],
)
def test_what_a_target_does_not_do_yet_is_refused(tmp_path: Path, target: str, field: str, message: str) -> None:
    write(tmp_path, target, camera=field)
    found = [item.message for item in load(tmp_path).unsupported]
    assert [message in words for words in found] == [True], found


def test_a_flow_to_a_service_without_a_port_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, flow="{from: camera, to: reader}")
    file = tmp_path / "shop.yaml"
    file.write_text("".join(file.read_text().rsplit("      ports: [{name: http}]\n", 1)))
    found = [item for item in check([tmp_path]).diagnostics if item.code == "R253"]
    assert [item.message for item in found] == ["'reader' has no port, so nobody can reach it"]
    assert (found[0].severity.value, found[0].hint) == ("warning", "add ports: [{name: http}] to 'reader'")


@pytest.mark.parametrize(
    "field",
    [
        "init: [{name: fetch, command: [fetch]}]",
        "devices: [{path: /dev/video0}]",
        "envFrom: [{secret: 'file:shop.env'}]",
    ],
)
def test_what_this_machine_does_with_processes_is_not_refused(tmp_path: Path, field: str) -> None:
    write(tmp_path, LOCAL, camera=field)
    assert load(tmp_path).unsupported == ()


@pytest.mark.parametrize(
    ("word", "code"), [("{port}", ""), ("{port:admin}", "R208"), ("$(NO_SUCH)", "R136"), ("$(STAGE)", "")]
)
def test_words_of_a_step_refer_to_what_its_replica_has(tmp_path: Path, word: str, code: str) -> None:
    write(tmp_path, LOCAL, camera=f"init: [{{name: fetch, command: [fetch, '{word}'], env: {{STAGE: one}}}}]")
    assert [item.code for item in check([tmp_path]).diagnostics] == ([code] if code else [])


def test_a_port_that_is_not_there_is_told_beside_variables_of_a_secret(tmp_path: Path) -> None:
    write(tmp_path, LOCAL, camera="args: ['{port:admin}', '$(ANY)']\n      envFrom: [{secret: 'file:shop.env'}]")
    assert [item.code for item in check([tmp_path]).diagnostics] == ["R208"]


def test_every_circle_is_told_of_the_flow_and_of_the_order_of_starts_beside_it(tmp_path: Path) -> None:
    waits = {"a": "b", "b": "a", "c": "c", "d": "e", "e": "d"}
    services = "".join(
        f"    - {{name: {name}, command: [x], ports: [{{name: http}}], after: [{first}]}}\n"
        for name, first in waits.items()
    )
    flow = ", ".join(f"{{from: {begin}, to: {end}}}" for begin, end in ("ac", "ca", "bd", "db", "bb"))
    text = "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: shop}\nspec:\n  services:\n"
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(f"{text}{services}  flow: [{flow}]\n")
    told = [item.message for item in check([tmp_path]).diagnostics if item.code == "R211"]
    assert told == [
        "services wait for each other: a -> b -> a",
        "services wait for each other: c -> c",
        "services wait for each other: d -> e -> d",
        "the flow runs in a circle: a -> c -> a",
        "the flow runs in a circle: b -> d -> b",
        "'b' flows into itself",
    ]
