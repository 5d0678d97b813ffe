"""Hints for values of the wrong type: what they say to write is right at that place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.validation.describing import error_findings
from rohe_iac.blueprint.validation.replacing import quoted_hint


def _hints(service: dict[str, Any]) -> list[str]:
    """Returns the hint of each error in a service of a pipeline."""
    ports = [{"name": "http", "containerPort": 8080}]
    spec = {
        "volumes": [{"name": "weights", "size": "1Gi"}],
        "services": [{"name": "a", "image": "a:1", "ports": ports, **service}],
    }
    document = Document(SourceText("a.yaml", ""), 0, {"metadata": {"name": "p"}, "spec": spec}, "Pipeline")
    with pytest.raises(ValidationError) as raised:
        Pipeline.model_validate(document.value, by_alias=True, by_name=False)
    # A list with a faulty item is too short as well.
    errors = [error for error in raised.value.errors(include_url=False) if error["type"] != "too_short"]
    return [item.hint for error in errors for item in error_findings(document, error["loc"], Pipeline, error)]


@pytest.mark.parametrize(
    ("service", "hint"),
    [
        ({"volumes": ["weights:/weights"]}, "write it as {name: weights, path: /weights}"),
        ({"volumes": ["own:/own"]}, "write it as {name: own, path: /own, size: 1Gi}"),
        ({"placement": {"avoid": ["b"]}}, "write it as {service: b}"),
        ({"requests": {"cores": 3}}, "write it as [1, 1, 1]"),
        ({"requests": {"memory": "2GB"}}, "write it as {rss: 2GB}"),
        ({"requests": {"memory": "plenty"}}, "fields here: rss, vms"),
        ({"arch": "x86_64, arm64"}, "write it as [amd64, arm64]"),
        ({"command": "serve --tags a,b"}, 'write it as [serve, --tags, "a,b"]'),
        ({"reports": {"metrics": ["loud"]}}, "write it as {loud: {}}"),
        ({"health": {"readiness": {"tcp": {"port": 8080}}}}, "write its name alone: http"),
        ({"health": {"readiness": {"tcp": {"port": 9}}}}, "name one of the service's ports, as in tcp: http"),
    ],
)
def test_a_hint_is_right_at_its_place(service: dict[str, Any], hint: str) -> None:
    assert _hints(service) == [hint]


def test_only_numbers_are_put_in_quotes() -> None:
    assert quoted_hint(1.10).startswith("write it as ")
    assert quoted_hint([1]) == ""
