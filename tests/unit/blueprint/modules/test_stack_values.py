"""Values of stacks in the documents that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rohe_iac.blueprint.documents.given_value import GivenValue
from rohe_iac.blueprint.loading import check, load
from rohe_iac.blueprint.modules.scalars import MAX_FAILING
from rohe_iac.blueprint.modules.stack_values import NAMESPACE
from rohe_iac.foundation.diagnostics import InvalidBlueprint
from rohe_iac.foundation.errors import UsageError

STACK = """apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: %s}
spec:
  pipelines: [door]
  inventory: house
  target: {local: {ports: "{{ values.ports }}"}}
  values: %s
"""

SHARED = """apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: door}
spec:
  services:
    - name: camera
      command: [python, -m, door.camera, "--debug={{ values.debug }}"]
      replicas: "{{ values.cameras }}"
      env: {FORMAT: "{{.Names}}"}
      requests: {cpu: 100m, memory: {rss: 64Mi}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: house}
spec:
  nodes: [{name: pi-1, cpu: 4, memory: {rss: 2Gi}}]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two environments of one pipeline, which differ in one file each."""
    (tmp_path / "rohe.yaml").touch()
    folder = tmp_path / "blueprints"
    folder.mkdir()
    (folder / "shared.yaml").write_text(SHARED)
    (folder / "lab.yaml").write_text(STACK % ("lab", "{cameras: 1, debug: true, ports: 24000-24010}"))
    (folder / "production.yaml").write_text(STACK % ("production", "{cameras: 3, debug: false, ports: 25000-25010}"))
    return tmp_path


def _messages(root: Path, **given: Any) -> list[str]:
    return [
        item.message
        for item in check([root], values={name: GivenValue(value) for name, value in given.items()}).diagnostics
    ]


def _edit_lab(root: Path, old: str, new: str) -> None:
    path = root / "blueprints" / "lab.yaml"
    path.write_text(path.read_text().replace(old, new))


def test_each_stack_has_its_own_values_in_the_documents_that_it_names(root: Path) -> None:
    assert _messages(root) == []
    lab, production = load(root, "lab"), load(root, "production")
    assert [item.pipelines[0].spec.services[0].replicas for item in (lab, production)] == [1, 3]
    assert lab.stack.spec.target.local is not None
    assert lab.stack.spec.target.local.ports == "24000-24010"
    service = lab.pipelines[0].spec.services[0]
    assert service.command[-1] == "--debug=true"
    assert service.env["FORMAT"] == "{{.Names}}", "an expression of another tool stays as it is"


def test_given_values_take_the_place_of_those_of_the_named_stack(root: Path) -> None:
    blueprint = load(root, "lab", values={"cameras": GivenValue(2)})
    assert (blueprint.pipelines[0].spec.services[0].replicas, blueprint.values["cameras"]) == (2, 2)
    assert (blueprint.values["debug"], dict(blueprint.value_origins)) == (True, {"cameras": "--set"})
    with pytest.raises(UsageError, match="no value 'camera'"):
        load(root, "lab", values={"camera": GivenValue(2)})


def test_faults_of_values_are_at_their_place_and_once(root: Path) -> None:
    (found,) = check([root], values={"cameras": GivenValue("two")}).diagnostics
    assert (found.code, str(found.place)) == ("R108", "blueprints/shared.yaml:8:17")
    assert found.message.endswith(", found 'two' (values.cameras of --set)")
    _edit_lab(root, "cameras: 1", "camera: 1")
    assert _messages(root) == ["there is no value 'cameras'"]
    assert [item.hint for item in check([root]).diagnostics] == ["did you mean 'camera'?"]
    _edit_lab(root, "camera: 1", "cameras: null")
    assert _messages(root) == ["the value 'cameras' is not given, so what uses it is not checked"]
    assert load(root, "lab", values={"cameras": GivenValue(4)}).pipelines[0].spec.services[0].replicas == 4


@pytest.mark.parametrize("value", [1.5, -1, True, [1], {"a": 1}])
def test_a_value_of_any_wrong_type_is_told_with_what_it_is_and_a_hint(root: Path, value: object) -> None:
    given = {"cameras": GivenValue(value, "-f more.yaml")}
    (found,) = check([root], stack="lab", values=given).diagnostics
    assert (found.code, found.hint) == ("R108", "write 2, auto, perNode, or 25% of the nodes")
    assert ", found " in found.message
    assert found.message.endswith(" (values.cameras of -f more.yaml)")


def test_a_value_that_a_stack_has_itself_is_told_so(root: Path) -> None:
    _edit_lab(root, "24000-24010", "[24000]")
    (found,) = check([root]).diagnostics
    assert found.message.endswith(", found a list (values.ports of the stack)")


def test_only_the_named_stack_is_asked_for_its_values(root: Path) -> None:
    _edit_lab(root, "cameras: 1", "cameras: null")
    assert load(root, "production").values["cameras"] == 3
    assert check([root]).valid
    assert check([root], stack="production").diagnostics == ()
    asked = check([root], stack="lab")
    assert ([item.message for item in asked.diagnostics], asked.valid) == (["the value 'cameras' is not given"], False)
    with pytest.raises(InvalidBlueprint) as refused:
        load(root, "lab")
    (root / "blueprints" / "production.yaml").unlink()
    with pytest.raises(InvalidBlueprint) as refused_only:
        load(root)
    for error in (refused, refused_only):
        assert [item.message for item in error.value.diagnostics] == ["the value 'cameras' is not given"]


@pytest.mark.parametrize("field", ["replicas", "command", "env"])
def test_nothing_follows_from_a_value_that_is_not_given_to_services_by_name(root: Path, field: str) -> None:
    _edit_lab(root, "cameras: 1", "cameras: null")
    (root / "blueprints" / "production.yaml").unlink()
    by_name = SHARED.replace("    - name: camera\n", "    camera:\n")
    written = f'      {field}: "{{{{ values.cameras }}}}"'
    lines = [written if line.strip().startswith(f"{field}:") else line for line in by_name.splitlines()]
    (root / "blueprints" / "shared.yaml").write_text("\n".join(lines))
    assert [item.code for item in check([root], stack="lab").diagnostics] == ["R235"]


def test_nothing_follows_from_a_whole_service_by_name_that_is_not_given(root: Path) -> None:
    _edit_lab(root, "cameras: 1", "cameras: null")
    (root / "blueprints" / "production.yaml").unlink()
    shared = SHARED.replace("    - name: camera\n", '    door: "{{ values.cameras }}"\n    camera:\n')
    (root / "blueprints" / "shared.yaml").write_text(shared)
    assert [item.code for item in check([root], stack="lab").diagnostics] == ["R235"]


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ('"--debug={{ values.debug }}"', '"{{ values.debug }}"', "end it with | string"),
        ('env: {FORMAT: "{{.Names}}"}', 'labels: "{{ values.tags }}"', "in quotes where the expression has its value"),
        ('[python, -m, door.camera, "--debug={{ values.debug }}"]', '"{{ values.debug }}"', "write it as a list"),
        ("{rss: 64Mi}", '"{{ values.memory }}"', "write it as {rss: 64Mi}"),
    ],
)
def test_no_edit_replaces_an_expression(root: Path, old: str, new: str, hint: str, *, by_name: bool) -> None:
    for name in ("lab", "production"):
        path = root / "blueprints" / f"{name}.yaml"
        path.write_text(path.read_text().replace("values: {", "values: {tags: {tier: 1}, memory: 64Mi, "))
    shared = SHARED.replace(old, new)
    shared = shared.replace("    - name: camera\n", "    camera:\n") if by_name else shared
    (root / "blueprints" / "shared.yaml").write_text(shared)
    (found,) = {(item.code, item.hint, item.fix) for item in check([root]).diagnostics if item.code == "R108"}
    assert found[2] is None
    assert hint in found[1]


def test_a_number_in_a_text_stays_as_it_is_written(root: Path) -> None:
    _edit_lab(root, "cameras: 1", "cameras: 0x02, version: 1.10, list: [1.20, a], tags: {v: 2.0}, size: 1e3")
    texts = [
        "a:{{ values.version }}", "{{ values.version | string }}", "{{ values.version ~ '-x' }}",
        "{{ values.list | join(',') }}", "{{ values.list | string }}", "v{{ values.tags }}",
        "{{ values.version * 2 }}x",
        "{{ values.cameras | string }}", "{{ values.size | string }}", "{{ [values.version, 1] | max | string }}",
    ]  # fmt: skip
    shared = SHARED.replace('"--debug={{ values.debug }}"', ", ".join(f'"{text}"' for text in texts))
    (root / "blueprints" / "shared.yaml").write_text(shared)
    (root / "blueprints" / "production.yaml").unlink()
    service = load(root, "lab").pipelines[0].spec.services[0]
    assert service.command[3:] == (
        "a:1.10", "1.10", "1.10-x", "1.20,a", '[1.20, "a"]', 'v{"v": 2.0}', "2.2x", "0x02", "1e3", "1.10",
    )  # fmt: skip
    assert (service.replicas, type(service.replicas)) == (2, int)
    given = {"version": GivenValue(1.3, texts={(): "1.30"})}
    blueprint = load(root, "lab", values=given)
    assert blueprint.pipelines[0].spec.services[0].command[3] == "a:1.30"
    assert (("version",), "1.30") in blueprint.value_texts
    assert (("list", 0), "1.20") in blueprint.value_texts


def test_secrets_do_not_come_by_values_in_clear(root: Path) -> None:
    _edit_lab(root, "cameras: 1", "cameras: 1, api_key: abc")
    assert _messages(root) == ["the value 'api_key' is a secret, and values are kept in clear"]


def test_an_address_with_a_password_is_no_value_either(root: Path) -> None:
    _edit_lab(root, "cameras: 1", "cameras: 1, store: {url: 'postgres://me:hunter2@db/x'}")
    assert _messages(root) == ["the value 'store' is a secret, and values are kept in clear"]


def test_a_document_that_no_stack_names_is_checked_without_values(root: Path) -> None:
    spare = SHARED.split("---")[0].replace("name: door", "name: spare")
    (root / "blueprints" / "other.yaml").write_text(spare)
    assert _messages(root) == []
    (root / "blueprints" / "other.yaml").write_text(spare.replace("requests:", "request:"))
    assert len(_messages(root)) == 1
    assert check([root / "blueprints" / "shared.yaml"]).diagnostics == ()


def test_only_so_many_expressions_of_a_document_are_reported(root: Path) -> None:
    services = "".join(
        f"    - {{name: s{i}, command: [a], replicas: '{{{{ values.x }}}}'}}\n" for i in range(MAX_FAILING + 9)
    )
    (root / "blueprints" / "shared.yaml").write_text(
        SHARED.replace("    - name: camera", services + "    - name: camera")
    )
    found = _messages(root)
    assert sum(f"no {NAMESPACE[:-1]} 'x'" in item for item in found) <= MAX_FAILING
    assert any("more expressions in this Pipeline" in item for item in found)


def test_a_document_that_every_stack_has_its_own_of_is_counted_once(root: Path) -> None:
    assert check([root]).kinds == {"Inventory": 1, "Pipeline": 1, "Stack": 2}


def test_what_only_follows_from_values_at_fault_is_not_said(root: Path) -> None:
    lab = STACK % ("lab", "[cameras, debug, ports]")
    (root / "blueprints" / "lab.yaml").write_text(lab)
    (root / "blueprints" / "production.yaml").unlink()
    shared = root / "blueprints" / "shared.yaml"
    shared.write_text(SHARED.replace("env:", "health: {readiness: {tcp: htp}}\n      env:"))
    assert [(item.code, item.message) for item in check([root]).diagnostics] == [
        ("R108", "expected a mapping, found a list"),
        ("R208", "no port 'htp'"),
    ]


def test_an_input_whose_expression_is_at_fault_has_that_fault_alone(root: Path) -> None:
    folder = root / "modules" / "yard"
    folder.mkdir(parents=True)
    inputs = "{lamps: {type: integer}, names: {type: list}}"
    (folder / "module.yaml").write_text(
        "apiVersion: rohe.dev/v1\nkind: Module\nmetadata: {name: yard, version: 1.0.0}\n"
        f"spec: {{inputs: {inputs}, sources: [pipeline.yaml]}}\n"
    )
    (folder / "pipeline.yaml").write_text(
        "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: yard}\n"
        'spec: {services: [{name: lamp, command: [lamp], replicas: "{{ inputs.lamps }}"}]}\n'
    )
    use = '{name: y, source: modules/yard, inputs: {lamps: "{{ values.cameras + }}", names: ["{{ values.debg }}"]}}'
    for name in ("lab", "production"):
        file = root / "blueprints" / f"{name}.yaml"
        file.write_text(file.read_text() + (f"  modules: [{use}]\n" if name == "lab" else ""))
    found = check([root]).diagnostics
    assert {item.code for item in found} == {"R235"}
    assert next(item.message for item in found) == "the expression ends where a value is expected"
