"""A site of two zones whose cameras send to the detectors of their own zone, for tests of local flows."""

from __future__ import annotations

from pathlib import Path

SITE = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: yard}
spec: {pipelines: [cams], inventory: yard, target: {TARGET}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: cams}
spec:
  services:
    - name: camera
      image: e/camera:1
      command: [camera]
      replicas: 4
      ports: [{name: http}]
      requests: {cpu: 300m, memory: {rss: 64Mi}}
      placement: {spread: [{topologyKey: zone, maxPerDomain: 2}]}
    - name: detect
      image: e/detect:1
      command: [detect]
      replicas: 3
      ports: [{name: http}]
      requests: {cpu: 600m, memory: {rss: 256Mi}}
      placement: {spread: [{topologyKey: node, maxPerDomain: 1}]}
    - {name: count, image: "e/count:1", command: [count], ports: [{name: http}]}
  flow:
    - {from: camera, to: detect, bandwidth: 20Mbps, within: WITHIN}
    - {from: detect, to: count}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: yard}
spec:
  nodes:
    - {name: a-1, cpu: 4, memory: {rss: 2Gi}, labels: {zone: a}}
    - {name: a-2, cpu: 4, memory: {rss: 2Gi}, labels: {zone: a}}
    - {name: b-1, cpu: 4, memory: {rss: 2Gi}, labels: {zone: b}}
    - {name: b-2, cpu: 4, memory: {rss: 2Gi}, labels: {zone: b}}
  links:
    - {name: backhaul, between: [zone/a, zone/b], latency: 40ms, bandwidth: 1Mbps}
"""


def write_site(folder: Path, target: str = "local: {}", within: str = "zone") -> Path:
    """Writes the site into an existing folder, and returns the folder; `within` is that of the cameras' flow."""
    (folder / "blueprints").mkdir()
    (folder / "rohe.yaml").write_text("project: yard\n")
    text = SITE.replace("{TARGET}", f"{{{target}}}").replace("WITHIN", within)
    (folder / "blueprints" / "site.yaml").write_text(text)
    return folder
