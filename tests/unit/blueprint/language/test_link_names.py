"""Claims about links without a name, and about other short forms of inventories and requests."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_flow import SITE
from pydantic import ValidationError

from rohe_iac.blueprint.language.inventory import MAX_LINK_NAME, Inventory, with_link_names
from rohe_iac.blueprint.language.pipeline import Requests
from rohe_iac.blueprint.loading import load
from rohe_iac.foundation.names import is_name


def _names(*ends: tuple[str, str], named: tuple[str, ...] = ()) -> list[str]:
    written = [{"between": list(pair)} for pair in ends]
    found = with_link_names([*written, *({"name": name, "between": ["zone/x", "zone/y"]} for name in named)])
    assert isinstance(found, list)
    return [link["name"] for link in found[: len(ends)]]


def test_a_link_is_named_by_its_ends() -> None:
    assert _names(("zone/lab-1", "zone/lab-2"), ("node/pi", "zone/lab-1")) == ["lab-1-lab-2", "pi-lab-1"]


def test_names_differ_whatever_the_ends_are() -> None:
    long = "n" * 60
    ends = [("zone/a", "zone/b"), ("node/a", "node/b"), ("node/a", "node/b"), ("zone/a", "node/b"), ("zone/A b", "x/y")]
    names = _names(*ends, (f"node/{long}", f"node/{long}.example"), (f"zone/{long}", "zone/b"), named=("a-b",))
    assert len(set(names) | {"a-b"}) == len(names) + 1
    assert all(is_name(name) and len(name) <= MAX_LINK_NAME for name in names)
    assert _names(*ends) == _names(*ends)


@pytest.mark.parametrize("value", [None, 3, "a", {}, [3], [{"between": 3}], [{"between": ["a"]}, {"between": [1, 2]}]])
def test_what_is_no_link_is_left_to_the_fault(value: object) -> None:
    assert with_link_names(value) == value


def test_a_written_name_stays(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE.replace("{TARGET}", "{local: {}}").replace("WITHIN", "zone"))
    assert [link.name for link in load(tmp_path).inventory.spec.links] == ["backhaul"]
    text = (tmp_path / "site.yaml").read_text().replace("name: backhaul, ", "")
    (tmp_path / "site.yaml").write_text(text)
    inventory = load(tmp_path).inventory
    assert isinstance(inventory, Inventory)
    assert [link.name for link in inventory.spec.links] == ["a-b"]


@pytest.mark.parametrize(("written", "share"), [("40%", 4000), (" 12.5 % ", 1250), (0.4, 4000)])
def test_a_share_alone_is_a_request(written: object, share: int) -> None:
    request = Requests.model_validate({"accelerators": {"gpu": written}}).accelerators["gpu"]
    assert (request.share, request.count) == (share, None)


@pytest.mark.parametrize("written", [1, 2, "all", "0%", True, "140%"])
def test_what_can_be_misread_is_no_request(written: object) -> None:
    with pytest.raises(ValidationError):
        Requests.model_validate({"accelerators": {"gpu": written}})
