"""Sentences about a plan that screens and pages share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from rohe_iac.cli.views.plans.sentences import (
    best_other_node,
    core_amounts,
    fewest_nodes,
    pending_work,
    reason,
    refused_by_rule,
    relaxed_spread,
    replica_and_others,
    score_words,
    shown_parts,
    shown_percentage,
    summary,
    unplaced_alike,
)
from rohe_iac.deployment.files.planfile import Against
from rohe_iac.planning.model.plan import Bound, CoreUse, Refusals, Rejection, Relaxed, RunnerUp, ScorePart, Unplaced
from rohe_iac.usecases.plans.analysis import AnalysedPlan


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (Bound(3, 2, ("volume", "spread")), "; no plan can use fewer than 2 (total size, spread)"),
        (Bound(3, 3, ("volume",), proven=True), ", the proven minimum"),
        (Bound(0, 0, ()), ""),
    ],
)
def test_the_fewest_nodes_are_said_with_their_reasons(bound: Bound, words: str) -> None:
    assert fewest_nodes(bound) == words


def test_the_summary_counts_replicas_without_a_node_only_where_there_are_some(digits: AnalysedPlan) -> None:
    plan = digits.planfile.plan
    assert summary(plan).startswith("9 replicas placed. Uses 3 nodes")
    assert summary(plan).endswith("Strategy: best-fit")
    item = plan.placements[0]
    lost = Unplaced(item.replica, item.workload, item.pipeline, item.service, item.member, item.index, ())
    missing = replace(plan, unplaced=(lost,))
    assert summary(missing).startswith("9 replicas placed, 1 without a node.")


def test_the_first_apply_is_counted_by_kind_and_later_ones_by_verb(digits: AnalysedPlan) -> None:
    planfile = digits.planfile
    assert pending_work(planfile) == (
        "Nothing is applied yet. 16 resources to create: 1 stack, 1 broker, 6 credentials, 1 agent, 7 replicas"
    )
    later = replace(planfile, against=Against(3, "f" * 64))
    assert pending_work(later) == "Against the applied record 3: 16 to create"
    assert pending_work(replace(later, actions=())) == "Against the applied record 3: nothing to do"


def test_manifests_that_share_an_address_are_counted_by_their_own_kind(digits: AnalysedPlan) -> None:
    planfile = digits.planfile
    manifests = tuple(replace(manifest, address="service/a", kind="Deployment") for manifest in planfile.manifests)
    assert pending_work(replace(planfile, manifests=manifests)).endswith(": 16 Deployments")


def test_a_relaxed_spread_says_what_it_still_survives() -> None:
    assert (
        relaxed_spread(Relaxed("service/a", 1))
        == "service/a is spread for 1 failure only, so that more replicas have a node"
    )
    assert (
        relaxed_spread(Relaxed("service/a", 0))
        == "service/a is spread for no failure, so that more replicas have a node"
    )


def test_refusals_are_said_in_words(digits: AnalysedPlan) -> None:
    assert refused_by_rule(Refusals("service/a", (("labels", 2), ("cpu", 1)), ())) == "2 by labels, 1 by cpu"
    placement = digits.planfile.plan.placements[0]
    assert reason(placement) == placement.reason


def test_a_percentage_looks_like_the_best_only_where_it_is_the_best() -> None:
    best = 6_000_000
    assert shown_percentage(best, best) == shown_percentage(0, 0) == "100 %"
    assert shown_percentage(5_580_000, best) == "93 %"
    assert shown_percentage(5_990_000, best) == "99.8 %"
    assert shown_percentage(best - 600, best) == "99.99 %"


def test_the_score_of_a_node_has_its_parts_and_the_best_other_node(digits: AnalysedPlan) -> None:
    parts = (ScorePart("cpu", 3_000_000), ScorePart("open", 1_500_000))
    placement = structs.replace(
        digits.planfile.plan.placements[0], points=4_500_000, parts=parts, runner_up=RunnerUp("pi-2", 6_000_000)
    )
    assert score_words(placement) == "75 % (cpu 50 %, open 25 %)"
    assert best_other_node(placement) == "pi-2 with 100 %"
    bare = structs.replace(placement, parts=(), runner_up=None)
    assert score_words(bare) == best_other_node(bare) == ""
    assert shown_parts(parts, 0) == "cpu 0 %, open 0 %"


def test_what_a_replica_gets_of_its_cores_is_in_one_unit(digits: AnalysedPlan) -> None:
    placement = structs.replace(digits.planfile.plan.placements[0], cores=(CoreUse(4, 1000), CoreUse(1, 50)))
    assert core_amounts(placement) == [(4, "1000m"), (1, "50m")]
    assert core_amounts(structs.replace(placement, cores=())) == []


def unplaced(service: str, index: int, node: str) -> Unplaced:
    """Returns a replica that a node refuses for want of cpu."""
    closest = (Rejection(node, "cpu", "cpu: needs 500m, none is free", 1_000_000),)
    address = f"service/p:{service}"
    return Unplaced(f"replica/p:{service}/{index}", address, "p", service, "", index, closest)


def test_replicas_that_the_same_nodes_refuse_are_one_line() -> None:
    listed = [unplaced("a", 0, "n1"), unplaced("a", 1, "n1"), unplaced("a", 2, "n2"), unplaced("b", 0, "n1")]
    words = [replica_and_others(item, others) for item, others in unplaced_alike(listed)]
    assert words == ["replica/p:a/0 and 1 more", "replica/p:a/2", "replica/p:b/0"]


def test_scorers_that_interference_outweighs_are_shown_by_what_is_left() -> None:
    parts = [ScorePart("cpu", 100), ScorePart("open", 300), ScorePart("interference", 1_000_000)]
    assert shown_parts(parts, 1_000_400) == "interference 100 %; of the rest: cpu 25 %, open 75 %"
    assert shown_parts(parts[:2], 400) == "cpu 25 %, open 75 %"
    assert shown_parts([*parts[:2], ScorePart("wishes", 400)], 800) == "cpu 12 %, open 38 %, wishes 50 %"
