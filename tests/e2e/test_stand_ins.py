"""The cctvs example applied on this machine: stand-ins take the measured time and burn the measured cycles."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import psutil
import pytest
from waiting import until

pytestmark = pytest.mark.engine
CCTVS = Path(__file__).parents[2] / "examples" / "cctvs"
WANTED = 24
"""Requests that reach the end before anything is judged."""


def objectives(repository: Any) -> dict[str, Any]:
    observed = repository.run("observe", "-o", "json")
    assert observed.code in (0, 10), observed.err
    agents = json.loads(observed.out)["agents"] if observed.code == 0 else []
    return {line["objective"]: line for agent in agents for line in agent["objectives"]}


def served(repository: Any) -> dict[str, tuple[float, float]]:
    """Returns (processor seconds so far, processor seconds a request as its replay says) by instance."""
    found = {}
    for part in repository.run("status", "-o", "json").value["parts"]:
        replay = repository.folder.run / "programs" / part["instance"] / "files" / "replay.json"
        if replay.exists():
            times = psutil.Process(part["pid"]).cpu_times()
            found[part["instance"]] = (times.user + times.system, json.loads(replay.read_bytes())["cpu"])
    return found


def test_the_pipeline_of_the_study_runs_here_and_its_contract_is_measured(repository: Any) -> None:
    shutil.rmtree(repository.root)
    shutil.copytree(CCTVS, repository.root)
    (repository.root / "rohe.yaml").write_text("project: bench\n")
    stack = repository.root / "blueprints" / "stack.yaml"
    ports = f"local: {{ports: {repository.first}-{repository.first + 19}}}"
    stack.write_text(stack.read_text().replace("name: cctvs}", "name: desk}").replace("local: {}", ports))
    # A load that leaves this machine something for what else it has to do.
    pipeline = repository.root / "blueprints" / "pipeline.yaml"
    pipeline.write_text(pipeline.read_text().replace("load: 10/s", "load: 3/s"))

    planned = repository.run("plan")
    assert planned.code == 0, planned.err
    assert "no command, so stand-ins replay the measured profile" in re.sub(r"\s+", " ", planned.err)
    applied = repository.run("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.err

    before = served(repository)
    assert len(before) >= 3
    found: dict[str, Any] = {}

    def measured() -> bool:
        found.update(objectives(repository))
        return all(found.get(name, {"count": 0})["count"] >= WANTED for name in ("fast-detection", "fast-answers"))

    assert until(measured, 300), found
    after = served(repository)

    # What the contract names is measured over the whole way and at one service; what nobody measured stays unknown.
    # The two windows do not hold the same requests: the slowest one of the service may not have reached the end yet.
    detection = 0.23
    assert found["fast-detection"]["value"] > detection
    assert found["fast-answers"]["value"] > detection
    assert found["misclassification-rate"]["verdict"] == "UNKNOWN"

    # The replicas of the last service burnt at least what so many requests cost, and were not idle otherwise for it.
    spent = sum(after[name][0] - before[name][0] for name in before if name.startswith("object-detection"))
    costs = [cost for name, (_, cost) in after.items() if name.startswith("object-detection")]
    assert spent >= WANTED / 2 * min(costs)

    gone = repository.run("destroy", "--yes")
    assert gone.code == 0, gone.err
    assert repository.processes() == {}
