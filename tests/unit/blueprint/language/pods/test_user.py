"""Users and labels, as clusters take them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.language.pods.user import ids_of


@pytest.mark.parametrize(("written", "ids"), [(0, (0, None)), ("1000", (1000, None)), ("1000:44", (1000, 44))])
def test_a_user_has_an_id_and_maybe_a_group(written: object, ids: tuple[int, int | None]) -> None:
    service = Service.model_validate({"name": "a", "user": written})
    assert service.user is not None
    assert ids_of(service.user) == ids


@pytest.mark.parametrize("written", [-1, True, "root", "1:", 2**31, "1:2:3", [1]])
def test_no_other_user_is_taken(written: object) -> None:
    with pytest.raises(ValidationError):
        Service.model_validate({"name": "a", "user": written})


@pytest.mark.parametrize("labels", [{"": "x"}, {"a": "x y"}, {"app.kubernetes.io/name": "x"}, {"-a": "x"}, {"a": "-"}])
def test_labels_that_a_cluster_refuses_are_faults(labels: dict[str, str]) -> None:
    assert Service.model_validate({"name": "a", "labels": {"example.org/a": "B.1", "b": ""}}).labels
    with pytest.raises(ValidationError):
        Service.model_validate({"name": "a", "labels": labels})
