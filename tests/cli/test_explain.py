"""Claims about `rohe explain`: why a replica is where it is, and what of every other node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_every_node_is_told_with_its_points_or_what_it_lacks(rohe: Run) -> None:
    done = rohe("explain", "service/classify/svm", "--all", "-o", "json")
    assert done.returncode == 0, done.stderr
    (survey,) = json.loads(done.stdout)["surveys"]
    nodes = {node["name"] for node in json.loads(rohe("plan", "-o", "json").stdout)["problem"]["nodes"]}
    assert {answer["node"] for answer in survey["fits"] + survey["refused"]} == nodes
    assert all(fit["points"] == sum(part["points"] for part in fit["parts"]) for fit in survey["fits"])
    shown = rohe("explain", "service/classify/svm", "--all").stdout
    assert f"{len(survey['refused'])} refused" in shown
    assert all(name in shown for name in nodes)


def test_what_is_refused_is_told_with_rule_and_amount(rohe: Run, repository: Path) -> None:
    path = repository / "blueprints" / "pipeline.yaml"
    text = path.read_text()
    assert "requests: {cpu: 250m," in text
    path.write_text(text.replace("requests: {cpu: 250m,", "requests: {cpu: 300,"))
    done = rohe("explain", "service/aggregate", "--all", "-o", "markdown")
    assert done.returncode == 0, done.stderr
    assert "it has no place" in done.stdout
    assert "refused by cpu: needs 300, only" in done.stdout
    assert "| node | score | why |" in done.stdout


def test_a_fleet_is_summed_up_and_nodes_that_say_the_same_share_a_row(rohe: Run, repository: Path) -> None:
    path = repository / "blueprints" / "inventory.yaml"
    more = "".join(f"    - {{name: spare-{number:03d}, cpu: 100m, memory: {{rss: 64Mi}}}}\n" for number in range(300))
    path.write_text(path.read_text().replace("  nodes:\n", "  nodes:\n" + more))
    shown = rohe("explain", "replica/classify/svm/0", "--all").stdout
    assert "301 refused (301 by cpu)" in shown
    assert "spare-000, spare-001, spare-002 and 297 others" in shown
    assert len(shown.splitlines()) < 40


def test_all_goes_with_an_address(rohe: Run) -> None:
    for option in (["--all"], ["-o", "markdown"]):
        done = rohe("explain", "latest", *option)
        assert done.returncode == 64
        assert "is for an address" in done.stderr


def test_a_service_or_node_is_explained_by_its_bare_name(rohe: Run) -> None:
    for bare, address in (("classify/svm", "service/classify/svm"), ("jetson-1", "node/jetson-1")):
        short, full = (json.loads(rohe("explain", text, "-o", "json").stdout) for text in (bare, address))
        assert short == full
        assert short["placements"]
    done = rohe("explain", "clasify")
    assert done.returncode == 64
    assert "did you mean 'service/classify'?" in done.stderr


def test_explain_as_json_leaves_out_what_plan_files_leave_out(rohe: Run) -> None:
    explained = json.loads(rohe("explain", "service/digits:camera", "-o", "json").stdout)
    assert explained["placements"]
    assert not any({"decided", "late"} & placement.keys() for placement in explained["placements"])
