"""Claims about the services of profiles."""

from __future__ import annotations

import pytest
from import_results import dropped, field_of, mapped

from rohe_iac.importing.compose.project.profiles import active_profiles, drop_inactive, has_profile
from rohe_iac.importing.foreign.project_settings import ProjectSettings, Variables

SERVICES = {"web": {"image": "a"}, "debug": {"image": "b", "profiles": ["dev", "test"]}, "all": {"profiles": []}}


@pytest.mark.parametrize(
    ("active", "left_out"), [(set(), {"debug"}), ({"test"}, set()), ({"*"}, set()), ({"other"}, {"debug"})]
)
def test_services_with_profiles_are_left_out_unless_one_is_named(active: set[str], left_out: set[str]) -> None:
    services = field_of(SERVICES)
    assert drop_inactive(services, active) == left_out
    if left_out:
        assert "--profile dev or --profile test" in dropped(services)["debug"]
    else:
        assert "is imported" in mapped(services)["debug.profiles"]


def test_profiles_are_named_by_the_user_or_a_variable() -> None:
    variables = Variables({"COMPOSE_PROFILES": "a, b,"})
    assert active_profiles(ProjectSettings(), variables) == {"a", "b"}
    assert active_profiles(ProjectSettings(profiles=("c",)), variables) == {"c"}


def test_a_profile_that_no_service_has_is_known() -> None:
    services = field_of(SERVICES)
    assert [has_profile(services, profile) for profile in ("dev", "*", "other")] == [True, True, False]
