"""References in command lines mean the same in the manifests of every target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from one_node import write_repository

from rohe_iac.blueprint.text.command_line import REPLICA_VARIABLES, with_variables
from rohe_iac.usecases.plans.plan import make_plan

SERVICES = r"""
    - name: web
      image: example/web:1
      reports: {fields: [page]}
      command: [python, "{port}", "--admin=:{port:admin}", '\{port}', "${port}"]
      args: ["$(ROHE_PORT_ADMIN)", "$(ROHE_SERVICE)/$(LEVEL)", "$$(LEVEL)", '{"port": 1}']
      ports: [{name: admin}, {name: http, containerPort: 8080}]
      env: {LEVEL: "info $(ROHE_NODE) $$"}
"""


def spec_on(folder: Path, target: str, kind: str) -> Any:
    """The specification of the service's replica in the manifests for a target."""
    manifests = make_plan(write_repository(folder, SERVICES, target)).planfile.manifests
    return yaml.safe_load(next(item.text for item in manifests if item.kind == kind and "web" in item.name))["spec"]


def expected(http: object, admin: object) -> list[str]:
    return [
        *("python", f"{http}", f"--admin=:{admin}", "{port}", "${port}"),
        *(f"{admin}", "web/info $(ROHE_NODE) $$", "$(LEVEL)", '{"port": 1}'),
    ]


def test_this_machine_gets_the_ports_of_the_plan(tmp_path: Path) -> None:
    spec = spec_on(tmp_path, "target: {local: {}}", "Process")
    variables = spec["environment"]
    assert [with_variables(word, variables) for word in spec["command"]] == expected(
        spec["ports"]["http"], spec["ports"]["admin"]
    )
    assert {*variables, *spec["paths"]} == {*REPLICA_VARIABLES, "ROHE_PORT_HTTP", "ROHE_PORT_ADMIN", "LEVEL"}


@pytest.mark.parametrize("target", ["target: {manifests: {directory: out}}", "target: {kubernetes: {namespace: n}}"])
def test_a_cluster_gets_the_ports_of_the_container_and_replaces_variables_itself(tmp_path: Path, target: str) -> None:
    spec = spec_on(tmp_path, target, "Deployment")
    container = spec["template"]["spec"]["containers"][0]
    env = container["env"]
    # As the kubelet does: values first, in their order, then the command line.
    variables: dict[str, str] = {}
    for entry in env:
        variables[entry["name"]] = with_variables(entry.get("value", ""), variables)
    words = [*container["command"], *container["args"]]
    assert [with_variables(word, variables) for word in words] == expected(8080, 8000)
    assert set(variables) == {
        *REPLICA_VARIABLES,
        "ROHE_PORT_HTTP",
        "ROHE_PORT_ADMIN",
        "LEVEL",
        "ROHE_SERIAL",
        "ROHE_DIGEST",
    }
