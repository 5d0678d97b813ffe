from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from drawing import generator

from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    DemandVariant,
    DeviceRequest,
    Edge,
    LabelMatch,
    NodePreference,
    PortRequest,
    Resources,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.json_codec import plan_to_json
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply, Wire
from rohe_iac.planning.placement.state.from_plan import grant_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

MB = 2**20
PARTS = 4
"""In which the million is judged, so that several processors can."""

FEW_OR_MORE = pytest.mark.parametrize(
    "seeds", [range(5), pytest.param(range(5, 12), marks=pytest.mark.soak)], ids=["few", "more"]
)
"""Seeds of problems: a few of all sizes at each change, more in a long campaign."""

STRATEGIES = ("first-fit", "best-fit", "worst-fit", "dot-product", "fragmentation", "portfolio")


def supply(drawn: random.Random, number: int) -> Supply:
    """A machine of mixed cores, devices shared and exclusive, partly in use."""
    cores = tuple(drawn.choice([(1000,) * 4, (1000,) * 8, (600,) * 4 + (1400,) * 2, (500, 1000, 2000), ()]))
    devices = tuple(
        Device(f"{kind}{position}", kind, drawn.choice(["x", "y", ""]), drawn.random() < 0.3, 10_000, used)
        for kind in ("gpu", "tpu")
        for position, used in enumerate(drawn.choices([0, 0, 0, 2500], k=drawn.choice([0, 0, 1, 2, 4])))
    )
    used = drawn.random() < 0.2
    labels = {"zone": drawn.choice("abc"), "rack": drawn.choice("12345"), "disk": drawn.choice(["fast", "slow"])}
    kept = tuple(sorted(pair for pair in labels.items() if drawn.random() < 0.85))
    return Supply(
        name=f"n{number:03d}",
        cpu=max(2000, sum(cores)) + drawn.choice([0, 0, 300]),
        rss=drawn.choice([1024, 4096, 16384]) * MB + drawn.choice([0, 777]),
        vms=drawn.choice([None, 4096 * MB, 32768 * MB]),
        cores=cores,
        devices=devices,
        cpu_used=700 if used else 0,
        rss_used=100 * MB if used else 0,
        cores_used=(300, 100) if used and len(cores) > 1 else (),
        labels=kept,
        taints=drawn.choice([()] * 5 + [(NodeTaint("lan"),), (NodeTaint("slow", "", "PreferNoSchedule"),)]),
        arch=drawn.choice(["", "arm64", "amd64"]),
        cost=drawn.choice([0, 10_000, 25_000]),
        status=drawn.choice(["running"] * 18 + ["down", "cordoned"]),
    )


def resources(drawn: random.Random) -> Resources:
    cores = sorted(drawn.choice([50, 100, 400, 700, 1000, 1300]) for _ in range(drawn.choice([0, 1, 1, 2, 3, 4])))
    requests = [()] * 4 + [
        (DeviceRequest("gpu", share=drawn.choice([1000, 2500, 5000, 10_000])),),
        (DeviceRequest("gpu", count=drawn.choice([1, 2]), models=drawn.choice([(), ("x",), ("x", "y")])),),
        (DeviceRequest("gpu", share=3000), DeviceRequest("tpu", count=1)),
    ]
    return Resources(
        cpu=drawn.choice([0, 100, 333, 900, 2100]),
        cores=tuple(reversed(cores)),
        rss=drawn.choice([0, 64, 200, 900]) * MB + drawn.choice([0, 1]),
        vms=drawn.choice([None, 128 * MB, 1024 * MB]),
        devices=drawn.choice(requests),
    )


def matches(drawn: random.Random) -> tuple[LabelMatch, ...]:
    """What a service asks of labels and names beyond one value: mostly nothing."""
    kinds = [
        LabelMatch("zone", "In", ("a", "b")),
        LabelMatch("rack", "NotIn", ("1", "2")),
        LabelMatch("disk", drawn.choice(["Exists", "DoesNotExist"])),
        LabelMatch("node", drawn.choice(["In", "NotIn"]), ("n000", "n001", "n005")),
    ]
    return (drawn.choice(kinds),) if drawn.random() < 0.2 else ()


def demand(drawn: random.Random, number: int, names: list[str]) -> Demand:
    keys = ["node", "zone", "rack"]

    def rules(chance: float, required: float) -> tuple[AffinityRule, ...]:
        if drawn.random() > chance:
            return ()
        return (AffinityRule((drawn.choice(names),), drawn.choice(keys), drawn.random() < required),)

    asked = resources(drawn)
    variants: tuple[DemandVariant, ...] = ()
    if drawn.random() < 0.1:
        variants = (DemandVariant("big", asked, 900_000), DemandVariant("small", resources(drawn), 700_000))
    ports: tuple[PortRequest, ...] = ()
    if drawn.random() < 0.2:
        ports = (PortRequest("http", drawn.choice([0, 0, 8080, 9000 + number])),)
    return Demand(
        workload=names[number],
        replica=names[number].replace("service", "replica"),
        slug=f"s{number}",
        pipeline="p",
        service=f"s{number}",
        member="",
        replicas=drawn.choice([0, 1, 2, 3, 5, 8, 13]),
        resources=asked,
        system=drawn.random() < 0.05,
        arch=drawn.choice([()] * 5 + [("arm64",)]),
        sensitivity=drawn.choice(["none", "cpu", "memory", "cpu+memory"]),
        priority=drawn.randint(0, 3),
        selector=drawn.choice([()] * 6 + [(("disk", "fast"),)]),
        tolerations=drawn.choice([()] * 3 + [(TolerationRule("lan", "Exists"),)]),
        spread=(SpreadRule(drawn.choice(keys), drawn.randint(1, 4)),) if drawn.random() < 0.2 else (),
        avoid=rules(0.2, 0.7),
        near=rules(0.1, 0.5),
        ports=ports,
        variants=variants,
        matches=matches(drawn),
        prefers=(NodePreference((), 3, matches(drawn)),) if drawn.random() < 0.1 else (),
    )


def problem(seed: int) -> Problem:
    """A problem of all kinds of constraints, drawn from the seed alone."""
    drawn = generator(seed)
    nodes = tuple(supply(drawn, number) for number in range(drawn.choice([3, 8, 20, 40])))
    names = [f"service/p:s{number}" for number in range(drawn.choice([3, 10, 30, 50]))]
    demands = tuple(demand(drawn, number, names) for number in range(len(names)))
    wires: tuple[Wire, ...] = ()
    edges: tuple[Edge, ...] = ()
    if drawn.random() < 0.3:
        pairs = (("a", "b"), ("b", "c"), ("a", "c"))
        wires = tuple(
            Wire(f"w{one}{two}", (f"zone/{one}", f"zone/{two}"), drawn.choice([1000, 9000]), drawn.choice([None, 5000]))
            for one, two in pairs[: drawn.randint(1, 3)]
        )
        edges = tuple(
            Edge(source, sink, drawn.choice([None, 5000]), drawn.choice([None, 60, 900]))
            for source, sink in (drawn.sample(names, 2) for _ in range(drawn.randint(1, 4)))
        )
    settings = Settings(
        strategy=drawn.choice(STRATEGIES),
        iterations=drawn.choice([0, 5, 20]),
        objective=drawn.choice([("placed", "stable", "nodes"), ("placed", "cost"), ("placed", "nodes", "balance")]),
        queue_priority=drawn.choice(["none", "cpu", "memory"]),
        vms_ratio=drawn.choice([1_000_000, 1_500_000]),
        survive=drawn.choice([0] * 9 + [1]),
        ports=drawn.choice([None, (42000, 42050)]),
        one_machine=drawn.random() < 0.3,
    )
    return Problem("random", nodes, demands, wires, edges, settings)


def judged(placements: int, seed: int = 0, step: int = 1) -> Counter[str]:
    """Plans random problems, each again with fewer and more replicas, until so many placements were judged.

    seed, step: which problems; those after it by so much.
    """
    counts: Counter[str] = Counter()
    while counts["placements"] < placements:
        first = problem(seed)
        before = plan(first, explain=False)
        drawn = generator(-seed - 1)
        other = tuple(replace(one, replicas=drawn.choice([one.replicas, 0, one.replicas + 2])) for one in first.demands)
        second = replace(first, demands=other)
        for asked, found in ((first, before), (second, plan(second, before, explain=False))):
            assert verify(asked, found) == (), seed
            counts["placements"] += len(found.placements)
            counts["unplaced"] += len(found.unplaced)
            counts["plans"] += 1
        seed += step
    return counts


def test_no_node_is_above_capacity_in_random_placements() -> None:
    counts = judged(1000)
    assert counts["unplaced"]


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_no_node_is_above_capacity_in_a_million_random_placements(
    part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = judged(1_000_000 // PARTS, part, PARTS)
    with capsys.disabled():
        print(f" {counts['placements']} placements of {counts['plans']} plans judged, {counts['unplaced']} unplaced")
    assert counts["placements"] >= 1_000_000 // PARTS


@FEW_OR_MORE
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_scaling_up_and_down_to_nothing_leaves_the_ledger_as_it_was(strategy: str, seeds: range) -> None:
    taken = 0
    for seed in seeds:
        asked = problem(seed)
        asked = replace(asked, settings=replace(asked.settings, strategy=strategy, survive=0))
        before = None
        indexed = IndexedProblem(asked)
        ledger, fresh = Ledger(indexed), Ledger(indexed)
        held: dict[str, tuple[Placement, Grant]] = {}
        for replicas in (3, 2, 5, 0):
            sized = replace(asked, demands=tuple(replace(one, replicas=replicas) for one in asked.demands))
            before = plan(sized, before, explain=False)
            assert verify(sized, before) == (), (seed, replicas)
            stand = {item.replica: item for item in before.placements}
            for replica, (item, grant) in list(held.items()):
                now = stand.get(replica)
                if now is None or (now.node, now.cores, now.devices, now.variant) != (
                    item.node, item.cores, item.devices, item.variant
                ):  # fmt: skip
                    ledger.release(grant)
                    del held[replica]
            for replica, item in stand.items():
                if replica not in held and item.variant in ("", "big"):
                    held[replica] = (item, grant_of(indexed, ledger, item))
                    ledger.book(held[replica][1])
            taken += len(held)
        assert before is not None
        assert before.placements == ()
        assert before.bound.nodes_used == 0
        assert not held
        for name in ("cpu", "rss", "vms", "cores", "sorted_cores", "devices", "placed", "counts", "ports", "bandwidth"):
            assert getattr(ledger, name) == getattr(fresh, name), (seed, name)
        assert (ledger.replicas_on, ledger.numbers) == (fresh.replicas_on, fresh.numbers)
    assert taken


BYTES = """
import hashlib, json, sys
sys.path[:0] = {folders!r}
from test_random_placements import problem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.model.json_codec import plan_to_json
told = [json.dumps(plan_to_json(plan(problem(seed))), sort_keys=True) for seed in {seeds!r}]
print(hashlib.sha256("".join(told).encode()).hexdigest())
"""


@FEW_OR_MORE
def test_plans_are_the_same_bytes_whatever_the_hash_seed_the_processors_and_the_order(seeds: range) -> None:
    script = BYTES.format(folders=[str(folder) for folder in Path(__file__).parents[:2]], seeds=seeds)
    told = set()
    for hashing, processors in (("0", "1"), ("1", "2"), ("4242", "8")):
        environment = {**os.environ, "PYTHONHASHSEED": hashing, "OMP_NUM_THREADS": processors}
        pinned = ["taskset", "-c", "0"] if processors == "1" and Path("/usr/bin/taskset").exists() else []
        command = [*pinned, sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        told.add(done.stdout)
    assert len(told) == 1
    for seed in seeds:
        asked = problem(seed)
        turned = replace(asked, nodes=asked.nodes[::-1], demands=asked.demands[::-1], edges=asked.edges[::-1])
        assert plan_to_json(plan(replace(turned, wires=asked.wires[::-1]))) == plan_to_json(plan(asked))
