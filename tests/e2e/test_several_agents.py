"""Several agents of a pipeline by the real command line: one is killed for good, and no report is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from waiting import until

if TYPE_CHECKING:
    from conftest import Repository

REPORTING = """
import os, pathlib, time
from rohe_iac.reporting import Reporter
name = os.environ["ROHE_INSTANCE"]
stop, high = pathlib.Path("stop"), pathlib.Path("high")
reporter = Reporter.from_environment()
accepted = 0
while not stop.exists():
    now = time.time()
    accepted += reporter.report(start=now - 0.01, end=now, metrics={"value": 50.0 if high.exists() else 5.0})
    time.sleep(0.02)
reporter.close()
pathlib.Path(f"accepted-{name}").write_text(str(reporter.accepted))
while True:
    time.sleep(60)
"""

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec:
  nodes:
    - {name: east-1, arch: amd64, cpu: 4, memory: {rss: 4Gi}, labels: {zone: east}}
    - {name: west-1, arch: amd64, cpu: 4, memory: {rss: 4Gi}, labels: {zone: west}}
    - {name: hub-1, arch: amd64, cpu: 4, memory: {rss: 4Gi}, labels: {zone: hub}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: line}
spec:
  load: 200/s
  services:
    - name: camera
      command: [python, reporting.py]
      replicas: 5
      requests: {cpu: 100m, memory: {rss: 64Mi}}
      reports: {metrics: {value: {}}}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: quality}
spec:
  pipeline: line
  objectives:
    - name: small
      metric: value
      aggregate: mean
      operator: "<="
      value: 10
      window: {size: 1s}
      scope: {service: camera}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec:
  pipelines: [line]
  inventory: here
  contracts: [quality]
  agents: {perPipeline: AGENTS}
  target: {local: {ports: FIRST-LAST}}
"""


def write(repository: Repository, agents: int) -> None:
    text = BLUEPRINT.replace("AGENTS", str(agents)).replace("FIRST-LAST", f"{repository.first}-{repository.first + 9}")
    (repository.root / "blueprints" / "all.yaml").write_text(text)
    (repository.root / "reporting.py").write_text(REPORTING)


def status(repository: Repository) -> dict[str, Any]:
    found: dict[str, Any] = repository.run("status", "-o", "json").value
    return found


@contextmanager
def killed_without_end(repository: Repository, instance: str) -> Iterator[None]:
    """Kills an agent as soon as its supervisor has started it again."""
    ended = threading.Event()

    def kill() -> None:
        while not ended.wait(0.1):
            for live in repository.target.live():
                if live.instance == instance and live.where.isdecimal():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(live.where), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def agents_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {agent["agent"]: agent for agent in found["agents"]}


def verdict_of(repository: Repository) -> str:
    contracts = status(repository)["contracts"]
    return str(contracts[0]["verdict"]) if contracts else ""


@pytest.mark.engine
def test_one_of_three_agents_dies_for_good_and_no_report_is_lost_or_counted_twice(repository: Repository) -> None:
    write(repository, 3)
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert until(lambda: all(agent["said"] and not agent["trouble"] for agent in status(repository)["agents"])), (
        "all shares did not come"
    )
    found = agents_of(status(repository))
    assert [agent["role"] for agent in found.values()] == ["judges", "receives", "receives"]
    assert sorted(name for agent in found.values() for name in agent["share"]) == [f"camera-{n}" for n in range(5)]
    assert until(lambda: verdict_of(repository) == "KEPT"), "a kept contract did not come"
    assert until(lambda: all(_received(agent) for agent in status(repository)["agents"])), "health of all did not come"
    shown = repository.run("status").out
    assert shown.count("pace: ") == 3
    assert "rohe-agent-line-1, which receives and hears 2 instances" in shown

    with killed_without_end(repository, "rohe-agent-line-1"):
        assert until(lambda: _told(repository, "rohe-agent-line-1").startswith("silent")), (
            "others for its share did not come"
        )
        (repository.root / "high").touch()
        assert until(lambda: verdict_of(repository) == "BROKEN"), "a broken contract did not come"
        (repository.root / "high").unlink()
        assert until(lambda: verdict_of(repository) == "KEPT"), "a kept contract again did not come"
    (violation,) = repository.run("violations", "-o", "json").value
    assert violation["objective"] == "small"

    write(repository, 1)
    again = repository.run("apply", "--yes")
    assert again.code == 0, again.err
    assert [agent["role"] for agent in status(repository)["agents"]] == [""]
    write(repository, 2)
    assert repository.run("apply", "--yes").code == 0
    (repository.root / "stop").touch()
    assert until(lambda: len([*repository.root.glob("accepted-*")]) == 5), "all counts did not come"
    accepted = sum(int(path.read_text()) for path in repository.root.glob("accepted-*"))
    assert accepted > 1000

    def stored() -> int:
        return int(agents_of(status(repository))["rohe-agent-line-0"]["said"].get("counts", {}).get("reports", 0))

    assert until(lambda: stored() >= accepted), f"{stored()} of {accepted} reports are stored"
    assert stored() == accepted
    assert repository.run("destroy", "--yes").code == 0


def _received(agent: dict[str, Any]) -> int:
    """Returns how many reports an agent has received, as its health says; 0 while it says nothing."""
    return int(agent["health"]["received"]["total"]) if agent["health"] else 0


def _told(repository: Repository, name: str) -> str:
    """Returns what the agent that judges says of another one; "" while it says nothing."""
    told = [item for agent in status(repository)["agents"] for item in agent["said"].get("agents", ())]
    return next((str(item.get("trouble", "")) for item in told if item["name"] == name), "")
