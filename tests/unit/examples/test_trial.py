"""What the page on the trial cluster tells its reader to write is planned on the nodes that `make cluster` makes."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.trial_cluster.nodes import simulated_node

PAGE = Path(__file__).parents[3] / "docs" / "targets" / "kubernetes" / "trial.md"
FILE = re.compile(r"```\w+\n# file: (\S+)\n(.*?)```", re.DOTALL)


def test_the_blueprint_fits_the_simulated_nodes(tmp_path: Path) -> None:
    nodes = [simulated_node(f"edge-{number}")["status"]["capacity"] for number in (1, 2, 3)]
    inventory = {
        "apiVersion": "rohe.dev/v1",
        "kind": "Inventory",
        "metadata": {"name": "trial"},
        "spec": {
            "nodes": [
                {"name": f"edge-{number}", "cpu": int(node["cpu"]), "memory": {"rss": node["memory"]}}
                for number, node in enumerate(nodes, start=1)
            ]
        },
    }
    files = {**dict(FILE.findall(PAGE.read_text())), "blueprints/inventory.yaml": yaml.safe_dump(inventory)}
    assert "blueprints/shop.yaml" in files
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "rohe.yaml").touch()
    blueprint = load(tmp_path)
    assert blueprint.warnings == blueprint.unsupported == ()
    assert plan(problem_of(blueprint)).unplaced == ()
