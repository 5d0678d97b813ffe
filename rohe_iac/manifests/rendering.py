"""Rendering: one Jinja2 template a kind of manifest, rendered in a sandbox that refuses undefined names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.yaml_text import YamlText, block_text, flow_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml where PyYAML was built with it, as its wheels are: several times faster, with equal results."""

TEMPLATES = Path(__file__).parent / "templates"
"""The folder with one set of templates a target."""


class UnrenderableManifest(RoheError):
    """A template is faulty or lacks a value."""


def _only_yaml(value: Any) -> YamlText:
    """Returns what a template prints, which has to come from one of the filters that quote."""
    if not isinstance(value, YamlText):
        raise TemplateError("a value is printed without the filter yaml or flow")
    return value


@cache
def _template(target: str, kind: str) -> Template:
    return _environment(target).get_template(f"{kind.lower()}.yaml.j2")


@cache
def _environment(target: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES / target),
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


def render_document(target: str, kind: str, values: dict[str, Any]) -> str:
    """Renders one document.

    Every value passes a filter that quotes it, so no value can end its place in the template. What is left to check is
    the template itself; that is done for the first document of each form.

    Args:
        target: The name of the folder of templates, `local` or `kubernetes`.
        kind: The document's kind; the template is `<kind>.yaml.j2` in small letters.
        values: The template's values by name.

    Returns:
        The document's text, which ends with a line break and has no blanks at the end of a line.

    Raises:
        UnrenderableManifest: The template is faulty, lacks a value, prints one unquoted, or does not give exactly one
            document.
    """
    try:
        text = _template(target, kind).render(values)
        form = (target, kind, *((name, _form(value)) for name, value in values.items()))
        if form not in _CHECKED:
            _check_document(target, kind, text)
            _CHECKED.add(form)
    except (TemplateError, yaml.YAMLError) as error:
        raise UnrenderableManifest(f"the template {target}/{kind.lower()}.yaml.j2 fails", detail=str(error)) from error
    # A template's `key: {{ collection }}` leaves a blank before the line break; no scalar ends with one unquoted, and
    # none has a line break.
    return text.rstrip("\n").replace(" \n", "\n") + "\n"


_CHECKED: set[tuple[Any, ...]] = set()
"""The forms of which a document was read back: target, kind, and for each value its name and its form."""


def _form(value: Any) -> str:
    """Returns what decides which parts of a template a value takes: whether it is empty, and how it is laid out."""
    if not value:
        return "empty"
    return "collection" if isinstance(value, dict | list | tuple) else "scalar"


def _check_document(target: str, kind: str, text: str) -> None:
    # Events are enough to count documents; constructing the values would take longer than everything else here.
    events = list(yaml.parse(text, Loader=_LOADER))
    documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
    if documents != 1 or not isinstance(events[2], yaml.MappingStartEvent):
        raise UnrenderableManifest(f"the template {target}/{kind.lower()}.yaml.j2 gives no document")
