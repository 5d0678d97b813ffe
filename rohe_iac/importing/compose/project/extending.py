"""Expands `extends` of Compose services, from services of the same file and of other files.

Source: "extends" of the Compose Specification (https://github.com/compose-spec/compose-spec/blob/main/05-services.md).
"""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.importing.compose.project.merging import empty_reset_values, merge
from rohe_iac.importing.compose.project.variables import substitute_in_file
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.project_settings import Variables
from rohe_iac.importing.foreign.reading import Unreadable, YamlNode, read_foreign
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


def services_of(root: YamlNode) -> YamlNode | None:
    """Returns the services of a Compose file; in a file of version 1 those are at its top level."""
    services = (root.entries or {}).get("services")
    return services if services is not None else root if is_first_version(root) else None


def is_first_version(root: YamlNode) -> bool:
    """Checks whether a document is a Compose file of version 1: every entry is a service, and there is no other key."""
    parts = [part for key, part in (root.entries or {}).items() if not key.startswith("x-")]
    named = [{*(part.entries or {})} & {"image", "build", "extends"} for part in parts]
    return bool(parts) and all(named) and not {"services", "include"} & {*(root.entries or {})}


class ServiceExpansion:
    """Expands the services of one file, and of the files whose services it extends.

    Attributes:
        referenced_files: Access to other files.
        variables: The variables of every file, by its name; those of files that are read are added.
        files: The services of other files, by the name of the file.
        done: Services whose `extends` was expanded, by the name of their file and their key.
    """

    def __init__(self, referenced_files: ReferencedFiles, variables: dict[str, Variables]) -> None:
        self.referenced_files = referenced_files
        self.variables = variables
        self.files: dict[str, dict[str, Field]] = {}
        self.done: set[tuple[str, str]] = set()

    def expand(self, services: Field) -> None:
        """Expands `extends` of all services of a file, in place."""
        own = dict(services.entries())
        file = services.place.file
        for key, field in own.items():
            self._extend((file, key), field, own, ())

    def _extend(
        self, name: tuple[str, str], field: Field, others: Mapping[str, Field], around: tuple[tuple[str, str], ...]
    ) -> None:
        """Merges a service over the service that it extends, which is expanded first.

        Args:
            name: The name of the service's file and its key.
            field: The service.
            others: The services of its file, by key.
            around: The services whose `extends` led here.
        """
        extends = field.get("extends") if field.is_mapping else None
        if extends is None or name in self.done:
            return
        self.done.add(name)
        named, file = (extends.get("service"), extends.get("file")) if extends.is_mapping else (extends, None)
        service_name, where = named.text if named is not None else "", name[0]
        if file is not None:
            where = self.referenced_files.name_of(extends.place.file, file.text)
            if where != name[0]:
                others = self._read(where, extends, file.text)
        base = others.get(service_name)
        if base is None or not base.is_mapping:
            there = f"in {file.text[:60]}, or no such file" if file is not None else "here"
            extends.drop(f"there is no such service {there}; `docker compose config` prints a file that is whole")
            return
        if (where, service_name) in (name, *around):
            extends.drop("the service extends itself")
            return
        self._extend((where, service_name), base, others, (*around, name))
        field.node.entries = merge(base.node, field.node, ("extends",))
        field.node.by_spelling = None
        extends.map_to(f"written out: what it has of '{service_name[:60]}'")

    def _read(self, name: str, extends: Field, path: str) -> dict[str, Field]:
        """Returns the services of another file, with places in that file. path: as it is written in `extends`."""
        if name not in self.files:
            found: dict[str, Field] = {}
            self.files[name] = found
            self.variables[name] = self.variables.get(extends.place.file, Variables())
            text = self.referenced_files.yaml_text(extends.place.file, path)
            try:
                documents = read_foreign(name, text or "").documents
            except Unreadable as error:
                extends.journal.faults.append(error.fault)
                documents = []
            for document in documents:
                substitute_in_file(Field(document, (), extends.journal), self.variables[name].values, set())
                empty_reset_values(document)
                services = services_of(document)
                if services is not None:
                    found |= dict(Field(services, ("services",), extends.journal).entries())
        return self.files[name]
