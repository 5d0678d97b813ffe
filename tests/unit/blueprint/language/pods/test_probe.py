"""Claims about probes: one way to ask, and thresholds that make sense."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pods.probe import Health, Probe


def test_a_probe_knows_the_port_that_it_asks() -> None:
    probes = [{"http": {"port": "a"}}, {"tcp": "a"}, {"grpc": "a"}, {"exec": ["cat"]}]
    assert [Probe.model_validate(probe).port for probe in probes] == ["a", "a", "a", None]


@pytest.mark.parametrize("probe", [{}, {"tcp": "a", "exec": ["cat"]}, {"exec": []}, {"tcp": "a", "period": "100ms"}])
def test_a_probe_that_asks_in_no_way_or_in_several_is_refused(probe: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Probe"):
        Probe.model_validate(probe)


def test_a_replica_that_answers_once_lives() -> None:
    with pytest.raises(ValueError, match="readiness alone"):
        Health.model_validate({"liveness": {"tcp": "a", "successThreshold": 2}})
