"""Schema versions of files."""

from __future__ import annotations

import pytest

from rohe_iac.foundation.json_files.schema import NewerFile, refuse_newer, schema_number


@pytest.mark.parametrize(
    ("value", "number"),
    [("rohe.dev/plan/v1", 1), ("rohe.dev/plan/v12", 12), ("rohe.dev/plan/v0", None), ("rohe.dev/plan/v٣", None),
     ("rohe.dev/record/v1", None), ("rohe.dev/plan/v1\n", None), (1, None), (None, None), ("v" * 10_000, None)],
)  # fmt: skip
def test_the_number_is_that_of_the_family(value: object, number: int | None) -> None:
    assert schema_number(value, "rohe.dev/plan") == number


def test_a_newer_file_is_refused_with_both_versions_and_what_to_do() -> None:
    refuse_newer(2, 2, "x.plan")
    with pytest.raises(NewerFile) as caught:
        refuse_newer(3, 2, "x.plan")
    assert caught.value.brief == "x.plan was made by a newer rohe (schema 3; this one reads up to 2)"
    assert caught.value.hint == "upgrade rohe"
