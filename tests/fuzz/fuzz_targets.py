"""What is fuzzed: bytes go in, findings or a RoheError come out, and nothing else may happen.

Each target takes the bytes and returns a word for the outcome; any exception is a crash.
"""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.checks.links import check_links
from rohe_iac.blueprint.documents.discovery import decode_file
from rohe_iac.blueprint.documents.tree import read_tree
from rohe_iac.blueprint.language.contract import ContractSpec
from rohe_iac.blueprint.language.run_limits import Refused
from rohe_iac.blueprint.modules.expand import expand_modules
from rohe_iac.blueprint.modules.template import compute_scalar
from rohe_iac.blueprint.text.formatting import NoNormalForm, format_yaml
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.diagnostics import Severity
from rohe_iac.foundation.errors import RoheError
from rohe_iac.importing.import_texts import InvalidImport

LONGEST = 65_536
"""Longer inputs are cut: what takes long by its size alone is measured elsewhere."""

SURROUNDINGS = {
    "rohe.yaml": "project: fuzz\n",
    "modules/detect/module.yaml": """apiVersion: rohe.dev/v1
kind: Module
metadata: {name: detect, version: 1.2.0}
spec:
  inputs:
    replicas: {type: integer, default: 2, minimum: 1, maximum: 9}
    name: {type: string, default: detect}
  sources: [pipeline.yaml]
""",
    "modules/detect/pipeline.yaml": """apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: "{{ inputs.name }}"}
spec:
  services:
    - {name: detect, command: [python], replicas: "{{ inputs.replicas }}"}
""",
    "user_modules/functions.py": "def mean(samples, features=(), **options):\n    return {}\n",
    "profiles/detect.yaml": """profile: 1
service: detect
demand: [{load: 1/s, cpu: 100m, memory: 64Mi}]
serviceTime: {any: {alone: {mean: 10ms, p50: 9ms, p99: 30ms}}}
""",
    "models/model.onnx": "weights",
}
"""Files that a blueprint under test may name."""


@cache
def surroundings() -> Path:
    """Returns a folder with the files that a blueprint may name."""
    folder = Path(tempfile.mkdtemp(prefix="rohe-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in SURROUNDINGS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _nonempty(message: str, about: object = "") -> str:
    """Returns the message of a refusal, which must not be empty."""
    assert message, about
    return message


def blueprint(data: bytes) -> str:
    """Runs `rohe validate` on one file in a folder with a module, a user module and a profile."""
    tree = read_tree(surroundings(), [decode_file("blueprints/x.yaml", data[:LONGEST])])
    expand_modules(tree)
    tree.findings += check_links(tree)
    diagnostics = tree.all_diagnostics()
    for item in diagnostics:
        assert item.place.line >= 1
        assert item.place.column >= 1
        assert item.message
        assert item.code
    if any(item.severity is Severity.ERROR for item in diagnostics):
        return "faulty"
    return "valid" if tree.documents else "nothing"


def normal_form(data: bytes) -> str:
    """Runs `rohe fmt`: the normal form has the same values, and is its own normal form."""
    text = data[:4096].decode("utf-8", "replace").replace("\0", "")
    try:
        result = format_yaml(text)
    except NoNormalForm:
        return "none"
    said, meant = ([value for value in read_plain(written).values if value is not None] for written in (result, text))
    assert len(said) == len(meant)
    assert format_yaml(result) == result
    return "formed"


INPUTS: dict[str, Any] = {"replicas": 3, "name": "cam", "share": 0.5, "zones": ["a", "b"], "labels": {"zone": "a"}}


def template(data: bytes) -> str:
    """Computes an expression in a module's scalar."""
    text = data[:2000].decode("utf-8", "replace")
    results = []
    for form in (text, f"{{{{ {text} }}}}"):
        try:
            value = compute_scalar(form, INPUTS)
        except Refused as error:
            results.append("refused" if _nonempty(str(error)) else "")
        else:
            assert _plain(value), repr(value)
            results.append(type(value).__name__)
    return results[1]


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(part) for key, part in value.items())
    return value is None or isinstance(value, str | int | bool) or (isinstance(value, float) and math.isfinite(value))


def expression(data: bytes) -> str:
    """Compiles a contract's metrics and computes them on samples."""
    from rohe_iac.observation.measuring.expression import compile_metrics
    from rohe_iac.observation.measuring.selection import SampleList

    plain = read_plain(data[:4096].decode("utf-8", "replace").replace("\0", ""))
    trees = plain.values[0] if plain.values else None
    try:
        ContractSpec.model_validate({"pipeline": "p", "metrics": trees})
        checked = True
    except ValueError:
        checked = False
    if not isinstance(trees, dict):
        return "no mapping"
    try:
        compiled = compile_metrics(trees)
    except RoheError:
        return "refused"
    for metric in compiled.values():
        for samples in _samples():
            value = metric.value(SampleList(samples))
            assert value is None or isinstance(value, float | int), type(value)
    return "checked" if checked else "loose"


@cache
def _samples() -> tuple[Any, ...]:
    from rohe_iac.observation.reports.sample import Sample, SamplePart

    def sample(index: int, **values: Any) -> Sample:
        parts = [
            SamplePart(
                service="s", member=f"m{part}", instance=f"s-m{part}-0", node="n", values={**values, "energy": part}
            )
            for part in range(1 + index % 3)
        ]
        return Sample(time=float(index), key=str(index), values=values, parts=parts, request=str(index))

    odd = (
        1,
        0.5,
        -2,
        10**400,
        1e308,
        -1e308,
        float("inf"),
        float("-inf"),
        float("nan"),
        True,
        "text",
        None,
        [1],
        {"a": 1},
    )
    mixed = [sample(i, confidence=value, truth=i % 3, prediction=i % 2) for i, value in enumerate(odd)]
    return (), (mixed[0],), tuple(mixed[:3]), tuple(mixed)


def edits(data: bytes) -> str:
    """Runs the edits of `rohe plan --what-if` on a problem with every kind of part."""
    from rohe_iac.planning.questions.what_if.apply import apply_edits
    from rohe_iac.planning.questions.what_if.edit import parse_edits

    text = data[:1000].decode("utf-8", "replace")
    try:
        changed = apply_edits(_problem(), parse_edits(text))
    except RoheError as error:
        return "refused" if _nonempty(error.brief) else ""
    assert changed.stack == _problem().stack
    return "edited"


@cache
def _problem() -> Any:
    from rohe_iac.blueprint.loading import load
    from rohe_iac.planning.from_blueprint.problem import problem_of

    folder = Path(tempfile.mkdtemp(prefix="rohe-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "rohe.yaml").write_text("project: fuzz\n")
    (folder / "all.yaml").write_bytes((Path(__file__).parent / "corpus/blueprint/whole.yaml").read_bytes())
    return problem_of(load(folder))


@cache
def _import_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rohe-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def foreign(data: bytes) -> str:
    """Runs `rohe import` on one file: documents that validate, or places that cannot be read."""
    from rohe_iac.usecases.authoring.import_ import import_files

    path = _import_folder() / "file"
    path.write_bytes(data[:LONGEST])
    try:
        done = import_files(_import_folder(), [Path("file")])
    except InvalidImport as error:
        faults = [fault for fault in error.faults if fault.place.file == "file" and fault.message]
        return "refused" if faults and len(faults) == len(error.faults) else _nonempty("", error.faults)
    assert done.imported.files
    for file in done.imported.files:
        assert all(item.reason for item in file.unmapped)
    return ", ".join(sorted({file.format for file in done.imported.files}))


def message(data: bytes) -> str:
    """Gives a message to an agent, as a report, a state and a reply; what comes of it is stored, judged and saved."""
    from rohe_iac.agent.inputs import apply_input
    from rohe_iac.agent.intake.intake import Intake
    from rohe_iac.mqtt.message import Incoming
    from rohe_iac.observation.observer import Observer
    from rohe_iac.observation.observer_state import decode_state, encode_state
    from rohe_iac.sinks.observer_input import InputKind, ObserverInput
    from rohe_iac.sinks.store import AgentStore

    topics = ("report/load/load-0", "state/load-0", "reply/agent-0")
    good = b'{"v":1,"seq":2,"client":"load-0","boot":"b","at":1001.0,"service":"load","start":1000.5,"end":1001.0}'
    arriving = [*((topic, data[:LONGEST]) for topic in topics), (topics[0], good)]
    with tempfile.TemporaryDirectory() as folder:
        store = AgentStore(Path(folder))
        observer = Observer(_observed())
        batch = Intake(store, "agent-0").process(
            [Incoming(f"rohe/v1/s/{topic}", payload, 1, False, 1, 1) for topic, payload in arriving], 1001.0
        )
        batch.prepend(ObserverInput(InputKind.RESUME, 1000.0))
        batch.append(ObserverInput(InputKind.TICK, 1030.0))
        for observer_input, report in batch.inputs:
            batch.transaction.outcomes += apply_input(observer, observer_input, report)
        store.write(batch.transaction)
        again = Observer(_observed())
        for _, observer_input in store.inputs_after(0):
            apply_input(again, observer_input)
        saved = encode_state(observer.state)
        assert saved == encode_state(again.state), "a replay gives the same"
        assert encode_state(decode_state(saved)) == saved
        assert observer.state.counters.faults == 0
        assert all(why for _, _, why, _ in batch.transaction.dead_letters)
        store.close()
    return "refused" if batch.transaction.dead_letters else "taken"


@cache
def _observed() -> Any:
    from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
    from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec

    def objective(name: str, metric: str, scope: ScopeSpec) -> ObjectiveSpec:
        return ObjectiveSpec(
            name=name, metric=metric, scope=scope, aggregate="mean", operator="<", low=0.1, high=0.1,
            window=WindowSpec(size_seconds=2.0, every_seconds=1.0), min_samples=1, missing="broken",
        )  # fmt: skip

    scopes = {"whole": ScopeSpec(), "part": ScopeSpec(service="load")}
    objectives = (
        objective(f"{name}-{metric}", metric, scope)
        for name, scope in scopes.items()
        for metric in ("accuracy", "response_time", "confidence")
    )
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name="load"),),
        instances=(Instance(instance="load-0", topic="load", service="load"),),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=tuple(objectives)),),
    )


TARGETS: dict[str, Callable[[bytes], str]] = {
    "blueprint": blueprint,
    "normal_form": normal_form,
    "template": template,
    "expression": expression,
    "edits": edits,
    "foreign": foreign,
    "message": message,
}
