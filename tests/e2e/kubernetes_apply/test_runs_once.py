"""A service that runs once in a cluster: awaited, left alone, run again when it is changed or has failed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine

TEXT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: kiosk}
spec:
  services:
    - name: migrate
      image: registry.example/migrate:TAG
      env: {LEVEL: LEVEL-OF-IT}
      runOnce: true
      replicas: 2
      health: {startup: STARTUP}
      requests: {cpu: 50m, memory: {rss: 32Mi}}
    - name: web
      image: registry.example/web:WEB
      after: [migrate]
      requests: {cpu: 50m, memory: {rss: 32Mi}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: edge}
spec: {nodes: [{name: NODE-A, cpu: 2, memory: {rss: 1Gi}}, {name: NODE-B, cpu: 2, memory: {rss: 1Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: shop}
spec: {pipelines: [kiosk], inventory: edge, target: {kubernetes: {context: CONTEXT, namespace: NAMESPACE}}}
"""


def write(shop: Shop, *, tag: str = "1", level: str = "info", web: str = "1", startup: str = "2m") -> None:
    text = TEXT.replace("STARTUP", startup).replace("TAG", tag).replace("LEVEL-OF-IT", level).replace("WEB", web)
    text = text.replace("NODE-A", shop.nodes[0]).replace("NODE-B", shop.nodes[1])
    text = text.replace("CONTEXT", shop.cluster.context).replace("NAMESPACE", shop.namespace)
    (shop.root / "blueprints" / "all.yaml").write_text(text)


def jobs(shop: Shop) -> dict[str, Any]:
    """Returns the uid of each Job by its name."""
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in shop.cluster.objects("jobs", shop.namespace)}


def states(shop: Shop) -> dict[str, str]:
    return {name: part["state"] for name, part in shop.status().items()}


DONE = {"migrate-0": "done", "migrate-1": "done", "web-0": "running"}


def test_it_ends_before_those_after_it_and_runs_again_only_when_it_is_changed(shop: Shop, tmp_path: Path) -> None:
    write(shop)
    shop.run("apply", "--yes")
    first = jobs(shop)
    assert sorted(first) == ["migrate-0", "migrate-1"]
    assert states(shop) == DONE
    shop.run("status", "--check")
    ends = [item["status"]["completionTime"] for item in shop.cluster.objects("jobs", shop.namespace)]
    (web,) = shop.cluster.objects("deployments", shop.namespace)
    assert web["metadata"]["creationTimestamp"] >= max(ends)
    assert "no output can be read" in shop.run("logs", "service/kiosk:migrate").stdout

    assert "No change" in shop.run("apply", "--yes").stdout
    write(shop, web="2")
    shop.run("apply", "--yes", "--allow-interruption")
    assert jobs(shop) == first
    # Another machine, whose records begin anew, takes it over as it is.
    shop.run("apply", "--yes", "--refresh", state=tmp_path / "other")
    assert jobs(shop) == first

    write(shop, web="2", level="debug")
    assert "~ change replica/kiosk:migrate/0" in shop.run("plan", state=tmp_path / "other").stdout
    shop.run("apply", "--yes", state=tmp_path / "other")
    second = jobs(shop)
    assert not first.items() & second.items()
    assert states(shop) == DONE

    shop.cluster.kubectl("delete", "job", "migrate-1", "-n", shop.namespace)
    shop.run("apply", "--yes", state=tmp_path / "other")
    assert (jobs(shop)["migrate-0"], jobs(shop)["migrate-1"] == second["migrate-1"]) == (second["migrate-0"], False)
    shop.run("destroy", "--yes", state=tmp_path / "other")
    assert not shop.exists()


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("fails", "it runs once, and it ended with exit code 3"),
        ("hangs", "it runs once, and has not ended; it has 3 s for that (`health.startup`)"),
    ],
)
def test_one_that_does_not_end_well_is_told_and_the_next_apply_runs_it_again(shop: Shop, tag: str, words: str) -> None:
    write(shop, tag=tag, startup="3s" if tag == "hangs" else "2m")
    failed = shop.run("apply", "--yes", code=9)
    told = " ".join((failed.stdout + failed.stderr).split())
    assert words in told
    # Any of the replicas may be the first that is seen to fail.
    has_log = re.search(r"`rohe logs replica/kiosk:migrate/\d` has its log", told) is not None
    assert has_log == (tag == "fails")
    assert "not tried: replica/kiosk:web/0" in told
    assert shop.names("deployments") == []
    first = jobs(shop)
    assert shop.cluster.until(lambda: set(states(shop).values()) == {"failed", "missing"})
    shop.run("status", "--check", code=7)

    shop.run("apply", "--yes", code=9)
    assert not first.items() & jobs(shop).items()
    write(shop)
    shop.run("apply", "--yes")
    assert states(shop) == DONE


def test_what_is_there_already_becomes_one_that_runs_once(shop: Shop) -> None:
    write(shop)
    file = shop.root / "blueprints" / "all.yaml"
    file.write_text(file.read_text().replace("runOnce: true", "labels: {kind: server}"))
    shop.run("apply", "--yes")
    assert shop.names("deployments") == ["migrate-0", "migrate-1", "web-0"]
    write(shop)
    shop.run("apply", "--yes", "--allow-interruption")
    assert (shop.names("deployments"), sorted(jobs(shop))) == (["web-0"], ["migrate-0", "migrate-1"])
    assert states(shop) == DONE
    file.write_text(file.read_text().replace("runOnce: true", "labels: {kind: server}"))
    shop.run("apply", "--yes", "--allow-interruption")
    assert (shop.names("deployments"), jobs(shop)) == (["migrate-0", "migrate-1", "web-0"], {})
