"""Claims about how manifests are rendered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.meta import find_undeclared_variables

from rohe_iac.foundation.topics import Grants
from rohe_iac.manifests import rendering
from rohe_iac.manifests.kubernetes.own_templates import OwnTemplates
from rohe_iac.manifests.rendering import TEMPLATES, UnrenderableManifest, render_document

HOSTILE = ("x, kind: Evil}\nspec: {command: [evil]}\n---\nkind: Other", "x, y", "x} #", "x]", "{{ 7 }}", "- x", "'")
"""Values that would end their place, their document or their manifest, were they not quoted."""

TOP_LEVEL = {
    *("apiVersion", "kind", "metadata", "spec", "data", "binaryData", "immutable", "automountServiceAccountToken"),
    *("rules", "roleRef", "subjects", "description", "preemptionPolicy", "value"),
}
"""Keys at the top of any document."""

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


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of templates of a target `lab`, which no other test has rendered with."""
    (tmp_path / "lab").mkdir()
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    rendering.template_set.cache_clear()
    return tmp_path / "lab"


@pytest.mark.parametrize("place", ["a: {{ value }}", "a: {{ value ~ (value | yaml) }}", "a: {{ (value | yaml) ~ '' }}"])
def test_a_template_that_prints_a_value_unquoted_is_refused(templates: Path, place: str) -> None:
    (templates / "thing.yaml.j2").write_text(f"kind: Thing\n{place}\n")
    with pytest.raises(UnrenderableManifest, match=r"lab/thing\.yaml\.j2"):
        render_document("lab", "Thing", {"value": "x"})


def test_a_part_of_a_template_that_gives_no_document_is_refused_when_it_is_first_taken(templates: Path) -> None:
    (templates / "thing.yaml.j2").write_text(
        "kind: Thing\n{% if probe %}\n  probe: {{ probe | yaml }}\n{% endif %}\na: {{ a | yaml(2) }}\n"
    )
    assert render_document("lab", "Thing", {"probe": None, "a": [1]}) == "kind: Thing\na:\n  - 1\n"
    with pytest.raises(UnrenderableManifest):
        render_document("lab", "Thing", {"probe": "x", "a": [1]})


def test_templates_are_compiled_once_however_often_a_plan_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_template = Environment.compile
    monkeypatch.setattr(
        Environment, "compile", lambda self, *given: compiled.append(given[1]) or compile_template(self, *given)
    )
    own = {"ledger.yaml.j2": "kind: Ledger\nmetadata: {name: {{ object | flow }}}\n"}
    for name in ("one", "two"):
        assert OwnTemplates(own).document("Ledger", {"object": name})
    assert compiled == ["ledger.yaml.j2"]


INCLUDED = re.compile(r"{% include '([^']+)' %}")
"""The names of the templates that a template includes."""


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*/*.j2")), ids=lambda path: path.name)
def test_no_value_of_a_template_gets_out_of_its_place(template: Path, value: str) -> None:
    target, kind = template.parent.name, template.name.removesuffix(".yaml.j2")
    environment = rendering.TemplateSet(target).environment
    texts = [template.read_text()]
    texts += [(template.parent / name).read_text() for name in INCLUDED.findall(texts[0])]
    # Jinja2 has a function `namespace`, so it does not report that name.
    names = {"namespace", *(name for text in texts for name in find_undeclared_variables(environment.parse(text)))}
    wanted = dict.fromkeys(names, value)
    values = {**wanted, **({"granted": Grants((value,), (value,))} if "granted" in wanted else {})}
    for _ in range(2):  # the second document of a form is not read back
        text = render_document(target, kind, values)
        documents = list(yaml.safe_load_all(text))
        assert len(documents) == 1
        assert set(documents[0]) <= TOP_LEVEL
        assert documents[0]["metadata"]["name"] == value
        assert "Evil" not in str(documents[0]["kind"])
