"""What differs between two texts of a manifest, field by field."""

from __future__ import annotations

import json

import pytest
import yaml

from rohe_iac.deployment.files.field_changes import field_changes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"limits": {"memory": 64}}, {"limits": {"memory": 128}}, ["limits.memory: 64 -> 128"]),
        ({"env": {}}, {"env": {"A": "x y"}}, ["env.A: added x y"]),
        ({"env": {"A": "x"}}, {"env": {}}, ["env.A: removed x"]),
        ({"command": ["a", "b"]}, {"command": ["a", "c"]}, ["command: b -> c"]),
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}, ['command: ["a", "b"] -> ["b", "a"]']),
        ({"publish": ["a"]}, {"publish": ["a", "b", "c"]}, ["publish: added b", "publish: added c"]),
        ({"env": {"PEERS": '{"a":1}'}}, {"env": {"PEERS": '{"a":2}'}}, ["env.PEERS.a: 1 -> 2"]),
        ({"env": {"A": "{not json"}}, {"env": {"A": "{still"}}, ["env.A: {not json -> {still"]),
        (
            {"files": [{"name": "agent.json", "content": json.dumps({"limit": 1})}]},
            {"files": [{"name": "agent.json", "content": json.dumps({"limit": 2})}]},
            ["agent.json: limit: 1 -> 2"],
        ),
        ({"a": "x" * 200}, {"a": "y"}, ["a: (200 characters) -> y"]),
        ({"a": [{"name": {}}]}, {"a": [{"name": []}]}, ['a: {"name": {}} -> {"name": []}']),
        ({"a": 1}, {"a": 1}, []),
    ],
)
def test_each_field_is_named_with_its_old_and_new_value(before: object, after: object, expected: list[str]) -> None:
    texts = [yaml.safe_dump({"kind": "Process", "spec": spec}) for spec in (before, after)]
    assert [str(change) for change in field_changes(*texts)] == expected
