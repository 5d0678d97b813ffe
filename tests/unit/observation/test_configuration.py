"""The agents of a pipeline: who judges, who hears which instances, and what they have to agree about."""

from __future__ import annotations

import msgspec
import pytest

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.observation.configuration import (
    Configuration,
    Instance,
    ServiceSpec,
    decode_configuration,
    digest_of,
    shared_digest_of,
)
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec


def contract(name: str) -> AgentContract:
    objective = ObjectiveSpec(
        name="fast", metric="response_time", scope=ScopeSpec(), aggregate="p99", operator="<=", low=1.0, high=1.0,
        window=WindowSpec(size_seconds=60.0, every_seconds=60.0), min_samples=1, missing="freeze",
    )  # fmt: skip
    return AgentContract(name=name, lateness=1.0, objectives=(objective,))


def configuration(agent: str = "agent-0", judge: str = "", heard_by: tuple[str, ...] = ("", "")) -> Configuration:
    return Configuration(
        stack="s",
        pipeline="p",
        agent=agent,
        judge=judge,
        services=(ServiceSpec(name="load"),),
        instances=tuple(
            Instance(instance=f"load-{number}", topic="load", service="load", agent=name)
            for number, name in enumerate(heard_by)
        ),
        contracts=(contract("c"),),
    )


def test_an_agent_that_is_alone_judges_and_hears_everybody() -> None:
    alone = configuration()
    assert alone.judges
    assert alone.agents == ("agent-0",)
    assert alone.share("agent-0") == alone.instances


def test_each_agent_has_a_share_and_one_judges() -> None:
    several = configuration("agent-1", "agent-0", ("", "agent-1"))
    assert not several.judges
    assert several.judging_agent == "agent-0"
    assert several.agents == ("agent-0", "agent-1")
    assert [item.instance for item in several.share("agent-0")] == ["load-0"]
    assert [item.instance for item in several.share("agent-1")] == ["load-1"]
    assert several.share("agent-2") == ()


def test_an_agent_that_hears_nobody_is_one_of_the_pipeline() -> None:
    several = msgspec.structs.replace(configuration(judge="agent-0"), receivers=("agent-1",))
    assert several.agents == ("agent-0", "agent-1")
    assert several.share("agent-1") == ()
    assert digest_of(several) == digest_of(configuration())
    assert decode_configuration(canonical_json(msgspec.to_builtins(several))) == several


def test_windows_go_on_when_agents_are_added() -> None:
    assert digest_of(configuration()) == digest_of(configuration(judge="agent-0", heard_by=("agent-1", "agent-2")))


def test_the_agents_of_a_pipeline_agree_about_contracts_whatever_their_names() -> None:
    judge, other = configuration(judge="agent-0"), configuration("agent-1", "agent-0", ("agent-1", "agent-1"))
    assert shared_digest_of(judge) == shared_digest_of(other)
    changed = msgspec.structs.replace(other, contracts=(contract("d"),))
    assert shared_digest_of(judge) != shared_digest_of(changed)


@pytest.mark.parametrize("judge", ["", "agent-1"])
def test_a_configuration_is_read_as_it_was_written(judge: str) -> None:
    written = configuration(judge=judge, heard_by=("", judge))
    assert decode_configuration(canonical_json(msgspec.to_builtins(written))) == written
