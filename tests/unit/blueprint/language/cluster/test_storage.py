"""Storage of a stack: exactly one place, and names that a cluster takes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.cluster.storage import Storage
from rohe_iac.blueprint.language.stack import StackSpec
from rohe_iac.blueprint.schema.descriptions import FIELDS
from rohe_iac.blueprint.schema.storage_descriptions import STORAGE_FIELDS


def test_a_claim_of_the_cluster_s_default_class_is_the_default() -> None:
    storage = StackSpec.model_validate({"pipelines": ["p"], "inventory": "i"}).storage
    assert storage.claim is not None
    assert (storage.claim.class_, storage.claim.size) == (None, 512 * 2**20)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"claim": {}, "emptyDir": {}},
        {"claim": {"class": "Local Path"}},
        {"claim": {"class": ""}},
        {"claim": {"size": 0}},
        {"hostPath": "var/lib"},
        {"hostPath": ""},
        {"emptyDir": {"size": "1Gi"}},
    ],
)
def test_what_no_cluster_could_use_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Storage.model_validate(value)


def test_the_meaning_of_storage_fields_is_part_of_the_language() -> None:
    assert set(STORAGE_FIELDS) <= set(FIELDS)
