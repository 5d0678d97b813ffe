"""Own templates: templates of a repository that replace those of rohe, or add objects of their own.

A template of the name of a shipped one replaces it. Any other is rendered once a stack, workload or replica, as the
beginning of its name says, and adds an object unless it renders to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from rohe_iac.manifests.attachments import TEMPLATE_FOLDER
from rohe_iac.manifests.kubernetes.pod.once import MAKES_PODS
from rohe_iac.manifests.rendering import TEMPLATES, TemplateSet, UnrenderableManifest, template_of, template_set

SCOPES = ("stack", "workload", "replica")
"""What a template that adds objects is rendered once for; its name begins with the word and a hyphen."""

DOCUMENTS_OF_ROHE = frozenset(("broker.yaml.j2", "credential.yaml.j2"))
"""Templates of documents that tell rohe what Secrets to make; they are no objects of the cluster."""


@dataclass(frozen=True)
class OwnTemplates:
    """The templates of a cluster with those of a repository in front.

    Attributes:
        texts: Texts of the repository's templates by name.
    """

    texts: Mapping[str, str]

    @cached_property
    def _templates(self) -> TemplateSet:
        return template_set("kubernetes", frozenset(self.texts.items()), TEMPLATE_FOLDER)

    def check_names(self) -> None:
        """Raises UnrenderableManifest where a template neither replaces one nor says what it is rendered for."""
        shipped = {path.name for path in (TEMPLATES / "kubernetes").glob("*.j2")} - DOCUMENTS_OF_ROHE
        for name in sorted(self.texts.keys() - shipped):
            if name.partition("-")[0] not in SCOPES:
                raise UnrenderableManifest(
                    f"the template {TEMPLATE_FOLDER}/{name} replaces none, and does not say what it is for",
                    hint=f"begin its name with {', '.join(f'{scope}-' for scope in SCOPES[:-1])} or {SCOPES[-1]}-, "
                    f"or name it as one of {', '.join(sorted(shipped))}",
                )

    def document(self, kind: str, values: Mapping[str, Any]) -> str:
        """Returns the document of an object of rohe; "" where a template of the repository leaves it out.

        Raises:
            UnrenderableManifest: The template fails, or gives another object.
        """
        name = template_of(kind)
        text = self._templates.render(name, values)
        if name not in self.texts:
            return text
        if not text.strip():
            if kind in MAKES_PODS:
                raise UnrenderableManifest(f"the template {TEMPLATE_FOLDER}/{name} leaves out {values['object']}")
            return ""
        found = self._object(name, text)
        if found != (kind, values["object"]):
            raise UnrenderableManifest(
                f"the template {TEMPLATE_FOLDER}/{name} gives {found[0]} {found[1]}, not {kind} {values['object']}"
            )
        return text

    def additions(self, scope: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Yields kind, name and text of each object that the repository's templates add once for a scope.

        Args:
            scope: One of SCOPES.
            values: The values of the templates by name.

        Raises:
            UnrenderableManifest: A template fails, or gives no object.
        """
        for name in sorted(self.texts):
            if name.startswith(f"{scope}-"):
                text = self._templates.render(name, values)
                if text.strip():
                    yield (*self._object(name, text), text)

    def _object(self, name: str, text: str) -> tuple[str, str]:
        """Returns kind and name of the object that a document describes."""
        try:
            document = yaml.safe_load(text)
            kind, called = document["kind"], document["metadata"]["name"]
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise UnrenderableManifest(
                f"the template {TEMPLATE_FOLDER}/{name} gives no object with kind and metadata.name", detail=str(error)
            ) from error
        if not isinstance(kind, str) or not isinstance(called, str):
            raise UnrenderableManifest(f"the template {TEMPLATE_FOLDER}/{name} gives an object without a name")
        return kind, called
