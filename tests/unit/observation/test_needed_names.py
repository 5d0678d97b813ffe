"""Which values of reports are kept: all that a contract may look at, and no others."""

from __future__ import annotations

from objective_specs import objective_spec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import AgentContract, ProcessingSpec, WindowSpec
from rohe_iac.observation.needed_names import ALWAYS_NEEDED, needed_names

METRICS = {
    "a": {"ratio": [{"sum": {"of": "x", "where": {"y": {">": 1}}}}, {"metric": "b"}]},
    "b": {"mean": {"of": "z"}},
}


def names_of(*processing: ProcessingSpec) -> frozenset[str] | None:
    contract = AgentContract(
        name="c", lateness=1.0, objectives=(objective_spec(metric="delay"),), metrics=METRICS, processing=processing
    )
    return needed_names(
        Configuration(stack="s", pipeline="p", agent="a", services=(), instances=(), contracts=(contract,))
    )


def test_the_names_of_metrics_expressions_and_votes_are_kept() -> None:
    names = names_of()
    assert names is not None
    assert names >= {"delay", "x", "y", "z", "model", *ALWAYS_NEEDED}
    assert "features" not in names


def test_a_user_function_is_given_everything() -> None:
    assert names_of(ProcessingSpec(function="f.py:f", window=WindowSpec(size_count=1, every_count=1))) is None
