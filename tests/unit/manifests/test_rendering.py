"""Claims about how manifests are rendered."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.foundation.topics import Grants
from rohe_iac.manifests.rendering import UnrenderableManifest, render_document

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def credential(publish: tuple[str, ...]) -> str:
    values = {"name": "credential-classify", "stack": "digits", "client": "classify", "granted": Grants(publish, ())}
    return render_document("local", "Credential", values)


@given(environment=st.dictionaries(st.text(), st.text(), max_size=4), command=st.lists(st.text(), max_size=4))
def test_whatever_a_value_holds_it_comes_back_as_it_was(environment: dict[str, str], command: list[str]) -> None:
    values = {
        "name": "process-a", "instance": "a", "stack": "s", "address": "replica/p:a/0", "command": command,
        "folder": ".", "environment": environment, "paths": {}, "secrets": {}, "files": [], "ports": {},
        "readiness": None, "startup": 30.0, "limits": {},
    }  # fmt: skip
    spec = yaml.safe_load(render_document("local", "Process", values))["spec"]
    assert spec["environment"] == environment
    assert spec["command"] == command


def test_a_value_that_looks_like_a_template_is_only_text() -> None:
    document = yaml.safe_load(credential(("{{ 7 * 7 }}", "{% for x in y %}")))
    assert document["spec"]["publish"] == ["{{ 7 * 7 }}", "{% for x in y %}"]


def test_a_template_that_lacks_a_value_is_a_fault_and_not_an_empty_word() -> None:
    with pytest.raises(UnrenderableManifest, match="credential"):
        render_document("local", "Credential", {"name": "credential-x", "stack": "s"})


def test_the_same_values_give_the_same_bytes() -> None:
    assert credential(("a", "b")) == credential(("a", "b"))
