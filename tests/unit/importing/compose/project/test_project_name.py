"""Claims about the name of a Compose project."""

from __future__ import annotations

import pytest

from rohe_iac.importing.compose.project.project_name import normal_name, project_name
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.project_settings import Variables


@pytest.mark.parametrize(
    ("named", "wanted", "variable", "name"),
    [
        ("shop", "mine", "", "shop"),
        ("shop", "mine", "Other.1", "other1"),
        ("", "mine", "", "mine"),
        ("", "", "", "myapp_2"),
    ],
)
def test_a_project_is_named_as_compose_names_it(named: str, wanted: str, variable: str, name: str) -> None:
    file = "sites/My App_2/docker-compose.prod.yml"
    variables = Variables({"COMPOSE_PROJECT_NAME": variable})
    assert project_name(file, named, Drafts(name=wanted), variables) == name


def test_two_projects_have_two_names() -> None:
    drafts = Drafts()
    files = [f"{folder}/app/compose.yaml" for folder in "ab"]
    assert [project_name(file, "", drafts, Variables()) for file in files] == ["app", "app-2"]


def test_a_name_has_small_letters_digits_hyphens_and_underscores() -> None:
    assert normal_name("-_My Äpp.v2") == "myppv2"
