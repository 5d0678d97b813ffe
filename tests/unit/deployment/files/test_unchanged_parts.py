"""Claims about what two texts of a manifest have in common: cutting it out changes nothing that is said of them."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.deployment.files.field_changes import _changes_of, field_changes
from rohe_iac.deployment.files.unchanged_parts import cut_unchanged
from rohe_iac.manifests.yaml_text import block_text

NAMES = st.sampled_from(["a", "b", "name", "value", "c d", "e"])
SCALARS = st.sampled_from(
    [None, 1, True, "x", "y", "x y", "a: b", "- x", "", "1", '{"a": 1}', "[]", "#", "two\nlines", "'"]
)
NAMED = st.builds(lambda name, rest: {**rest, "name": name}, NAMES, st.dictionaries(NAMES, SCALARS, max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(NAMES, inner, max_size=4)
        | st.lists(inner, max_size=3)
        | st.lists(NAMED, min_size=1, max_size=3)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def edited(data: Any, value: Any) -> Any:
    """The value with a few parts added, removed or replaced."""
    if isinstance(value, dict) and value:
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.booleans()):
            return {**value, key: edited(data, value[key])}
        return {**{name: part for name, part in value.items() if name != key}, **data.draw(DOCUMENTS)}
    if isinstance(value, list) and value:
        index = data.draw(st.integers(0, len(value) - 1))
        changed = data.draw(st.sampled_from([[], [edited(data, value[index])], [value[index], *value]]))
        return [*value[:index], *changed, *value[index + 1 :]]
    return data.draw(VALUES)


@given(data=st.data(), before=DOCUMENTS)
def test_cutting_what_is_equal_leaves_the_same_changes(data: Any, before: dict[str, Any]) -> None:
    after = copy.deepcopy(before)
    for _ in range(data.draw(st.integers(0, 3))):
        after = edited(data, after)
    texts = [yaml.safe_dump(value) for value in (before, after)]
    ours = [block_text(value).lstrip("\n") if value else "{}" for value in (before, after)]
    assert field_changes(*texts) == field_changes(*ours) == _changes_of.__wrapped__(*texts)


def test_equal_replicas_on_other_nodes_are_left_with_the_same_lines() -> None:
    def text(node: str, image: str) -> str:
        env = [{"name": "ROHE_NODE", "value": node}, {"name": "B", "value": "b"}]
        containers = [{"args": [], "env": env, "image": image, "name": "main"}]
        return yaml.safe_dump(
            {
                "kind": "Deployment",
                "metadata": {"name": node},
                "spec": {"template": {"spec": {"containers": containers}}},
            }
        )

    left = {cut_unchanged(text(node, "a:1"), text(node, "a:2")) for node in ("pi-1", "pi-2")}
    assert len(left) == 1
    ((before, _),) = left
    assert "pi-" not in before
    assert [str(change) for change in field_changes(text("pi-1", "a:1"), text("pi-1", "a:2"))] == [
        "template.spec.containers.main.image: a:1 -> a:2"
    ]
