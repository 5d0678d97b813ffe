"""Objectives that can never be judged are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks import objective as objective_checks
from rohe_iac.blueprint.loading import check

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  load: {load}
  services:
    - {{name: camera, command: [x], reports: {{metrics: {{confidence: {{unit: ratio}}}}}}}}
    - name: vote
      command: [x]
      ports: [{{name: http}}]
      ensemble: {{members: [{{name: a}}, {{name: b}}]}}
      reports: {{metrics: {{confidence: {{unit: ratio}}}}}}
  flow: [{{from: camera, to: vote, rate: 0.5}}]
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {{name: promise}}
spec:
  pipeline: shop
  objectives:
    - {objective}
"""

TIME = "{metric: response_time, operator: '<', value: 1s, "


def said(folder: Path, objective: str, load: str = "1/s") -> list[tuple[str, str]]:
    (folder / "rohe.yaml").touch()
    (folder / "shop.yaml").write_text(DOCUMENTS.format(objective=objective, load=load))
    return [(item.code, item.message) for item in check([folder]).diagnostics if item.code != "R401"]


@pytest.mark.parametrize(
    ("objective", "code", "message"),
    [
        (
            TIME + "window: {size: 10s}, minSamples: 20}",
            "R121",
            "never holds the 20 of minSamples at this load, but about 10",
        ),
        (TIME + "window: {size: 10 reports}, minSamples: 11}", "R121", "a window of 10 reports never holds the 11"),
        (
            TIME + "aggregate: p99, window: {size: 30s}}",
            "R121",
            "p99 needs 100 samples, and a window of 30s holds about 30",
        ),
        (
            TIME + "aggregate: p99.9, window: {size: 999 reports}}",
            "R121",
            "p99.9 needs 1000 samples, and a window of 999",
        ),
        (
            "{metric: confidence, scope: {service: vote}, operator: '>', value: 1, window: {size: 9s}, minSamples: 12}",
            "R121",
            "never holds the 12 of minSamples at this load, but about 9",
        ),
        (
            TIME + "window: {size: 1m}, target: 90%, burnRates: [{long: 1h, short: 5m, factor: 14.4}]}",
            "R130",
            "a budget of 0.1 burns at most 10 times too fast, never 14.4",
        ),
        (
            TIME + "window: {size: 10m}, target: 99%, burnRates: [{long: 1h, short: 5m, factor: 14.4}]}",
            "R130",
            "a window closes every 10m, so the short one may hold none",
        ),
    ],
)
def test_what_can_never_be_judged_is_told(tmp_path: Path, objective: str, code: str, message: str) -> None:
    found = said(tmp_path, objective)
    assert [(item[0], message in item[1]) for item in found] == [(code, True)], found


@pytest.mark.parametrize(
    "objective",
    [
        TIME + "window: {size: 20s}, minSamples: 20}",
        TIME + "aggregate: p99, window: {size: 2m}}",
        TIME + "aggregate: p99, window: {size: 100 reports}}",
        TIME + "window: {session: 10s}, minSamples: 100}",
        TIME + "window: {size: 1m}, target: 99%, burnRates: [{long: 1h, short: 5m, factor: 14.4}]}",
        "{metric: confidence, operator: '>', value: 1%, window: {size: 10s}, minSamples: 20}",
    ],
)
def test_what_can_be_judged_is_not(tmp_path: Path, objective: str) -> None:
    assert objective_checks.MAX_COMPARED
    assert said(tmp_path, objective) == []


FIVE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  load: 10/s
  services:
    - {{name: a, {image}, ports: [{{name: http}}], reports: {{metrics: {{confidence: {{unit: ratio}}}}}}}}
    - {{name: b, command: [x]}}
    - {{name: c, command: [x]}}
  flow: [{{from: b, to: a, payload: {payload}}}]
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {{name: promise}}
spec:
  pipeline: {pipeline}
  objectives:
    - {{metric: confidence, aggregate: p99.9, operator: '>', value: 60%, window: {{size: 10s}}}}
    - {{metric: confidence, scope: {{service: aa-}}, operator: '>', value: 60%, window: {{size: 9s}}}}
"""


@pytest.mark.parametrize(
    ("image", "payload", "pipeline"),
    [
        ("image: x", "1Ki", "shop"),
        ("image: 'A:'", "1Ki", "shop"),  # an image is none of what the samples follow from
        ("command: [x], health: {readiness: 3}", "many", "shop"),
        ("image: x", "1Ki", "shopp"),  # surely `shop`
    ],
)
def test_samples_are_those_of_services_that_declare_the_metric_whatever_else_is_at_fault(
    tmp_path: Path, image: str, payload: str, pipeline: str
) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(FIVE.format(image=image, payload=payload, pipeline=pipeline))
    found = check([tmp_path]).diagnostics
    (told,) = [item.message for item in found if item.code == "R121"]
    assert told == "p99.9 needs 1000 samples, and a window of 10s holds about 100 at this load"
    assert [item.message for item in found if item.code == "R205"] == ["no service 'aa-'"]


@pytest.mark.parametrize("broken", ["load: many", "load: 10/s, flow: [{from: b, to: a, rate: x}]"])
def test_samples_are_not_told_where_what_they_follow_from_is_at_fault(tmp_path: Path, broken: str) -> None:
    (tmp_path / "rohe.yaml").touch()
    services = "services: [{name: a, command: [x], ports: [{name: http}]}, {name: b, command: [x]}]"
    text = f"apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {{name: shop}}\nspec: {{{broken}, {services}}}\n---"
    contract = FIVE.format(image="", payload="", pipeline="shop").partition("---")[2]
    (tmp_path / "shop.yaml").write_text(text + contract)
    assert "R121" not in [item.code for item in check([tmp_path]).diagnostics]
