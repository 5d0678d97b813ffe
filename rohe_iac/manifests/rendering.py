"""Rendering: one Jinja2 template a kind of manifest, rendered in a sandbox that refuses undefined names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.manifests.yaml_text import YamlText, block_text, flow_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml where PyYAML was built with it, as its wheels are: several times faster, with equal results."""

TEMPLATES = Path(__file__).parent / "templates"
"""The folder with one set of templates a target."""


class UnrenderableManifest(RoheError):
    """A template is faulty or lacks a value."""

    exit_code = ExitCode.INVALID


def _only_yaml(value: Any) -> YamlText:
    """Returns what a template prints, which has to come from one of the filters that quote."""
    if not isinstance(value, YamlText):
        raise TemplateError("a value is printed without the filter yaml or flow")
    return value


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=False,  # the output is YAML
        finalize=_only_yaml,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = block_text
    environment.filters["flow"] = flow_text
    return environment


@dataclass(eq=False)
class TemplateSet:
    """The templates of a target, with those of a repository in front.

    Attributes:
        target: The name of the folder of templates, `local` or `kubernetes`.
        own: Texts of the repository's templates by name; one of the name of a shipped template replaces it, and may
            include it as `rohe/NAME`.
        place: Where these are, for messages.
    """

    target: str
    own: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    _checked: set[tuple[Any, ...]] = field(default_factory=set, init=False, repr=False)

    @cached_property
    def environment(self) -> ImmutableSandboxedEnvironment:
        """Returns the environment of Jinja2."""
        shipped = FileSystemLoader(TEMPLATES / self.target)
        own = DictLoader(dict(self.own))
        return _environment(ChoiceLoader([own, PrefixLoader({"rohe": shipped}), shipped]))

    def path(self, name: str) -> str:
        """Returns where the template of that name is, for messages."""
        return f"{self.place}/{name}" if name in self.own else f"{self.target}/{name}"

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Renders one template; its text may be empty where the template is one of the repository's.

        Every value passes a filter that quotes it, so no value can end its place in the template. What is left to check
        is the template itself; that is done for the first document of each form.

        Args:
            name: The name of the template.
            values: The template's values by name.

        Returns:
            The document's text, which ends with a line break and has no blanks at the end of a line.

        Raises:
            UnrenderableManifest: The template is faulty, lacks a value, prints one unquoted, or does not give exactly
                one document.
        """
        try:
            text = self.environment.get_template(name).render(values)
            form = (name, *((key, _form(value)) for key, value in values.items()))
            if form not in self._checked and (text.strip() or name not in self.own):
                _check_document(self.path(name), text)
                self._checked.add(form)
        except TemplateSyntaxError as error:
            place = f"line {error.lineno}: {error.message}"
            raise UnrenderableManifest(f"the template {self.path(name)} fails", detail=place) from error
        except (TemplateError, yaml.YAMLError, TypeError, ValueError, ArithmeticError) as error:
            # The expressions of a repository's own template may fail in these ways as well.
            raise UnrenderableManifest(f"the template {self.path(name)} fails", detail=str(error)) from error
        # A template's `key: {{ collection }}` leaves a blank before the line break; no scalar ends with one unquoted,
        # and none has a line break.
        return text.rstrip("\n").replace(" \n", "\n") + "\n"


@lru_cache(maxsize=16)
def template_set(target: str, own: frozenset[tuple[str, str]] = frozenset(), place: str = "") -> TemplateSet:
    """Returns the templates of a target, which are compiled once in a process, however often a plan is rendered.

    Args:
        target: As in `TemplateSet`.
        own: Names and texts of the repository's templates.
        place: As in `TemplateSet`.
    """
    return TemplateSet(target, dict(own), place)


def render_document(target: str, kind: str, values: Mapping[str, Any]) -> str:
    """Renders one document by the shipped template of its kind.

    Args:
        target: The name of the folder of templates, `local` or `kubernetes`.
        kind: The document's kind; the template is `<kind>.yaml.j2` in small letters.
        values: The template's values by name.

    Raises:
        UnrenderableManifest: As `TemplateSet.render` raises it.
    """
    return template_set(target).render(template_of(kind), values)


def template_of(kind: str) -> str:
    """Returns the name of the template of a kind of documents."""
    return f"{kind.lower()}.yaml.j2"


def _form(value: Any) -> str:
    """Returns what decides which parts of a template a value takes: whether it is empty, and how it is laid out."""
    if not value:
        return "empty"
    return "collection" if isinstance(value, dict | list | tuple) else "scalar"


def _check_document(path: str, text: str) -> None:
    # Events are enough to count documents; constructing the values would take longer than everything else here.
    events = list(yaml.parse(text, Loader=_LOADER))
    documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
    if documents != 1 or not isinstance(events[2], yaml.MappingStartEvent):
        raise UnrenderableManifest(f"the template {path} does not give one document")
