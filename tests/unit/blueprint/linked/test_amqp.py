"""The secrets of agents that consume over AMQP, and the keys of a pipeline."""

from __future__ import annotations

from rohe_iac.blueprint.language.transports.amqp import Amqp
from rohe_iac.blueprint.linked.amqp import amqp_variables, routing_keys


def amqp(**changes: object) -> Amqp:
    stated = {"url": "amqp://r", "user": "u", "password": {"secret": "env:P"}, "exchange": "qoa", **changes}
    return Amqp.model_validate(stated)


def test_agents_get_the_password_and_the_authorities_where_they_are_stated() -> None:
    assert amqp_variables(None) == {}
    assert amqp_variables(amqp()) == {"ROHE_AMQP_PASSWORD": amqp().password}
    both = amqp(ca={"secret": "file:ca.pem"})
    assert amqp_variables(both) == {"ROHE_AMQP_PASSWORD": both.password, "ROHE_AMQP_CA": both.ca}


def test_a_pipeline_without_keys_has_all_reports() -> None:
    assert routing_keys(amqp(), "shop") == ("#",)
    assert routing_keys(amqp(keys={"shop": ["a.#", "b"]}), "shop") == ("a.#", "b")
