"""Claims about the variables that a replica gets on every target."""

from __future__ import annotations

import json
from collections.abc import Callable

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.by_target import RENDERINGS, target_of
from rohe_iac.manifests.environment import PeerUrls, environment_of
from rohe_iac.manifests.plan_rendering import PlanRendering
from rohe_iac.planning.model.plan import Placement, Plan

PlanExample = Callable[[str], tuple[Blueprint, Plan]]


def _url(placement: Placement, alone: bool) -> str:
    return f"http://{placement.instance}"


def _rendering(plan_example: PlanExample, example: str) -> PlanRendering:
    blueprint, plan = plan_example(example)
    return RENDERINGS[target_of(blueprint)](blueprint, plan)


def test_a_replica_knows_the_urls_of_the_services_that_come_after_its_own(plan_example: PlanExample) -> None:
    rendering = _rendering(plan_example, "digits")
    replica = next(replica for replica in rendering.replicas if replica.service == "preprocess")
    peer_urls = PeerUrls(rendering.blueprint, rendering.replicas, _url)
    following = peer_urls.peers(replica.pipeline, replica.service, replica.node)
    assert list(following) == ["classify"]
    assert following["classify"]["svm"] == ["http://classify-svm-0", "http://classify-svm-1"]
    workload = rendering.workloads[replica.workload]
    variables = environment_of(peer_urls, workload, replica)
    assert json.loads(variables["ROHE_PEERS"]) == following
    assert (variables["ROHE_STACK"], variables["ROHE_NODE"]) == (rendering.stack, replica.node)


def test_replicas_behind_the_same_url_are_listed_once(plan_example: PlanExample) -> None:
    rendering = _rendering(plan_example, "digits")
    replica = next(replica for replica in rendering.replicas if replica.service == "preprocess")
    peer_urls = PeerUrls(rendering.blueprint, rendering.replicas, lambda *_: "http://classify")
    following = peer_urls.peers(replica.pipeline, replica.service, replica.node)
    assert following["classify"]["svm"] == ["http://classify"]


def test_the_target_of_a_stack_chooses_how_its_plan_is_rendered(plan_example: PlanExample) -> None:
    assert target_of(plan_example("digits")[0]) == "local"
    assert target_of(plan_example("template")[0]) == "manifests"
    assert type(_rendering(plan_example, "template")) is RENDERINGS["kubernetes"]
