"""Claims about accelerators of the original's nodes."""

from __future__ import annotations

from typing import Any

from import_results import dropped, field_of

from rohe_iac.importing.rohe.accelerators import add_accelerators


def test_a_device_keeps_its_mode_and_gets_its_type_by_its_key() -> None:
    field, offers, used = (
        field_of({"GPU0": {"mode": "nonpre-emptive", "core": 128}}),
        dict[str, Any](),
        dict[str, Any](),
    )
    add_accelerators(field, offers, used, "Inventory: nodes.a")
    assert offers == {"accelerators": {"GPU0": {"type": "gpu", "mode": "exclusive", "cores": 128}}}
    assert used == {}


def test_no_more_is_used_than_all_devices_have() -> None:
    devices = {"TPU": {"type": "tpu", "count": 2, "capacity": 50, "used": 150}, "odd": 7}
    field, offers, used = field_of(devices), dict[str, Any](), dict[str, Any]()
    add_accelerators(field, offers, used, "Inventory: nodes.a")
    assert used == {"accelerators": {"TPU": "100%"}}
    assert "taken as 100%" in field.journal.notes[-1][1]
    assert "an accelerator is a mapping" in dropped(field)["odd"]
