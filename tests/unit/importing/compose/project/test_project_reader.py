"""Claims about what a Compose project includes."""

from __future__ import annotations

from import_results import dropped, mapped

from rohe_iac.importing.compose.project.project_reader import ProjectReader
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field, ImportJournal
from rohe_iac.importing.foreign.reading import read_foreign
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

FILES = {
    "a/left.yaml": "include: [../b/both.yaml]\nservices: {left: {image: l}}",
    "a/right.yaml": "include: [../b/both.yaml, right.yaml]\nservices: {right: {image: r}}",
    "b/both.yaml": "name: inner\nservices: {both: {image: '${IMAGE}', ports: [80], env_file: both.env}}",
    "b/.env": "IMAGE=own",
    "home/.env": "IMAGE=of-the-home",
}


class Folder(ReferencedFiles):
    """A folder with files."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of a file by its name."""
        return FILES.get(self.name_of(file, path))


def project(text: str) -> tuple[Field, Drafts]:
    drafts, journal = Drafts(referenced_files=Folder()), ImportJournal()
    return ProjectReader(drafts, journal).read(read_foreign("compose.yaml", text).documents), drafts


def entry(root: Field, *names: str) -> Field:
    for name in names:
        part = root.get(name)
        assert part is not None, name
        root = part
    return root


def test_a_file_that_two_files_include_is_there_once_and_a_circle_is_told() -> None:
    root, _ = project("include: [a/left.yaml, a/right.yaml]\nservices: {own: {image: o}}")
    assert {key for key, _ in entry(root, "services").entries()} == {"both", "left", "right", "own"}
    assert len(entry(root, "services", "both", "ports").items()) == 1
    assert entry(root, "services", "both", "image").text == "own"
    assert entry(root, "services", "both").place.file == "b/both.yaml"
    assert root.get("name") is None
    assert set(mapped(root)) >= {"include[0]", "include[1]"}
    assert ("a/right.yaml", "include: the file includes itself") in [
        (place.file, text) for place, text in root.journal.notes
    ], "the report lists fields of the first file alone"


def test_paths_of_an_included_file_start_where_it_is_said() -> None:
    root, drafts = project("include: [{path: b/both.yaml, project_directory: home}]")
    assert entry(root, "services", "both", "image").text == "of-the-home"
    assert drafts.referenced_files.name_of("b/both.yaml", "both.env") == "home/both.env"


def test_what_cannot_be_included_is_told() -> None:
    root, _ = project("include: [gone.yaml, 'https://example.org/a.git', {env_file: a}]\nservices: {}")
    reasons = list(dropped(root).values())
    assert "no file gone.yaml" in reasons[0]
    assert "put a copy beside" in reasons[1]
    assert "names no file" in reasons[2]


def test_the_name_of_the_project_is_a_variable_of_its_files() -> None:
    root, _ = project("name: Shop\nservices: {a: {image: '${COMPOSE_PROJECT_NAME}-web'}}")
    assert entry(root, "services", "a", "image").text == "Shop-web"


def test_what_is_reset_is_not_there() -> None:
    base = "services: {a: {image: i, environment: {A: 1, B: 2}, ports: [80]}, b: {image: j}}"
    over = "services: {a: {environment: {A: !reset null}, ports: !reset []}, b: !reset null}"
    documents = [document for text in (base, over) for document in read_foreign("compose.yaml", text).documents]
    root = ProjectReader(Drafts(), ImportJournal()).read(documents)
    assert [key for key, _ in entry(root, "services").entries()] == ["a"]
    assert [key for key, _ in entry(root, "services", "a").entries()] == ["image", "environment"]
    assert [key for key, _ in entry(root, "services", "a", "environment").entries()] == ["B"]
    assert "'b' is removed by !reset" in [text for _, text in root.journal.notes]
