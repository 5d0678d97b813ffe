"""Claims about which Compose files are one project."""

from __future__ import annotations

from import_results import field_of, mapped

from rohe_iac.importing.compose.projects import join_projects


def test_files_of_one_folder_with_a_base_are_joined_in_the_last() -> None:
    over = field_of({"services": {"web": {"command": "b"}}}, "docker-compose.prod.yml")
    base = field_of({"services": {"web": {"image": "i", "command": "a"}}}, "docker-compose.yml")
    first, last = join_projects([over, base])
    assert first is over
    assert mapped(over)["(document)"].startswith("read together with docker-compose.yml")
    services = last.get("services")
    web = services.get("web") if services is not None else None
    command = web.get("command") if web is not None else None
    assert command is not None
    assert command.text == "b", "the base comes first wherever it is named"


def test_files_with_nothing_in_common_stay_apart() -> None:
    roots = [field_of({"services": {name: {"image": "i"}}}, f"{name}.yml") for name in ("a", "b")]
    assert join_projects(roots) == roots
