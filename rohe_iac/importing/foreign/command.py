"""What a service runs: its image, its command line and the folder that it starts in."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from rohe_iac.blueprint.language.container import is_image
from rohe_iac.importing.foreign.journal import Field


def take_image(field: Field, service: dict[str, Any], target: str, *names: str) -> None:
    """The image under the first of these names."""
    image = field.get(*names)
    if image is None:
        return
    if not image.is_scalar or not is_image(image.text):
        image.drop("not the name of an image, as registry/name:tag is" if image.is_scalar else "an image is text")
        return
    service["image"] = image.text
    image.to(f"{target}.image")


def take_command(field: Field, service: dict[str, Any], target: str, words: Mapping[str, str]) -> None:
    """Command lines and the working folder. words: what each field is called here, such as entrypoint: command."""
    for source, word in words.items():
        found = field.get(source)
        line = _words(found) if found is not None else []
        if found is not None and line:
            service[word] = line
            found.to(f"{target}.{word}")
    folder = field.get("working_dir")
    if folder is not None and folder.text:
        service["workingDir"] = folder.text
        folder.to(f"{target}.workingDir")


def _words(field: Field) -> list[str]:
    if field.is_list:
        return [item.text for item in field.items()]
    try:
        return shlex.split(field.text)
    except ValueError as error:
        field.fault(f"not a command line: {error}")
        return []
