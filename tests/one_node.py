"""A repository with one node, one pipeline `pages` and one stack `desk`, for tests of what becomes of its services."""

from __future__ import annotations

from pathlib import Path

FRAME = """
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec:
  nodes: [{name: one, cpu: 8, memory: {rss: 8Gi}}]
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: pages}
spec:
  services:
SERVICES
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec: {pipelines: [pages], inventory: here, TARGET}
"""


def write_repository(folder: Path, services: str, target: str) -> Path:
    """Writes the repository into a folder, and returns the folder.

    Args:
        folder: An existing folder.
        services: Items of `services`, indented by four spaces; the first is in line 13.
        target: The field `target` of the stack, such as `target: {local: {}}`.
    """
    (folder / "blueprints").mkdir()
    (folder / "rohe.yaml").write_text("project: pages\n")
    text = FRAME.replace("SERVICES", services.strip("\n")).replace("TARGET", target)
    (folder / "blueprints" / "all.yaml").write_text(text)
    return folder
