"""Claims about the ports of containers."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Port
from rohe_iac.manifests.kubernetes.ports import FIRST_PORT, port_number


def test_a_port_without_a_number_gets_one_by_its_position() -> None:
    assert port_number(Port.model_validate({"name": "http"}), 2) == FIRST_PORT + 2
    assert port_number(Port.model_validate({"name": "http", "containerPort": 81}), 2) == 81
