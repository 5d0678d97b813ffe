"""Claims about ports as the language writes them."""

from __future__ import annotations

from rohe_iac.importing.foreign.ports import make_port, port_name


def test_a_port_leaves_out_the_default_protocol_and_an_absent_service_port() -> None:
    assert make_port("http", 80, None, "TCP") == {"name": "http", "containerPort": 80}
    assert make_port("dns", 53, 5353, "UDP") == {
        "name": "dns",
        "containerPort": 53,
        "servicePort": 5353,
        "protocol": "UDP",
    }


def test_the_name_of_a_port_tells_protocols_apart() -> None:
    assert port_name(53, "TCP") != port_name(53, "UDP")
