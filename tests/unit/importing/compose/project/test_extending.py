"""Claims about Compose services that take over from others."""

from __future__ import annotations

from import_results import dropped, field_of

from rohe_iac.importing.compose.project.extending import ServiceExpansion, is_first_version
from rohe_iac.importing.foreign.project_settings import Variables
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

OTHERS = {
    "sub/a.yaml": "services: {base: {image: 'i:${TAG}', extends: {file: b.yaml, service: root}}}",
    "sub/b.yaml": "root: {build: ., command: run}",
    "bad.yaml": "services: {a: {\n",
}


class Folder(ReferencedFiles):
    """A folder with other files."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of a file by its name."""
        return OTHERS.get(self.name_of(file, path))


def test_a_service_gets_what_it_extends_and_a_circle_is_dropped() -> None:
    services = field_of(
        {"a": {"extends": "b", "image": "i"}, "b": {"command": "run", "depends_on": ["c"]}, "c": {"extends": "c"}}
    )
    ServiceExpansion(ReferencedFiles(), {}).expand(services)
    extended = services.get("a")
    assert extended is not None
    command = extended.get("command")
    assert command is not None
    assert command.text == "run"
    assert extended.get("depends_on") is not None
    assert dropped(services)["c.extends"] == "the service extends itself"


def test_a_service_of_another_file_takes_over_from_a_third_with_places_in_each() -> None:
    services = field_of({"a": {"extends": {"file": "sub/a.yaml", "service": "base"}}})
    ServiceExpansion(Folder(), {"f": Variables({"TAG": "7"})}).expand(services)
    extended = services.get("a")
    assert extended is not None
    found = {key: (part.text, part.place.file) for key, part in extended.entries() if key in ("image", "command")}
    assert found == {"image": ("i:7", "sub/a.yaml"), "command": ("run", "sub/b.yaml")}


def test_a_file_that_is_not_yaml_is_a_fault_at_its_place() -> None:
    services = field_of({"a": {"extends": {"file": "bad.yaml", "service": "a"}}})
    ServiceExpansion(Folder(), {}).expand(services)
    (fault,) = services.journal.faults
    assert (fault.place.file, fault.place.line) == ("bad.yaml", 2)


def test_the_first_version_has_its_services_at_the_top() -> None:
    assert is_first_version(field_of({"web": {"image": "a"}, "x-a": 1}).node)
    assert not is_first_version(field_of({"web": {"image": "a"}, "version": "2"}).node)
    assert not is_first_version(field_of({"services": {"image": "a"}}).node)
