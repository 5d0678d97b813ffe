"""Rendering: one Jinja2 template a kind of manifest, rendered in a sandbox that refuses undefined names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rohe_iac.foundation.errors import RoheError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml where PyYAML was built with it, as its wheels are: several times faster, with equal results."""

_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ENDLESS = 2**31 - 1
"""A line width that no value reaches, so that nothing is folded."""

REMEMBERED = 10_000
"""Number of YAML texts of values that are cached before the cache is emptied."""

TEMPLATES = Path(__file__).parent / "templates"
"""The folder with one set of templates a target."""


class UnrenderableManifest(RoheError):
    """A template is faulty or lacks a value."""


@cache
def _environment(target: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES / target),
        undefined=StrictUndefined,
        autoescape=False,  # the output is YAML; every value passes the yaml filter
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = _YamlTexts().text
    return environment


class _YamlTexts:
    """A cache of values as YAML: a stack's manifests share most of their values, and writing YAML is slow."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, int], str] = {}

    def text(self, value: Any, indent: int = 0) -> str:
        """Returns `value` as YAML to stand behind `key:`; collections in block style, indented by `indent` blanks."""
        key = (repr(value), indent)
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= REMEMBERED:
                self._texts.clear()
            text = self._texts[key] = _as_yaml(value, indent)
        return text


def _as_yaml(value: Any, indent: int) -> str:
    if isinstance(value, (dict, list, tuple)) and value:
        plain = list(value) if isinstance(value, tuple) else value
        text = yaml.dump(
            plain, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=_ENDLESS
        ).rstrip("\n")
        margin = " " * indent
        return "\n" + "\n".join(margin + line for line in text.split("\n"))
    if isinstance(value, (list, tuple)):
        return "[]"
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=_ENDLESS)
    return text.removesuffix("\n").removesuffix("\n...").removesuffix("...").rstrip("\n")


class _Dumper(_DUMPER):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is the library's
        # An anchor would tie two parts of a document together that people edit separately.
        return True


def _quoted_where_odd(dumper: Any, value: str) -> Any:
    # The text is indented line by line afterwards, so no scalar may span lines: whatever is not plainly printable is
    # written with escapes.
    style = None if value.isprintable() and value == value.strip() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _quoted_where_odd)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def render_document(target: str, kind: str, values: dict[str, Any]) -> str:
    """Renders one document.

    Args:
        target: The name of the folder of templates, `local` or `kubernetes`.
        kind: The document's kind; the template is `<kind>.yaml.j2` in small letters.
        values: The template's values by name.

    Returns:
        The document's text, which ends with a line break and has no blanks at the end of a line.

    Raises:
        UnrenderableManifest: The template is faulty, lacks a value, or does not give exactly one document.
    """
    try:
        text = _environment(target).get_template(f"{kind.lower()}.yaml.j2").render(**values)
        # Events are enough to count documents; constructing the values would take longer than everything else here.
        events = list(yaml.parse(text, Loader=_LOADER))
    except (TemplateError, yaml.YAMLError) as error:
        raise UnrenderableManifest(f"the template {target}/{kind.lower()}.yaml.j2 fails", detail=str(error)) from error
    documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
    if documents != 1 or not isinstance(events[2], yaml.MappingStartEvent):
        raise UnrenderableManifest(f"the template {target}/{kind.lower()}.yaml.j2 gives no document")
    # A template's `key: {{ collection }}` leaves a blank before the line break; no scalar ends with one unquoted.
    return "".join(line.rstrip(" ") + "\n" for line in text.rstrip("\n").split("\n"))
