"""Values that a command line gives to a stack: files with `-f`, single ones with `--set`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic_core import PydanticCustomError

from rohe_iac.blueprint.documents.discovery import read_file
from rohe_iac.blueprint.documents.given_value import GivenValue
from rohe_iac.blueprint.language.stack import refuse_secret
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.blueprint.text.written_numbers import texts_of_numbers
from rohe_iac.foundation.errors import UsageError

LONGEST = 4_000
"""The longest value of `--set`, in characters."""

NOT_VALUES = (
    "-f takes a file with a mapping of values by name, as in cameras: 4; a folder of blueprints is named by -C DIR "
    "before the command"
)
"""What to do where `-f` names something else, such as a document, as it does for other tools."""


def given_values(folder: Path, files: Sequence[Path], settings: Sequence[str]) -> dict[str, GivenValue]:
    """Returns the values by name: files in their order, then single values; a later one replaces an earlier one.

    Args:
        folder: the folder that the names of files start from.
        files: YAML files, each with one mapping of values.
        settings: single values as NAME=VALUE; the value is YAML, such as `4`, `true`, `[a, b]` or text.

    Raises:
        UsageError: a file cannot be read, a value is malformed, or one is a secret.
    """
    values: dict[str, GivenValue] = {}
    for file in files:
        values |= _values_in(folder, file)
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"'{text[:60]}' is not NAME=VALUE", hint="write it as --set cameras=4")
        values[name] = _value(name, value)
    _refuse_secrets(values)
    return values


def _values_in(folder: Path, file: Path) -> dict[str, GivenValue]:
    path = (Path.cwd() / folder / file).resolve()
    if not os.path.exists(path):  # where a method of pathlib raises for a name that is too long
        raise UsageError(f"there is no file {file}", hint=f"its path starts at {folder.absolute()}; {NOT_VALUES}")
    read = read_file(path.parent, path)
    if read.source is None:
        raise UsageError(f"cannot read {file}: {read.faults[0].message}", hint=NOT_VALUES)
    parsed = read.source.parsed
    found = [value for value in parsed.values if value is not None]
    if len(found) == 1 and isinstance(found[0], dict) and not {"apiVersion", "kind"} & found[0].keys():
        (parsed_document,) = (item for item in parsed.documents if item.value is found[0])
        texts = texts_of_numbers(read.source.text, parsed_document, found[0])
        return {
            name: GivenValue(value, f"-f {file}", {path[1:]: text for path, text in texts.items() if path[0] == name})
            for name, value in found[0].items()
        }
    if len(parsed.values) == len(parsed.documents) and not found:
        return {}
    raise UsageError(f"{file} is not a mapping of values", hint=NOT_VALUES)


def _value(name: str, text: str) -> GivenValue:
    """Returns the value of one setting; text that is no YAML is text."""
    if len(text) > LONGEST:
        raise UsageError(f"the value of {name[:63]} has more than {LONGEST:,} characters", hint="write it into a file")
    parsed = read_plain(text)
    if len(parsed.values) != 1 or parsed.values[0] is None:
        return GivenValue(text)
    value = parsed.values[0]
    return GivenValue(value, texts=texts_of_numbers(text, parsed.documents[0], value))


def _refuse_secrets(values: Mapping[str, GivenValue]) -> None:
    for name, given in values.items():
        try:
            refuse_secret(name, given.value)
        except PydanticCustomError as error:
            context = error.context or {}
            raise UsageError(str(context.get("message", error)), hint=str(context.get("hint", ""))) from error
