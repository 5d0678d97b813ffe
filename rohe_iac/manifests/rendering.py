"""Rendering: one Jinja2 template a kind of manifest, in a sandbox, where an undefined name is a fault."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rohe_iac.foundation.errors import RoheError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Several times faster where PyYAML was built with libyaml, as its wheels are; what it gives means the same."""

_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ENDLESS = 2**31 - 1
"""A line width that no value reaches: nothing is folded."""

REMEMBERED = 10_000
"""Texts of values that are remembered before all are forgotten."""

TEMPLATES = Path(__file__).parent / "templates"


class UnrenderableManifest(RoheError):
    """A template and what it was given do not go together; a fault of the template."""


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
    environment.filters["yaml"] = _Written().text
    return environment


class _Written:
    """What values look like as YAML; most of a stack's manifests share most of theirs, and writing them is slow."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], str] = {}

    def text(self, value: Any, indent: int = 0) -> str:
        """`value` as YAML that stands behind `key:`; collections in block style, `indent` blanks deep."""
        key = (repr(value), indent)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[key] = _as_yaml(value, indent)
        return known


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
        # Anchors would tie documents' parts together that a reader edits apart.
        return True


def _quoted_where_odd(dumper: Any, value: str) -> Any:
    # The text is indented line by line afterwards, so no scalar may span lines: whatever is not plainly printable is
    # written with escapes.
    style = None if value.isprintable() and value == value.strip() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _quoted_where_odd)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def render_document(target: str, kind: str, values: dict[str, Any]) -> str:
    """The text of one document: template `<kind>.yaml.j2` of the target's set, filled with `values`.

    Errors: UnrenderableManifest where the template is faulty, lacks a value, or gives no single document.
    """
    try:
        text = _environment(target).get_template(f"{kind.lower()}.yaml.j2").render(**values)
        # Parsed only: what the values mean is not asked, and building them takes longer than all the rest.
        events = list(yaml.parse(text, Loader=_LOADER))
    except (TemplateError, yaml.YAMLError) as error:
        raise UnrenderableManifest(f"the template {target}/{kind.lower()}.yaml.j2 fails", detail=str(error)) from error
    documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
    if documents != 1 or not isinstance(events[2], yaml.MappingStartEvent):
        raise UnrenderableManifest(f"the template {target}/{kind.lower()}.yaml.j2 gives no document")
    # A template's `key: {{ collection }}` leaves a blank before the line break; no scalar ends with one unquoted.
    return "".join(line.rstrip(" ") + "\n" for line in text.rstrip("\n").split("\n"))
