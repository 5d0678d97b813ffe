"""Claims about which Compose files are one project."""

from __future__ import annotations

from import_results import field_of, mapped

from rohe_iac.importing.compose.project.projects import join_projects
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.project_settings import ProjectSettings


def test_files_of_one_folder_with_a_base_are_joined_in_the_last() -> None:
    over = field_of({"services": {"web": {"command": "b"}}}, "docker-compose.prod.yml")
    base = field_of({"services": {"web": {"image": "i", "command": "a"}}}, "docker-compose.yml")
    first, last = join_projects([over, base], Drafts())
    assert first is over
    assert mapped(over)["(document)"].startswith("read together with docker-compose.yml")
    services = last.get("services")
    web = services.get("web") if services is not None else None
    command = web.get("command") if web is not None else None
    assert command is not None
    assert command.text == "b", "the base comes first wherever it is named"


def names(root: Field) -> list[str]:
    services = root.get("services")
    return [key for key, _ in services.entries()] if services is not None else []


def test_files_of_two_folders_or_names_stay_apart() -> None:
    roots = [field_of({"services": {name: {"image": "i"}}}, f"{name}/compose.yml") for name in ("a", "b")]
    assert [names(root) for root in join_projects(roots, Drafts())] == [["a"], ["b"]]
    roots = [field_of({"name": name, "services": {name: {"image": "i"}}}, f"{name}.yml") for name in ("a", "b")]
    assert [names(root) for root in join_projects(roots, Drafts())] == [["a"], ["b"]]


def test_the_files_that_the_user_names_as_a_project_are_one_in_that_order() -> None:
    contents = {"x/compose.yml": "1", "y/o.yml": "2", "y/p.yml": "3"}
    roots = [field_of({"services": {"a": {"image": image}}}, name) for name, image in contents.items()]
    drafts = Drafts(settings=ProjectSettings(files=("y/o.yml", "x/compose.yml")))
    joined = join_projects(roots, drafts)
    services = joined[1].get("services")
    image = services.get("a") if services is not None else None
    assert image is not None
    assert [part.text for _, part in image.entries()] == ["1"], "the last in the order of the user counts"
    assert drafts.referenced_files.folder_of("x/compose.yml") == "y", "paths are relative to the first file"
    assert names(joined[2]) == ["a"]
