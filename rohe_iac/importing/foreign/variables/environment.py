"""Variables that a service is given: their names with their values, of which those that look secret become secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rohe_iac.blueprint.text.env_file import read_env_file
from rohe_iac.blueprint.text.secret_text import has_secret_name, is_secret, looks_secret
from rohe_iac.foundation.names import is_variable
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.project_settings import Variables
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.variables.expansion import holds_secret, note_values, substitute, whole_variable
from rohe_iac.importing.foreign.variables.secret_references import reference
from rohe_iac.importing.foreign.variables.substitution import UNFILLED, Substitution

NOT_COPIED = "the value may hold a secret, and is not copied"


UNSET = "{0} has no value here: set it where `rohe apply` runs, or leave it out; Docker Compose leaves it unset then"


NOTHING = Variables()


NO_FILES: Mapping[str, Variables] = {}


def add_environment(
    field: Field,
    service: dict[str, Any],
    target: str,
    referenced_files: ReferencedFiles,
    variables: Mapping[str, Variables] = NO_FILES,
    references: dict[str, str] | None = None,
) -> list[tuple[Field, str]]:
    """Adds `environment`, a mapping or a list of NAME=VALUE, and the files of `env_file` to a service's `env`.

    Values of `environment` replace those of the files. Returns the values of the files, each with the entry that names
    its file, for they may have addresses of other services.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
        referenced_files: Access to the files of `env_file`.
        variables: The variables of every file, by its name.
        references: What stands for the secret by the variable that `rohe apply` reads it from, in all services; added
            to.
    """
    given = {} if references is None else references
    owner = str(service.get("name", "service"))
    listed = field.get("environment", "env")
    env: dict[str, Any] = {}
    read: dict[str, str] = {}
    texts: list[tuple[Field, str]] = []
    for name, written, part in variables_of_files(field, referenced_files):
        known = variables.get(part.place.file, NOTHING)
        done = substitute(written, {**read, **known.values}, keep_secrets=True) if written is not None else None
        text = done.text if done is not None else known.passed(name)
        if done is None:
            done = _passed_secret(name, text)
        if text is not None:
            read[name] = text
            texts.append((part, text))
        value = _value(name, text, part, done, owner, given)
        if value is not None:
            env[name] = value
            part.map_to(f"{target}.env")
    for name, text, part in _pairs(listed) if listed is not None else []:
        done = part.node.substitution
        if text is None and not (part.is_mapping or part.is_list):
            text = variables.get(part.place.file, NOTHING).passed(name)
            done = _passed_secret(name, text) or done
        value = _value(name, text, part, done, owner, given)
        if value is not None:
            env[name] = value
            part.map_to(f"{target}.env.{name}")
    if env:
        service["env"] = env
    return texts


def substitute_references(field: Field) -> None:
    """Substitutes the variables of an `environment` that an export wrote: `${NAME}` alone stands for a secret."""
    listed = field.get("environment", "env")
    for name, text, part in _pairs(listed) if listed is not None else []:
        if text and "$" in text:
            done = substitute(text)
            variable = whole_variable(text)
            part.node.substitution = replace(done, kept=[variable] if variable else [])
            part.node.value = done.text if part.raw == text else f"{name}={done.text}"


def variables_of_files(field: Field, referenced_files: ReferencedFiles) -> list[tuple[str, str | None, Field]]:
    """Returns the variables of all files that `env_file` names, in order: name, value, the entry with the file.

    The value is None where the file has a name alone.
    """
    env_file = field.get("env_file")
    found: list[tuple[str, str | None, Field]] = []
    if env_file is None:
        return found
    for item in env_file.as_list():
        named = item.get("path") if item.is_mapping else item
        text = referenced_files.text(item.place.file, named.text) if named is not None and named.text else None
        if text is None:
            why = referenced_files.why_absent(item.place.file, named.text) if named is not None else "it names no file"
            item.drop(f"{why}; write its variables under env")
            continue
        written = item.get("format") if item.is_mapping else None
        read = read_env_file(text, raw=written is not None and written.text == "raw", dollar="$$")
        found += [(name, value, item) for name, value in read.variables]
        item.note("the variables of the file are written out")
        for oddity in read.oddities:
            item.note(f"{named.text if named is not None else ''}: {oddity.text}: {oddity.effect}")
    return found


def _pairs(variables: Field) -> list[tuple[str, str | None, Field]]:
    if variables.is_mapping:
        return [(key, part.raw if part.is_scalar else None, part) for key, part in variables.entries()]
    pairs: list[tuple[str, str | None, Field]] = []
    for item in variables.as_list():
        name, sign, text = item.raw.partition("=")
        pairs.append((name, text if sign else None, item))
    return [pair for pair in pairs if pair[0]]


def _passed_secret(name: str, value: str | None) -> Substitution | None:
    """Returns what NAME alone stands for, ${NAME}, where the value passed is a secret: both are read as one."""
    if value is None:
        return None
    done = substitute(f"${{{name}}}", {name: value}, keep_secrets=True)
    return done if done.kept else None


def _value(
    name: str, text: str | None, part: Field, done: Substitution | None, owner: str, given: dict[str, str]
) -> str | dict[str, str] | None:
    """Returns the value of a variable, text or a reference to a secret; None where the variable is dropped.

    Args:
        name: The name of the variable.
        text: The value, with its variables substituted; None where there is none.
        part: The entry of the file.
        done: What became of the variables in the value; None where it has none.
        owner: The name of the service.
        given: What stands for the secret by the variable that it is read from, added to.
    """
    if not is_variable(name):
        part.drop("not the name of a variable: letters, digits and _, not beginning with a digit")
        return None
    if text is None:
        if part.is_mapping or part.is_list:
            part.drop("a variable is text")
            return None
        part.note(UNSET.format(name))
        return {"secret": f"env:{name}"}
    if not text and (done is None or not (holds_secret(done) or (done.missing and has_secret_name(name)))):
        if done is not None:
            note_values(part, done)
        return ""
    if name.upper().endswith("_FILE") and text.startswith("/") and not looks_secret(text):
        return text
    if done is not None and (holds_secret(done) or (done.missing and has_secret_name(name))):
        # The value may not be copied: it comes from the environment of `rohe apply`.
        written = done.written.removeprefix(f"{name}=")
        whole = whole_variable(written)
        source = whole or name
        if not _is_name(source):
            part.drop(f"{UNFILLED}; write it out, or as {{secret: env:NAME}}")
            return None
        source = reference(source, f"${whole or written}", owner, given)
        if done.kept or not whole:
            part.note(f"{NOT_COPIED}: set {source} where `rohe apply` runs")
        return {"secret": f"env:{source}"}
    if is_secret(name, text) and _is_name(name):
        source = reference(name, text, owner, given)
        part.note(f"it looks like a secret, so its value is not copied: set {source} where `rohe apply` runs")
        return {"secret": f"env:{source}"}
    if done is not None:
        note_values(part, done)
    return text


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
