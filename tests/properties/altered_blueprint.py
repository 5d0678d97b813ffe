"""A small blueprint of many constraints, whose plan has runner-ups, refusals and a replica without a node."""

from __future__ import annotations

import shutil
from pathlib import Path

PROFILES = Path(__file__).parents[2] / "examples" / "cctvs" / "profiles"

INVENTORY = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: edge}
spec:
  deviceTypes:
    small: {arch: arm64, frequency: 1GHz, cpu: 4, cores: [1, 1, 1, 1], memory: {rss: 2Gi, vms: 8Gi}}
    large:
      arch: arm64
      frequency: 1GHz
      cpu: 8
      cores: [1, 1, 1, 1, 1, 1, 1, 1]
      memory: {rss: 8Gi, vms: 16Gi}
      accelerators: {GPU0: {type: gpu, model: volta, mode: shared, cores: 128}}
  nodes:
    - {name: a1, deviceType: small, labels: {zone: a}}
    - {name: a2, deviceType: small, labels: {zone: a}}
    - {name: b1, deviceType: large, labels: {zone: b, disk: fast}}
    - {name: b2, deviceType: large, labels: {zone: b}, taints: [{key: slow, effect: PreferNoSchedule}]}
    - {name: b3, deviceType: small, labels: {zone: b}, taints: [{key: lan, effect: NoSchedule}]}
  links:
    - {name: a-b, between: [zone/a, zone/b], latency: 5ms, bandwidth: 100Mbps}
"""

PIPELINE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec:
  load: 5/s
  services:
    - name: camera
      image: lab/camera:1
      command: [python, -m, camera]
      ports: [{name: http}]
      env: {LOAD: "5"}
      health: {readiness: {http: {path: /healthz, port: http}}}
      requests: {cpu: 500m, cores: [400m, 300m], memory: {rss: 256Mi, vms: 512Mi}}
      replicas: 2
      placement: {spread: [{topologyKey: node, maxPerDomain: 1}]}
    - name: detect
      image: lab/detect:1
      command: [python, -m, detect]
      ports: [{name: http}]
      requests: {cpu: 900m, memory: {rss: 512Mi}, accelerators: {gpu: {share: 40%}}}
      replicas: 2
      sensitivity: cpu
      placement: {nodeSelector: {zone: b}}
    - name: store
      image: lab/store:1
      command: [python, -m, store]
      ports: [{name: http}]
      requests: {cpu: 300m, memory: {rss: 1Gi}}
      placement: {avoid: [{service: camera, topologyKey: node}]}
    - name: train
      image: lab/train:1
      command: [python, -m, train]
      requests: {cpu: 9, memory: {rss: 64Mi}}
  flow:
    - {from: camera, to: detect, latency: 20ms}
    - {from: detect, to: store}
"""

STACK = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: lab}
spec:
  pipelines: [p]
  inventory: edge
  planner: {objective: [placed, nodes, cost, balance], strategy: STRATEGY, survive: 1}
  protect: [service/store]
  target: TARGET
  broker: {embedded: {}}
"""


def write_blueprint(root: Path, *, target: str, strategy: str) -> Path:
    """Writes the blueprint with the target and the strategy below the root, and returns the root."""
    folder = root / "blueprints"
    folder.mkdir(parents=True)
    (root / "rohe.yaml").write_text("project: altered\n")
    (folder / "inventory.yaml").write_text(INVENTORY)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "stack.yaml").write_text(STACK.replace("STRATEGY", strategy).replace("TARGET", target))
    return root


def copy_example(root: Path, name: str) -> Path:
    """Copies an example of the repository below the root, and returns the root."""
    shutil.copytree(PROFILES.parents[1] / name, root)
    return root
