"""Every command of the table is a documented function of the folder of its group."""

from __future__ import annotations

import importlib
import inspect
import keyword

import pytest

from rohe_iac.cli.main import COMMANDS


@pytest.mark.parametrize(("command", "group"), COMMANDS.items(), ids=COMMANDS)
def test_a_command_is_a_function_whose_help_has_an_example(command: str, group: str) -> None:
    name = command.replace(" ", "_").replace("-", "_")
    name += "_" if keyword.iskeyword(name) else ""
    function = getattr(importlib.import_module(f"rohe_iac.cli.commands.{group}.{name}"), name)
    assert "Example:" in inspect.getdoc(function)
    assert f"`rohe {command.rstrip('_')}" in inspect.getdoc(function) or command in ("agent run", "stand-in run")


@pytest.mark.parametrize("group", sorted(set(COMMANDS.values())))
def test_a_group_says_what_its_commands_are_for(group: str) -> None:
    purpose = importlib.import_module(f"rohe_iac.cli.commands.{group}").__doc__
    assert purpose is not None
    for command in (command for command, owner in COMMANDS.items() if owner == group):
        assert f"`{command}`" in purpose
