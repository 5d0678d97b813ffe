"""Claims about merging Compose files and expanding `extends`."""

from __future__ import annotations

from import_results import field_of

from rohe_iac.importing.compose.project.merging import empty_reset_values, merge
from rohe_iac.importing.foreign.journal import Field, ImportJournal
from rohe_iac.importing.foreign.reading import YamlNode, read_foreign


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
    assert texts(field.get("volumes")) == ["c:/data/", "b:/logs"]


def test_a_file_of_variables_keeps_its_place_where_it_is_named_again() -> None:
    field = merged({"env_file": ["a.env", "b.env"]}, {"env_file": ["a.env", "c.env"]})
    assert texts(field.get("env_file")) == ["a.env", "b.env", "c.env"]


def test_an_environment_is_merged_by_name_in_either_syntax() -> None:
    environment = merged({"environment": {"A": 1, "B": 2}}, {"environment": ["B=3", "C"]}).get("environment")
    assert environment is not None
    assert [(key, part.text) for key, part in environment.entries()] == [("A", "1"), ("B", "3"), ("C", "")]


def test_a_value_is_reset_or_replaced_as_a_whole() -> None:
    base = read_foreign("f", "{ports: [80], env: {A: 1}, user: me}").documents[0]
    own = read_foreign("g", "{ports: !override [90], env: !reset {}, user: !reset null}").documents[0]
    empty_reset_values(own)
    found = Field(YamlNode("g", 0, 0, entries=merge(base, own)), (), ImportJournal())
    assert texts(found.get("ports")) == ["90"]
    assert found.get("env") is None
    assert found.get("user") is None
