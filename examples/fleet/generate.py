"""Writes a blueprint repository of a fleet: by default 5,000 nodes and 10,000 replicas; the same for the same seed.

python generate.py FOLDER [--nodes 5000] [--replicas 10000] [--seed 7]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = "apiVersion: rohe.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"
SITES = 50
"""Zones that the nodes lie in."""

LARGEST = 40
"""Replicas of a service, at most."""

SERVICES = 40
"""Services of a pipeline, at most."""


@dataclass(frozen=True)
class Device:
    """A device type. share: of the nodes; cpu: cores; memory: Mi; gpu: cores of a shared GPU, or 0."""

    name: str
    arch: str
    share: float
    cpu: int
    memory: int
    gpu: int = 0


DEVICES = (
    Device("raspberry-pi-4", "arm64", 0.45, 4, 4096),
    Device("jetson-nano", "arm64", 0.25, 4, 4096, gpu=128),
    Device("jetson-xavier", "arm64", 0.10, 8, 16384, gpu=512),
    Device("mini-pc", "amd64", 0.15, 8, 16384),
    Device("edge-server", "amd64", 0.05, 32, 131072, gpu=5120),
)


def inventory(nodes: int, chance: random.Random) -> Iterator[str]:
    """The lines of the Inventory document."""
    yield "# Made up: the shares of device types are a guess at a fleet of edge machines.\n"
    yield HEAD.format(kind="Inventory", name="fleet")
    yield "  deviceTypes:\n"
    for device in DEVICES:
        yield f"    {device.name}:\n      arch: {device.arch}\n      cpu: {device.cpu}\n"
        yield f"      memory: {{rss: {device.memory}Mi}}\n"
        if device.gpu:
            yield f"      accelerators: {{GPU0: {{type: gpu, mode: shared, cores: {device.gpu}}}}}\n"
    yield "  nodes:\n"
    for number in range(nodes):
        device = chance.choices(DEVICES, [one.share for one in DEVICES])[0]
        zone = f"site-{number % SITES:02d}"
        used = f", used: {{cpu: {chance.choice((100, 250, 500))}m}}" if chance.random() < 0.3 else ""
        yield f"    - {{name: node-{number:05d}, deviceType: {device.name}, labels: {{zone: {zone}}}{used}}}\n"


def service(name: str, replicas: int, chance: random.Random) -> Iterator[str]:
    """The lines of one service."""
    cpu = chance.choice((50, 100, 150, 200, 250, 300, 400, 500, 750, 1000))
    memory = chance.choice((32, 64, 96, 128, 192, 256, 384, 512, 768))
    yield f"    - name: {name}\n      image: fleet/{name}:1.0\n      replicas: {replicas}\n"
    kind = chance.random()
    gpu = f", accelerators: {{gpu: {{share: {chance.choice((5, 10, 15, 20))}%}}}}" if kind < 0.15 else ""
    cores = f", cores: [{min(cpu, 800)}m]" if 0.15 <= kind < 0.4 else ""
    yield f"      requests: {{cpu: {cpu}m{cores}, memory: {{rss: {memory}Mi}}{gpu}}}\n"
    if kind < 0.7:
        yield f"      sensitivity: {chance.choice(('none', 'cpu', 'memory'))}\n"
    if replicas > 1 and chance.random() < 0.3:
        yield "      placement: {spread: [{topologyKey: node, maxPerDomain: 1}]}\n"


def pipelines(replicas: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """The names and texts of the Pipeline documents; their replicas add up to the number asked for."""
    left, number = replicas, 0
    while left > 0:
        name = f"work-{number:03d}"
        lines: list[str] = []
        for index in range(SERVICES):
            count = min(left, chance.randint(1, LARGEST))
            if count == 0:
                break
            lines += service(f"s{number:03d}-{index:02d}", count, chance)
            left -= count
        yield name, HEAD.format(kind="Pipeline", name=name) + "  services:\n" + "".join(lines)
        number += 1


def write(folder: Path, nodes: int, replicas: int, seed: int) -> None:
    """Writes the repository into the folder, which may exist."""
    chance = random.Random(seed)
    documents = folder / "blueprints"
    documents.mkdir(parents=True, exist_ok=True)
    (folder / "rohe.yaml").write_text("project: fleet-example\n")
    (documents / "inventory.yaml").write_text("".join(inventory(nodes, chance)))
    names = []
    for name, text in pipelines(replicas, chance):
        (documents / f"{name}.yaml").write_text(text)
        names.append(name)
    (documents / "stack.yaml").write_text(
        HEAD.format(kind="Stack", name="fleet")
        + f"  pipelines: [{', '.join(names)}]\n  inventory: fleet\n"
        + "  planner: {objective: [placed, nodes], strategy: best-fit}\n"
        + "  target: {manifests: {directory: manifests}}\n"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--nodes", type=int, default=5000)
    arguments.add_argument("--replicas", type=int, default=10000)
    arguments.add_argument("--seed", type=int, default=7)
    asked = arguments.parse_args()
    write(asked.folder, asked.nodes, asked.replicas, asked.seed)


if __name__ == "__main__":
    main()
