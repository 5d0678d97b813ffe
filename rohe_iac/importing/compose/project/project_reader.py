"""Reads the Compose files of one project into one: variables, `include`, `extends`, and one file over another.

Source: "Include" and "Merge and override" of the Compose Specification
(https://github.com/compose-spec/compose-spec/blob/main/14-include.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from rohe_iac.importing.compose.project.extending import ServiceExpansion, is_first_version
from rohe_iac.importing.compose.project.known_variables import included_variables, known_variables
from rohe_iac.importing.compose.project.merging import empty_reset_values, merge
from rohe_iac.importing.compose.project.project_name import NAME, project_name
from rohe_iac.importing.compose.project.variables import substitute_in_file
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field, ImportJournal
from rohe_iac.importing.foreign.project_settings import Variables
from rohe_iac.importing.foreign.reading import Unreadable, YamlNode, key_text, read_foreign
from rohe_iac.importing.foreign.variables.expansion import substitute

OWN_ONLY = ("name", "include", "version")
"""Entries of an included file that say nothing of the project that includes it."""


FIRST_VERSION = "a file of version 1, whose top level is its services"


INCLUDED = "the included file is imported as part of the project"


REMOTE = "it is fetched from elsewhere: put a copy beside this file and include that"


class ProjectReader:
    """Reads the files of one project.

    Attributes:
        drafts: The drafts of the import, with access to other files and what the user says.
        journal: What became of every field.
        services: Expands services.
        included: Included files that are read, by their names and the names of their files of variables.
        is_alone: Whether the project has one file beside those that are included.
    """

    def __init__(self, drafts: Drafts, journal: ImportJournal) -> None:
        self.drafts = drafts
        self.journal = journal
        self.services = ServiceExpansion(drafts.referenced_files, drafts.variables)
        self.included: dict[tuple[str, ...], YamlNode | None] = {}
        self.is_alone = True

    def read(self, documents: Sequence[YamlNode]) -> Field:
        """Returns the documents of one project as one. The first has the folder that all paths are relative to."""
        files, settings = self.drafts.referenced_files, self.drafts.settings
        first = documents[0].file
        for document in documents[1:]:
            if PurePath(document.file).parent != PurePath(first).parent:
                files.set_folder(document.file, files.folder_of(first))
        known = known_variables(first, files, settings)
        names = [(document.entries or {}).get("name") for document in documents]
        named = [substitute(key_text(node.value), known.values).text for node in names if node and node.value]
        name = project_name(first, next(filter(None, reversed(named)), ""), self.drafts, known)
        variables = replace(known, values={**known.values, NAME: name})
        self.is_alone = len(documents) == 1
        root = Field(self._merged(documents, variables, ()), (), self.journal)
        _remove_reset_entries(root)
        return root

    def _merged(self, documents: Sequence[YamlNode], variables: Variables, around: tuple[str, ...]) -> YamlNode:
        """Returns one document over the other. around: the files whose `include` led here."""
        whole: YamlNode | None = None
        for document in documents:
            self.drafts.variables[document.file] = variables
            resolved = self._resolved(document, variables, (*around, document.file))
            if whole is not None:
                resolved = YamlNode(whole.file, whole.line, whole.column, entries=merge(whole, resolved))
            whole = resolved
        assert whole is not None
        return whole

    def _resolved(self, document: YamlNode, variables: Variables, around: tuple[str, ...]) -> YamlNode:
        """Returns a document with its variables, `extends` and `include` resolved."""
        if is_first_version(document):
            extensions = {key: part for key, part in (document.entries or {}).items() if key.startswith("x-")}
            services = {key: part for key, part in (document.entries or {}).items() if key not in extensions}
            inner = YamlNode(document.file, document.line, document.column, entries=services)
            document = YamlNode(
                document.file, document.line, document.column, entries={"services": inner, **extensions}
            )
            Field(document, (), self.journal).note(FIRST_VERSION)
        root = Field(document, (), self.journal)
        substitute_in_file(root, variables.values, set())
        empty_reset_values(document)
        services_field = root.get("services")
        if services_field is not None:
            self.services.expand(services_field)
        include = root.get("include")
        is_listed = self.is_alone and len(around) == 1
        for item in include.as_list() if include is not None else []:
            found, reason = self._include(item, variables, around)
            if not is_listed:
                # Another file has entries of the same path, so that this one is told of by its place alone.
                item.note(f"include: {reason or INCLUDED}")
            elif reason:
                item.drop(reason)
            else:
                item.map_to(INCLUDED)
            if found is not None:
                document = YamlNode(document.file, document.line, document.column, entries=merge(found, document))
        if include is not None and not is_listed:
            entries = {key: part for key, part in (document.entries or {}).items() if key != "include"}
            document = YamlNode(document.file, document.line, document.column, entries=entries)
        return document

    def _include(self, item: Field, variables: Variables, around: tuple[str, ...]) -> tuple[YamlNode | None, str]:
        """Returns what an entry of `include` has; None with the reason where it is not imported."""
        files, file = self.drafts.referenced_files, item.place.file
        path, folder, env_file = (
            (item.get("path"), item.get("project_directory"), item.get("env_file"))
            if item.is_mapping
            else (item, None, None)
        )
        paths = [part.text for part in path.as_list() if part.text] if path is not None else []
        names = [files.name_of(file, text) for text in paths]
        if not names or any("://" in text or text.startswith(("oci:", "git@")) for text in paths):
            return None, REMOTE if names else "it names no file"
        if set(names) & set(around):
            return None, "the file includes itself"
        env_names = [part.text for part in env_file.as_list()] if env_file is not None else []
        key = (*names, "", *env_names, folder.text if folder is not None else "")
        if key not in self.included:
            self.included[key] = None
            texts = [files.yaml_text(file, text) for text in paths]
            if None in texts:
                return None, f"there is no file {paths[texts.index(None)][:60]}, so nothing of it is imported"
            env_texts = [files.text(file, text) for text in env_names]
            if None in env_texts:
                absent = env_names[env_texts.index(None)]
                item.note(f"the file {absent[:60]} is left out: {files.why_absent(file, absent)}")
            documents = self._documents(names, [text or "" for text in texts])
            home = files.name_of(file, folder.text) if folder is not None else PurePath(names[0]).parent.as_posix()
            for name in names:
                files.set_folder(name, home)
            if not env_names:
                env_texts = [files.text(names[0], ".env")]
            inner = included_variables([text for text in env_texts if text is not None], variables)
            if documents:
                found = self._merged(documents, inner, around)
                entries = {key: part for key, part in (found.entries or {}).items() if key not in OWN_ONLY}
                self.included[key] = YamlNode(found.file, found.line, found.column, entries=entries)
        return self.included[key], ""

    def _documents(self, names: list[str], texts: list[str]) -> list[YamlNode]:
        found: list[YamlNode] = []
        for name, text in zip(names, texts, strict=True):
            try:
                read = read_foreign(name, text)
            except Unreadable as error:
                self.journal.faults.append(error.fault)
            else:
                found += [document for document in read.documents if document.entries is not None]
                self.journal.notes += read.notes
        return found


def _remove_reset_entries(field: Field) -> None:
    """Removes every entry with the tag `!reset`, which no file over it has set again, in place."""
    node = field.node
    for key, part in field.entries():
        if part.node.tag == "!reset" and node.entries is not None:
            del node.entries[key]
            node.by_spelling = None
            part.note(f"'{key[:60]}' is removed by !reset")
        else:
            _remove_reset_entries(part)
    if node.items is not None:
        node.items = [item for item in node.items if item.tag != "!reset"]
    for item in field.items():
        _remove_reset_entries(item)
