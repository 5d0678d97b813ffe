"""No string of a manifest is read as YAML or as a template: it comes out as it went in, in one document."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.manifests.rendering import render_document

HOSTILE = [
    "{{ 7 * 7 }}", "{% raw %}", "{# comment #}", "{{ ''.__class__.__mro__ }}", "{{ name.__init__.__globals__ }}",
    "a: b", "- a", "*alias", "&anchor a", "!!python/object/apply:os.system [id]", "\n---\nkind: Process", "...",
    "'", '"', "\\", "#", "%YAML 1.1", "|", ">", "? a", "yes", "null", "~", "0o17", "1e3", "2026-01-01", "<<", "=",
    "\t", "\x85", "\u2028", "\ufeff", "\x1b[31m", "é\u0301", "$(id)", "`id`", "%(here)s", "", " ", "a\r\nb",
]  # fmt: skip


def _rendered(text: str) -> dict[str, Any]:
    values = {
        "name": "process-web-0", "stack": "desk", "address": text, "instance": text, "command": [text, text],
        "folder": text, "environment": {"A": text, text: "b"}, "paths": {}, "secrets": {"S": text},
        "files": [{"name": "f", "content": text}], "ports": {}, "readiness": None, "startup": 1.0, "limits": {},
    }  # fmt: skip
    template = _Everything(values)
    documents = list(yaml.safe_load_all(render_document("local", "Process", template)))
    assert len(documents) == 1
    return dict(documents[0])


class _Everything(dict[str, Any]):
    """Values of a template; one that this test does not know of is empty."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> Any:
        return None


def _check(text: str) -> None:
    document = _rendered(text)
    assert document["metadata"]["address"] == text
    spec = document["spec"]
    assert (spec["command"], spec["workingDirectory"], spec["secrets"]) == ([text, text], text, {"S": text})
    assert spec["environment"] == {"A": text, text: "b"}
    assert spec["files"] == [{"name": "f", "content": text}]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_string_is_a_string(text: str) -> None:
    _check(text)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40).filter(lambda text: text != "A"))
def test_any_string_is_a_string(text: str) -> None:
    _check(text)
