"""Claims about filters, scorers and strategies that a stack names: by path, or installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

BLUEPRINT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: work}
spec:
  services:
    - {name: cut, image: "example/cut:1", replicas: 2, requests: {cpu: 500m, memory: {rss: 64Mi}}}
    - {name: glue, image: "example/glue:1", replicas: 2, requests: {cpu: 500m, memory: {rss: 64Mi}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: shed}
spec:
  nodes:
    - {name: a, cpu: 4, memory: {rss: 4Gi}, labels: {trust: low, carbon: "900"}}
    - {name: b, cpu: 4, memory: {rss: 4Gi}, labels: {trust: high, carbon: "400"}}
    - {name: c, cpu: 4, memory: {rss: 4Gi}, labels: {carbon: "20"}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: bench}
spec:
  pipelines: [work]
  inventory: shed
  target: {manifests: {directory: out}}
  broker: {embedded: {}}
  planner: PLANNER
"""


@pytest.fixture
def repository(tmp_path: Path, root: Path) -> Path:
    """A blueprint of two services and three nodes, and the modules that ship."""
    folder = tmp_path / "repository"
    (folder / "blueprints").mkdir(parents=True)
    (folder / "rohe.yaml").write_text("")
    shutil.copytree(root / "user_modules", folder / "user_modules", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def write(repository: Path, planner: str) -> None:
    (repository / "blueprints" / "bench.yaml").write_text(BLUEPRINT.replace("PLANNER", planner))


def places(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    return {item["replica"]: item["node"] for item in json.loads(done.stdout)["plan"]["placements"] if item["service"]}


def of(placed: dict[str, str], service: str) -> list[str]:
    return [node for replica, node in sorted(placed.items()) if f":{service}/" in replica]


def test_the_filter_that_ships_moves_services_to_trusted_nodes(rohe: Run, repository: Path) -> None:
    write(repository, "{}")
    assert set(places(rohe("plan", "-o", "json")).values()) == {"a"}
    write(repository, '{filters: ["user_modules/filters.py:trusted"]}')
    done = rohe("plan", "-o", "json", "--out", "bench.plan")
    placed = places(done)
    assert of(placed, "cut") == of(placed, "glue") == ["b", "b"]
    refusals = json.loads(done.stdout)["plan"]["refusals"]
    cut = next(item for item in refusals if item["workload"].endswith(":cut"))
    assert cut["by_rule"] == [["trusted", 2]] or cut["by_rule"] == [{"trusted": 2}]
    assert rohe("verify", "bench.plan").stdout.strip().endswith("every constraint holds")
    answer = json.loads(rohe("why-not", "cut", "a", "-o", "json").stdout)[0]
    assert (answer["rule"], answer["missing"]) == ("trusted", "trusted: trust is low, not high")
    explained = rohe("explain", "service/work:cut")
    assert "trusted" in explained.stdout
    audited = json.loads(rohe("audit", "-o", "json").stdout)
    lost = next(drop for drop in audited if drop["what"] == "node/b")
    assert len(lost["homeless"]) == 4


def test_the_scorer_that_ships_prefers_clean_power_and_is_told_in_explanations(rohe: Run, repository: Path) -> None:
    write(repository, '{scorers: {"user_modules/scorers.py:carbon": 20}}')
    assert set(places(rohe("plan", "-o", "json")).values()) == {"c"}
    assert "carbon" in rohe("explain", "replica/work:cut/0").stdout


def test_the_strategy_that_ships_spreads_replicas(rohe: Run, repository: Path) -> None:
    write(repository, '{strategy: "user_modules/strategies.py:spread_evenly"}')
    done = rohe("plan", "-o", "json")
    assert set(places(done).values()) == {"a", "b", "c"}
    assert "chosen by spread_evenly among 3 suitable nodes" in done.stdout


def test_a_saved_plan_is_stale_once_its_module_has_changed_and_verify_says_what_it_did_not_ask(
    rohe: Run, repository: Path
) -> None:
    write(repository, '{filters: ["user_modules/filters.py:trusted"]}')
    assert rohe("plan", "--out", "bench.plan").returncode == 0
    saved = json.loads((repository / "bench.plan").read_bytes())
    assert "user_modules/filters.py" in [source["path"] for source in saved["inputs"]]
    assert saved["problem"]["settings"]["origins"][0]["reference"] == "user_modules/filters.py:trusted"
    module = repository / "user_modules" / "filters.py"
    module.write_text(module.read_text() + "\n# another\n")
    refused = rohe("apply", "bench.plan", "--yes")
    assert refused.returncode == 6
    assert "user_modules/filters.py: changed since" in refused.stderr
    checked = rohe("verify", "bench.plan")
    assert checked.returncode == 0
    assert "not checked: user_modules/filters.py: changed since" in checked.stdout


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def own(candidate):\n    return float('nan')\n", "user_modules/own.py:1"),
        ("def own(candidate):\n    x = 1\n    return 1 / 0\n", "user_modules/own.py:3"),
        ("import sys\n\n\nsys.exit(0)\n\n\ndef own(candidate):\n    return 1\n", "user_modules/own.py:4"),
        ("def own(candidate):\n    return None\n", "gave a NoneType"),
    ],
)
def test_a_module_that_fails_is_told_by_its_own_line_and_never_a_traceback(
    rohe: Run, repository: Path, body: str, said: str
) -> None:
    (repository / "user_modules" / "own.py").write_text(body)
    write(repository, '{scorers: {"user_modules/own.py:own": 1}}')
    done = rohe("plan")
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (None, "R217"),
        ("def other(candidate):\n    return 1\n", "R218"),
        ("def own():\n    return 1\n", "R219"),
        ("def own(candidate, more):\n    return 1\n", "R219"),
        ("class own:\n    def __call__(self):\n        return 1\n", "R219"),
        ("async def own(candidate):\n    return 1\n", "R219"),
    ],
)
def test_validate_tells_of_a_missing_file_name_or_signature_without_running_it(
    rohe: Run, repository: Path, body: str | None, code: str
) -> None:
    if body is not None:
        (repository / "user_modules" / "own.py").write_text(body + "\nraise SystemExit('it was run')\n")
    write(repository, '{scorers: {"user_modules/own.py:own": 1}}')
    done = rohe("validate")
    assert done.returncode == 3
    assert code in done.stdout + done.stderr
    assert "it was run" not in done.stdout + done.stderr


def install(folder: Path, version: str, body: str) -> dict[str, str]:
    """A distribution as an installer leaves it, on a path of its own."""
    about = folder / f"acme_places-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-places\nVersion: {version}\n")
    (about / "entry_points.txt").write_text(
        "[rohe.filters]\nodd = acme_places:odd\n\n[rohe.scorers]\nlate = acme_places:Late\n\n"
        "[rohe.strategies]\nlast-fit = acme_places:last\n"
    )
    (folder / "acme_places.py").write_text(body)
    return {"PYTHONPATH": str(folder)}


ACME = """\
def odd(candidate):
    return "its name is even" if candidate.node.name == "b" else ""


class Late:
    def __call__(self, candidate):
        return 1 if candidate.node.name == "c" else 0


def last(candidates):
    return candidates[-1].node.name
"""


def test_installed_ones_are_found_by_name_and_recorded_with_their_distribution(
    rohe: Run, repository: Path, tmp_path: Path
) -> None:
    write(repository, "{filters: [odd], scorers: {late: 30}, strategy: last-fit}")
    unknown = rohe("plan")
    assert unknown.returncode == 3
    assert "odd" in unknown.stderr
    path = install(tmp_path / "site", "1.2.0", ACME)
    done = rohe("plan", "-o", "json", "--out", "bench.plan", **path)
    assert set(places(done).values()) == {"c"}
    plan: Any = json.loads(done.stdout)
    assert {origin["place"] for origin in plan["problem"]["settings"]["origins"]} == {"acme-places 1.2.0"}
    assert "filter odd (acme-places 1.2.0)" in " ".join(rohe("doctor", **path).stdout.split())
    assert rohe("verify", "bench.plan", **path).returncode == 0
    assert "not checked: odd of acme-places 1.2.0: it is not installed now" in rohe("verify", "bench.plan").stdout
    (tmp_path / "site" / "acme_places.py").write_text(ACME + "\n# mended\n")
    assert "changed since" in rohe("apply", "bench.plan", "--yes", **path).stderr


def test_a_name_that_two_distributions_have_is_refused(rohe: Run, repository: Path, tmp_path: Path) -> None:
    write(repository, "{filters: [odd]}")
    install(tmp_path / "one", "1.0", ACME)
    other = tmp_path / "two" / "other-1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[rohe.filters]\nodd = acme_places:odd\n")
    done = rohe("plan", PYTHONPATH=f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    assert done.returncode == 3
    assert "other 1.0" in done.stderr
