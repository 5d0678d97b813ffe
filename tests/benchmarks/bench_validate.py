"""How long `rohe validate` takes for a fleet of 5,000 nodes and 500 services, against PyYAML's C loader alone.

Then the table of hostile inputs (tests/hostile): each in a process of its own, start of Python included.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from rohe_iac.blueprint.loading import check

ROUNDS = 5
HEAD = "apiVersion: rohe.dev/v1\nkind: {kind}\nmetadata: {{name: fleet}}\nspec:\n"


def write_fleet(folder: Path, nodes: int = 5000, services: int = 500, seed: int = 1) -> None:
    """One file of each kind, in block and flow style as people write them."""
    drawn = random.Random(seed)
    (folder / "rohe.yaml").write_text("project: fleet\n")
    text = HEAD.format(kind="Inventory") + "  deviceTypes:\n"
    for name, cpu, memory in (("raspberry-pi-4", 4, "4Gi"), ("jetson-nano", 4, "4Gi"), ("jetson-xavier", 8, "32Gi")):
        text += f"    {name}:\n      arch: arm64\n      cpu: {cpu}\n      memory: {{rss: {memory}}}\n"
        if name.startswith("jetson"):
            text += "      accelerators: {GPU0: {type: gpu, mode: shared, capacity: 100%}}\n"
    text += "  nodes:\n"
    for index in range(nodes):
        kind = ("raspberry-pi-4", "jetson-nano", "jetson-xavier")[index % 3]
        text += (
            f"    - name: {kind}-{index:05d}\n      deviceType: {kind}\n"
            f'      mac: "82:ae:30:{index // 65536:02x}:{index // 256 % 256:02x}:{index % 256:02x}"\n'
            f"      labels: {{zone: zone-{index % 50}, rack: rack-{index % 400}}}\n"
            f"      used: {{cpu: {drawn.randrange(8) * 50}m}}\n      status: running\n"
        )
    (folder / "inventory.yaml").write_text(text)
    text = HEAD.format(kind="Pipeline") + "  load: 100/s\n  services:\n"
    for index in range(services):
        text += (
            f"    - name: service-{index:03d}\n      image: registry/service-{index:03d}:1.0\n"
            f"      command: [python, -m, fleet.service, --number, '{index}']\n      replicas: 20\n"
            "      ports: [{name: http, containerPort: 8080}]\n      env: {LOG_LEVEL: info}\n"
            "      health: {readiness: {http: {path: /healthz, port: http}}}\n"
            f"      requests:\n        cpu: {drawn.randrange(50, 900)}m\n"
            f"        cores: [{drawn.randrange(50, 900)}m, 20m]\n"
            f"        memory: {{rss: {drawn.randrange(20, 400)}Mi}}\n"
            "      placement: {spread: [{topologyKey: node, maxPerDomain: 1}]}\n"
            "      reports: {metrics: {confidence: {unit: ratio}}}\n"
        )
    text += "  flow:\n"
    for index in range(services - 1):
        text += f"    - {{from: service-{index:03d}, to: service-{index + 1:03d}, payload: 300Ki}}\n"
    (folder / "pipeline.yaml").write_text(text)
    text = HEAD.format(kind="ObservationContract") + "  pipeline: fleet\n  objectives:\n"
    for index in range(services):
        text += (
            f"    - metric: response_time\n      scope: {{service: service-{index:03d}}}\n      aggregate: p99\n"
            '      operator: "<="\n      value: 300ms\n      window: {size: 5m, every: 10s}\n'
        )
    (folder / "contract.yaml").write_text(text)
    (folder / "stack.yaml").write_text(
        HEAD.format(kind="Stack") + "  pipelines: [fleet]\n  inventory: fleet\n  contracts: [fleet]\n"
    )


def seconds(action: Callable[[], object]) -> float:
    """The median of a few runs, in seconds of processor time."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def main() -> None:
    """Prints both times, their ratio and the memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_fleet(folder)
        texts = [path.read_bytes() for path in sorted(folder.glob("*.yaml"))]
        checked = check([folder])
        assert not checked.diagnostics, checked.diagnostics[:3]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ours = seconds(lambda: check([folder]))
        loader = seconds(lambda: [yaml.load(text, yaml.CSafeLoader) for text in texts])
        size = sum(map(len, texts)) / 2**20
    print(f"validate: 5,000 nodes, 500 services, {size:.1f} MiB of YAML")
    print(f"  rohe validate (read, checked, linked)  {ours:6.2f} s   {memory:.0f} MiB at most")
    print(f"  PyYAML's C loader alone                {loader:6.2f} s")
    print(f"  ratio                                  {ours / loader:6.2f}")
    hostile()


def hostile() -> None:
    """Prints what every hostile input takes."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "hostile"))
    from hostile_case import Case, run_validate
    from hostile_faults import FAULTS
    from hostile_files import FILES
    from hostile_modules import MODULES
    from hostile_texts import TEXTS

    def taken(case: Case) -> tuple[float, float, str]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "b"
            case.prepare(folder)
            outcome = run_validate(folder)
        return outcome.seconds, outcome.memory, case.name

    rows = sorted(taken(case) for case in (*TEXTS, *FILES, *FAULTS, *MODULES))
    print(f"hostile input: {len(rows)} cases, processor time and memory of the whole process")
    for seconds_taken, memory, name in reversed(rows):
        print(f"  {seconds_taken:6.2f} s  {memory:4.0f} MB  {name}")


if __name__ == "__main__":
    main()
