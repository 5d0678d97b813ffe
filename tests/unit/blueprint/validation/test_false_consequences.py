"""One fault planted anywhere in a blueprint is told at its place, and nothing is said that only follows from it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.text.parsed import Path as Steps
from rohe_iac.blueprint.text.places import find_spots
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.diagnostics import Diagnostic, Severity

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  load: 10/s
  volumes:
    - {name: weights, size: 2Gi, accessMode: ReadWriteMany}
    - {name: notes, size: 2Gi, accessMode: ReadOnlyMany}
  services:
    - name: rank
      image: "rank:1.0"
      replicas: 2
      ports: [{name: http, containerPort: 8080, hostPort: 9000}, {name: udp, containerPort: 8080,
            hostPort: 9000, protocol: UDP}]
      variants:
        - {name: small, requests: {cpu: 100m, memory: {rss: 64Mi}}}
        - {name: big, requests: {cpu: 200m, memory: {rss: 64Mi}}}
      volumes: [{name: weights, path: /weights}, {name: notes, path: /notes, readOnly: true}, {name: own,
            path: /own, size: 1Gi}]
      placement:
        nodeSelector: {kind: desk}
        tolerations: [{key: gpu, operator: Equal, value: "yes", effect: NoSchedule}]
        avoid: [{service: loud, topologyKey: zone, required: false}]
        near: [{service: mic, topologyKey: zone, required: false}]
        spread: [{topologyKey: zone, maxPerDomain: 2}]
      health: {readiness: {http: {path: /, port: http}}}
      reports: {metrics: {flatness: {unit: ratio}}, fields: [prediction, truth]}
      requests: {cpu: 100m, memory: {rss: 64Mi}, disk: 1Gi, cores: [100m]}
      limits: {cpu: 1, memory: 128Mi}
    - name: mic
      command: [run, "--port", "{port}", "$(WORD)"]
      image: "mic:1"
      env: {WORD: x}
      replicas: 1
      ports: [{name: http}]
    - name: loud
      image: "loud:1"
      ports: [{name: http}]
      replicas: auto
      after: [once]
      placement: {near: [{service: rank, required: false}]}
      requests: {cpu: 100m, memory: {rss: 64Mi}}
      ensemble:
        members: [{name: m1, image: "m:1"}, {name: m2, image: "m:1"}]
    - name: once
      image: "once:1"
      runOnce: true
  flow:
    - {from: mic, to: rank}
    - {from: rank, to: loud, latency: 1s, bandwidth: 1Mbps}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec:
  deviceTypes:
    desk: {cpu: 4, cores: [1, 1, 1, 1], memory: {rss: 8Gi, vms: 16Gi}, disk: 100Gi, network: 1Gbps,
          labels: {kind: desk}, accelerators: {G: {type: gpu, memory: 8Gi}}}
  nodes:
    - {name: n1, deviceType: desk, labels: {zone: a}, taints: [{key: gpu, value: "yes", effect: NoSchedule}]}
    - {name: n2, deviceType: desk, labels: {zone: b}, used: {cpu: 1, memory: {rss: 1Gi}, accelerators: {G: 20%}}}
    - {name: "pi-[1:]", count: 3, cpu: 4, memory: {rss: 4Gi}, disk: 10Gi, network: 1Gbps, labels: {zone: "c{1}"}}
  links:
    - {between: [node/n1, zone/b], latency: 5ms, bandwidth: 100Mbps}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: promise}
spec:
  pipeline: shop
  metrics: {bad: {mean: {of: flatness}}}
  defaults: {window: {size: 1m}}
  objectives:
    - {name: o1, metric: flatness, operator: "<", value: 50%, window: {size: 1m, every: 10s},
          scope: {service: rank}, minSamples: 10}
    - {name: o2, metric: bad, operator: between, value: [0, 1]}
    - {name: o3, metric: accuracy, operator: ">", value: 90%, scope: {service: loud, member: m1},
          onViolation: {action: degrade}}
    - {name: o4, metric: response_time, aggregate: p95, operator: "<", value: 1s, scope: {instance: mic-0}}
    - {name: o5, metric: response_time, aggregate: p95, operator: "<", value: 1s, scope: {device: n1}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: all}
spec:
  pipelines: [shop]
  inventory: [lab]
  contracts: [promise]
  target: {kubernetes: {namespace: lab}}
  storage: {claim: {size: 1Gi}}
  planner: {objective: [placed, stable], strategy: first-fit, survive: {nodes: 1, zones: 1}, weights: {cpu: 1}}
  amqp: {url: "amqp://host", user: u, password: {secret: {name: n, key: k}}, exchange: x, type: direct,
        keys: {shop: [a]}}
  agents: {requests: {cpu: 100m, memory: {rss: 1Gi}}}
  store: {retention: 7d, maxSize: 2Gi}
  protect: [service/rank]
"""

DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all(BLUEPRINT))


def _parts(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if len(path) > 1:
        yield path, value
    for step, part in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from _parts(part, (*path, step))


def _check(folder: Path, documents: list[dict[str, Any]]) -> tuple[str, tuple[Diagnostic, ...]]:
    text = yaml.safe_dump_all(documents, sort_keys=False, width=10_000)
    (folder / "all.yaml").write_text(text)
    return text, check([folder / "all.yaml"]).diagnostics


@pytest.mark.parametrize("index", range(len(DOCUMENTS)), ids=[document["kind"] for document in DOCUMENTS])
def test_nothing_is_said_that_only_follows_from_a_fault(tmp_path: Path, index: int) -> None:
    known = {(item.code, item.message) for item in _check(tmp_path, DOCUMENTS)[1]}
    false = []
    for path, value in _parts(DOCUMENTS[index]):
        if path[0] != "spec":
            continue
        documents = copy.deepcopy(DOCUMENTS)
        parent: Any = documents[index]
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = [[["planted"]]] if isinstance(value, dict) else {"planted": [[]]}
        text, found = _check(tmp_path, documents)
        # Some faults of an item are told of its list.
        places = [(path, False), (path, True), *([(path[:-1], False)] if isinstance(path[-1], int) else [])]
        spots = find_spots(text, read_plain(text).documents[index], places)
        first = spots[path, False].line
        lines = {spot.line for spot in spots.values()} | set(range(first, first + 3))
        told = [item for item in found if item.place.line in lines and item.severity is Severity.ERROR]
        assert told, f"not told: {path}"
        false += [
            (path, item.place.line, item.code, item.message)
            for item in found
            if (item.code, item.message) not in known and item.place.line not in lines
        ]
    assert false == []
