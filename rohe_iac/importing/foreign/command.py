"""What a service runs: the image, the command line and the working folder."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from rohe_iac.blueprint.language.container import is_image
from rohe_iac.importing.foreign.journal import Field


def add_image(field: Field, service: dict[str, Any], target: str, *names: str) -> None:
    """Adds the image to a service, from the first of these names that the field has."""
    image = field.get(*names)
    if image is None:
        return
    if not image.is_scalar or not is_image(image.text):
        image.drop("not the name of an image, as registry/name:tag is" if image.is_scalar else "an image is text")
        return
    service["image"] = image.text
    image.map_to(f"{target}.image")


def add_command(
    field: Field,
    service: dict[str, Any],
    target: str,
    words: Mapping[str, str],
    written: Callable[[str], str] = str,
) -> None:
    """Adds command lines and the working folder to a service.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
        words: The field of the pipeline's service by the field of the file, such as entrypoint: command.
        written: Returns a word of the file as it is written in a blueprint.
    """
    for source, word in words.items():
        found = field.get(source)
        line = _words(found) if found is not None else []
        if found is not None and line:
            service[word] = [written(text) for text in line]
            found.map_to(f"{target}.{word}")
    folder = field.get("working_dir")
    if folder is not None and folder.text:
        service["workingDir"] = folder.text
        folder.map_to(f"{target}.workingDir")


def _words(field: Field) -> list[str]:
    if field.is_list:
        return [item.text for item in field.items()]
    try:
        return shlex.split(field.text)
    except ValueError as error:
        field.report_fault(f"not a command line: {error}")
        return []
