"""Small problems with a ledger that is partly filled, and both evaluators on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from drawing import generator

from rohe_iac.planning.model.demand import AffinityRule, NodePreference, PortRequest, SkewRule, SpreadRule
from rohe_iac.planning.placement.evaluation.choice import evaluator_for
from rohe_iac.planning.placement.evaluation.evaluator import Evaluator
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

Filled = Callable[..., tuple[IndexedProblem, Ledger]]
BothEvaluators = Callable[..., tuple[Evaluator, Evaluator]]


@pytest.fixture
def filled(world: Any) -> Filled:
    """Returns a problem of a seed with some replicas placed; coupled: with rules about other replicas."""

    def draw(seed: int, *, coupled: bool = False) -> tuple[IndexedProblem, Ledger]:
        drawn = generator(seed)
        nodes = [
            world.node(
                f"n{i}", drawn.choice([2000, 4000]), cores=(1000,) * drawn.randint(1, 3),
                devices=(world.gpu(),) if drawn.random() < 0.4 else (), vms=drawn.choice([None, 2**30]),
                labels=(("zone", drawn.choice("ab")),), status=drawn.choice(["running", "running", "down"]),
            )
            for i in range(9)
        ]  # fmt: skip
        demands = []
        for name in "abcdef":
            rules: dict[str, Any] = {}
            if coupled:
                rules = drawn.choice([
                    {"spread": (SpreadRule("zone", 1),)}, {"ports": (PortRequest("http", 8080),)},
                    {"avoid": (AffinityRule((f"service/p:{name}",), "node"),)},
                    {"near": (AffinityRule(("service/p:a",), "zone"),)},
                    {"avoid": (AffinityRule(("service/p:a",), "zone", False),)}, {},
                    {"skews": (SkewRule("zone", 1),), "prefers": (NodePreference((("zone", "b"),), 10),)},
                    {"skews": (SkewRule("zone", 1, False), SkewRule("node", 1))},
                ])  # fmt: skip
            demands.append(
                world.demand(
                    name, 3, drawn.choice([300, 900, 2500]), 2**28, cores=drawn.choice([(), (500,), (600, 600)]),
                    devices=world.gpu_share(4000) if drawn.random() < 0.3 else (), vms=drawn.choice([None, 2**29]),
                    **rules,
                )
            )  # fmt: skip
        indexed = IndexedProblem(world.problem(nodes, demands))
        ledger = Ledger(indexed)
        for demand in (0, 1, 1, 2):
            fitting = [node for node in range(len(nodes)) if not refusal(indexed, ledger, demand, node)]
            if fitting:
                ledger.take(demand, drawn.choice(fitting))
        return indexed, ledger

    return draw


@pytest.fixture
def both_evaluators() -> BothEvaluators:
    """Returns the scalar and the vectorized evaluator of a problem and a ledger."""

    def build(indexed: IndexedProblem, ledger: Ledger, strategy: str = "best-fit") -> tuple[Evaluator, Evaluator]:
        scoring = Scoring(indexed, ledger, strategy)
        return evaluator_for(indexed, ledger, scoring), evaluator_for(indexed, ledger, scoring, limit=0)

    return build
