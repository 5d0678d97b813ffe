"""Claims about merging Compose files and expanding `extends`."""

from __future__ import annotations

from import_results import dropped, field_of

from rohe_iac.importing.compose.merging import expand_services, merge, read_dot_env
from rohe_iac.importing.foreign.journal import Field, ImportJournal
from rohe_iac.importing.foreign.reading import YamlNode
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


class DotEnv(ReferencedFiles):
    """A folder with a file .env and no other."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of .env."""
        del file
        return "TAG=7\n" if path == ".env" else None


def merged(base: object, own: object) -> Field:
    entries = merge(field_of(base).node, field_of(own).node)
    return Field(YamlNode("f", 0, 0, entries=entries), (), ImportJournal())


def texts(field: Field | None) -> list[str]:
    return [item.text for item in field.items()] if field is not None else []


def test_mappings_are_merged_lists_joined_and_scalars_replaced() -> None:
    base = {"image": "a", "ports": [80], "command": ["x"], "deploy": {"replicas": 1, "mode": "m"}}
    field = merged(base, {"image": "b", "ports": [90], "command": ["y"], "deploy": {"replicas": 2}})
    image, deploy = field.get("image"), field.get("deploy")
    assert image is not None
    assert image.text == "b"
    assert (texts(field.get("ports")), texts(field.get("command"))) == (["80", "90"], ["y"])
    assert deploy is not None
    assert [(key, part.text) for key, part in deploy.entries()] == [("replicas", "2"), ("mode", "m")]


def test_a_volume_replaces_the_one_at_its_path() -> None:
    field = merged({"volumes": ["a:/data", "b:/logs"]}, {"volumes": ["c:/data/"]})
    assert texts(field.get("volumes")) == ["b:/logs", "c:/data/"]


def test_an_environment_is_merged_by_name_in_either_syntax() -> None:
    environment = merged({"environment": {"A": 1, "B": 2}}, {"environment": ["B=3", "C"]}).get("environment")
    assert environment is not None
    assert [(key, part.text) for key, part in environment.entries()] == [("A", "1"), ("B", "3"), ("C", "")]


def test_a_service_gets_what_it_extends_and_a_circle_is_dropped() -> None:
    services = field_of({"a": {"extends": "b", "image": "i"}, "b": {"command": "run ${TAG}"}, "c": {"extends": "c"}})
    expand_services(services, {}, ReferencedFiles())
    extended = services.get("a")
    assert extended is not None
    command = extended.get("command")
    assert command is not None
    assert command.text == "run ${TAG}"
    assert dropped(services)["c.extends"] == "it takes over from itself"


def test_the_variables_of_dot_env_are_read() -> None:
    field = field_of({"a": 1})
    assert read_dot_env(field, DotEnv()) == {"TAG": "7"}
    assert read_dot_env(field, ReferencedFiles()) == {}
