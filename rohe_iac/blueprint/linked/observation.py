"""Which pipelines of a stack are observed, and which of them reach the stack's broker."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import StackSpec
from rohe_iac.blueprint.linked.blueprint import Blueprint


def is_observed(pipeline: Pipeline, contracts: Iterable[ObservationContract]) -> bool:
    """Checks whether a contract is about the pipeline, or a service of it has `reports`, be they empty."""
    name = pipeline.metadata.name
    return any(contract.spec.pipeline == name for contract in contracts) or any(
        "reports" in service.model_fields_set for service in pipeline.spec.services
    )


def observed_pipelines(blueprint: Blueprint) -> tuple[str, ...]:
    """Returns the names of the pipelines that an agent observes, in the order of the blueprint."""
    return tuple(
        pipeline.metadata.name for pipeline in blueprint.pipelines if is_observed(pipeline, blueprint.contracts)
    )


def names_broker(spec: StackSpec) -> bool:
    """Checks whether the stack names a broker itself, which its services may then use for messages of their own."""
    return "broker" in spec.model_fields_set


def connected_pipelines(blueprint: Blueprint) -> tuple[str, ...]:
    """Returns the names of the pipelines whose services are given the broker's address, in the order of the blueprint.

    These are the observed ones, and all where the stack names a broker.
    """
    if names_broker(blueprint.stack.spec):
        return tuple(pipeline.metadata.name for pipeline in blueprint.pipelines)
    return observed_pipelines(blueprint)
