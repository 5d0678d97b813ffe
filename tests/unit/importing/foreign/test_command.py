"""Claims about images and command lines of foreign services."""

from __future__ import annotations

from typing import Any

from import_results import dropped, field_of, mapped

from rohe_iac.importing.foreign.command import add_command, add_image


def test_a_command_line_is_split_as_a_shell_does() -> None:
    field, service = (
        field_of({"entrypoint": "run 'a b'", "command": ["-c", 1], "working_dir": "/srv"}),
        dict[str, Any](),
    )
    add_command(field, service, "services.a", {"entrypoint": "command", "command": "args"})
    assert service == {"command": ["run", "a b"], "args": ["-c", "1"], "workingDir": "/srv"}
    assert mapped(field)["entrypoint"] == "services.a.command"


def test_an_unclosed_quote_is_a_fault() -> None:
    field, service = field_of({"command": "run 'a"}), dict[str, Any]()
    add_command(field, service, "services.a", {"command": "command"})
    assert service == {}
    assert "not a command line" in field.journal.faults[0].message


def test_an_image_is_the_first_of_the_names_and_has_to_be_one() -> None:
    field, service = field_of({"docker_image": "a:1", "image_name": "b:2"}), dict[str, Any]()
    add_image(field, service, "services.a", "image", "image_name", "docker_image")
    assert service == {"image": "b:2"}
    odd = field_of({"image": "a b"})
    add_image(odd, service, "services.a", "image")
    assert "not the name of an image" in dropped(odd)["image"]
