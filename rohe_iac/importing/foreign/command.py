"""What a service runs: the image, the command line and the working folder."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from rohe_iac.blueprint.language.container import is_image
from rohe_iac.importing.foreign.command_secrets import LONGEST_LINE, READABLE, secret_in_command
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.variables.substitution import UNFILLED

WITHOUT_PROGRAM = "the words before it are left out, and it would follow others"


def add_image(field: Field, service: dict[str, Any], target: str, *names: str) -> None:
    """Adds the image to a service, from the first of these names that the field has."""
    image = field.get(*names)
    if image is None:
        return
    if not image.is_scalar or not is_image(image.text):
        reason = "not the name of an image, as registry/name:tag is" if image.is_scalar else "an image is text"
        done = image.node.substitution
        image.drop(f"{UNFILLED}: {reason}" if done is not None and done.is_unfilled else reason)
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
    """Adds command lines and the working folder to a service; a line with a secret in it is dropped.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
        words: The field of the pipeline's service by the field of the file, such as entrypoint: command.
        written: Returns a word of the file as it is written in a blueprint.
    """
    line: list[str] = []
    is_whole = True
    for source, word in words.items():
        found = field.get(source)
        part = words_of(found) if found is not None else []
        if found is None or not part:
            continue
        line += part
        secret = secret_in_command(line) if is_whole else ""
        if secret or not is_whole:
            secret = secret or secret_in_command(part)
            found.drop(READABLE.format(secret) if secret else WITHOUT_PROGRAM)
            is_whole = False
            continue
        service[word] = [written(text) for text in part]
        found.map_to(f"{target}.{word}")
    folder = field.get("working_dir")
    if folder is not None and folder.text:
        service["workingDir"] = folder.text
        folder.map_to(f"{target}.workingDir")


def words_of(field: Field) -> list[str]:
    """Returns the words of a command line, a list or one text; none after reporting one that a shell cannot read."""
    if field.is_list:
        return [item.raw for item in field.items()]
    if len(field.text) > LONGEST_LINE:
        field.report_fault(f"a command line of more than {LONGEST_LINE} characters: write it as a list of words")
        return []
    try:
        return shlex.split(field.text)
    except ValueError as error:
        field.report_fault(f"not a command line: {error}")
        return []
