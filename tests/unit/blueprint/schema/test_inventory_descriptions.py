"""The fields of inventories have descriptions of their own, which are part of those of the language."""

from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.inventory import (
    DeviceType,
    InventorySpec,
    NetworkLink,
    Node,
    Taint,
    Used,
    UsedAccelerator,
)
from rohe_iac.blueprint.schema.descriptions import FIELDS
from rohe_iac.blueprint.schema.inventory_descriptions import INVENTORY_FIELDS

PARTS: tuple[type[Model], ...] = (InventorySpec, DeviceType, Node, Taint, Used, UsedAccelerator, NetworkLink)


def test_every_field_of_an_inventory_is_described_as_part_of_the_language() -> None:
    names = {f"{part.__name__}.{field.alias or name}" for part in PARTS for name, field in part.model_fields.items()}
    assert names <= INVENTORY_FIELDS.keys() <= FIELDS.keys()
    assert all(FIELDS[name] == INVENTORY_FIELDS[name] for name in INVENTORY_FIELDS)
