"""Reports over AMQP: the variables of agents with its secrets, and the routing keys of a pipeline."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import SecretValue
from rohe_iac.blueprint.language.transports.amqp import Amqp


def amqp_variables(amqp: Amqp | None) -> dict[str, str | SecretValue]:
    """Returns the variables by which an agent gets the secrets of the AMQP broker; none where none is stated."""
    if amqp is None:
        return {}
    stated = {"ROHE_AMQP_PASSWORD": amqp.password, "ROHE_AMQP_CA": amqp.ca}
    return {name: value for name, value in stated.items() if value is not None}


def routing_keys(amqp: Amqp, pipeline: str) -> tuple[str, ...]:
    """Returns the routing keys with which the queue of a pipeline's agent is bound; by default all, in any exchange."""
    return amqp.keys.get(pipeline, ("#",))
