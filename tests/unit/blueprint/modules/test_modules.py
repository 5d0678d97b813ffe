"""Modules: inputs with types, expressions that stay in bounds, names and paths that are made to fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.language.run_limits import Refused
from rohe_iac.blueprint.loading import check, load
from rohe_iac.blueprint.modules.template import compute_scalar
from rohe_iac.foundation.diagnostics import Severity

MODULE = """\
apiVersion: rohe.dev/v1
kind: Module
metadata: {name: detection, version: 1.2.0}
spec:
  inputs:
    replicas: {type: integer, default: 2, minimum: 1}
    label: {type: string, default: edge}
  sources: [pipeline.yaml]
"""
PIPELINE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: detection}
spec:
  services:
    - name: detect
      command: [python, detect.py, "--label={{ inputs.label }}"]
      replicas: "{{ inputs.replicas * 2 }}"
      files: [{path: /model, from: model.onnx}]
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: promise}
spec:
  pipeline: detection
  objectives: [{metric: response_time, operator: "<", value: 1s, window: {size: 5m}}]
"""
INVENTORY = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: pi-1, cpu: 4, memory: {rss: 1Gi}}]}
"""


def stack(name: str, uses: str, pipelines: str = "detection", contracts: str = "promise") -> str:
    return (
        f"---\napiVersion: rohe.dev/v1\nkind: Stack\nmetadata: {{name: {name}}}\n"
        f"spec: {{pipelines: [{pipelines}], contracts: [{contracts}], inventory: lab, modules: [{uses}]}}\n"
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "rohe.yaml").touch()
    folder = tmp_path / "modules" / "detection"
    folder.mkdir(parents=True)
    (folder / "module.yaml").write_text(MODULE)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "model.onnx").touch()
    (tmp_path / "blueprints").mkdir()
    return tmp_path


def test_an_expression_alone_keeps_its_type_and_text_around_it_makes_text(root: Path) -> None:
    use = "{name: d, source: modules/detection, inputs: {replicas: 3, label: hall}}"
    (root / "blueprints" / "all.yaml").write_text(INVENTORY + stack("home", use))
    service = load(root).pipelines[0].spec.services[0]
    assert service.replicas == 6
    assert service.command[-1] == "--label=hall"


def test_paths_of_a_module_start_at_its_folder(root: Path) -> None:
    (root / "blueprints" / "all.yaml").write_text(INVENTORY + stack("home", "{name: d, source: modules/detection}"))
    blueprint = load(root)
    service = blueprint.pipelines[0].spec.services[0]
    assert service.files[0].from_ == "modules/detection/model.onnx"
    assert service.working_dir == "modules/detection"
    assert str(blueprint.places["service/detection:detect"]) == "modules/detection/pipeline.yaml:6:7"
    assert {source.path for source in blueprint.sources} >= {
        "modules/detection/module.yaml",
        "modules/detection/pipeline.yaml",
    }


def test_a_prefix_renames_documents_and_what_they_say_of_each_other(root: Path) -> None:
    uses = "{name: a, source: modules/detection}, {name: b, source: modules/detection, prefix: back-}"
    pipelines, contracts = "detection, back-detection", "promise, back-promise"
    (root / "blueprints" / "all.yaml").write_text(INVENTORY + stack("home", uses, pipelines, contracts))
    blueprint = load(root)
    assert [pipeline.metadata.name for pipeline in blueprint.pipelines] == ["back-detection", "detection"]
    assert [contract.spec.pipeline for contract in blueprint.contracts] == ["back-detection", "detection"]


@pytest.mark.parametrize("about", ["[detection, count]", "[elsewhere, count]"])
def test_a_prefix_renames_every_pipeline_of_the_module_that_a_contract_is_about(root: Path, about: str) -> None:
    second = (
        "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: count}\nspec: {services: [{name: c, image: c}]}\n"
    )
    text = PIPELINE.replace("pipeline: detection", f"pipelines: {about}") + "---\n" + second
    (root / "modules" / "detection" / "pipeline.yaml").write_text(text)
    own = "---\n" + second.replace("count", "elsewhere")
    use = "{name: b, source: modules/detection, prefix: back-}"
    pipelines = "back-detection, back-count, elsewhere"
    (root / "blueprints" / "all.yaml").write_text(INVENTORY + own + stack("home", use, pipelines, "back-promise"))
    (contract,) = load(root).contracts
    renamed = tuple(f"back-{name}" if name != "elsewhere" else name for name in about.strip("[]").split(", "))
    assert contract.spec.about == renamed


def test_two_stacks_use_one_module_with_inputs_of_their_own(root: Path) -> None:
    text = INVENTORY
    for name, replicas in (("lab", 1), ("production", 5)):
        text += stack(name, f"{{name: d, source: modules/detection, inputs: {{replicas: {replicas}}}}}")
    (root / "blueprints" / "all.yaml").write_text(text)
    assert load(root, "lab").pipelines[0].spec.services[0].replicas == 2
    assert load(root, "production").pipelines[0].spec.services[0].replicas == 10


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ inputs.n }}", 3),
        ("{{ inputs.n / 2 }}", 1.5),
        ("{{ inputs.n > 2 }}", True),
        ("{{ 'a' if inputs.n > 2 else 'b' }}", "a"),
        ("{{ [inputs.n, 4] }}", [3, 4]),
        ("{{ inputs.s | upper }}-{{ inputs.n }}", "CAM-3"),
        ("{{ inputs.s | default('x') }}", "cam"),
        ("{{ inputs.items }}", [1]),
    ],
)
def test_what_an_expression_comes_to(text: str, value: object) -> None:
    result = compute_scalar(text, {"n": 3, "s": "cam", "items": [1]})
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ inputs.absent }}",
        "{{ inputs }}",
        "{{ n }}",
        "{{ inputs.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ inputs.s.upper() }}",
        "{{ range(10) }}",
        "{{ self }}",
        "{{ inputs.s | attr('upper') }}",
        "{{ inputs['__class__'] }}",
        "{% for i in [1] %}{{ i }}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ inputs.s | replace('', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')"
        + " | replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')" * 8
        + " }}",
        "{{ " + "+".join(["inputs.s"] * 300) + " }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ inputs.n",
        "{{ lipsum }}",
        "{{ inputs.s | tojson }}",
        "{{ inputs.s | center(1000000000) }}",
    ],
)
def test_an_expression_sees_inputs_only_and_ends_at_once(text: str) -> None:
    with pytest.raises(Refused):
        compute_scalar(text, {"n": 3, "s": "cam"})


def messages_of(
    root: Path, pipeline: str, module: str = MODULE, uses: str = "{name: d, source: modules/detection}"
) -> str:
    """Returns what `rohe validate` reports of a module with that pipeline, one line for each fault."""
    (root / "modules" / "detection" / "module.yaml").write_text(module)
    (root / "modules" / "detection" / "pipeline.yaml").write_text(pipeline)
    (root / "blueprints" / "all.yaml").write_text(INVENTORY + stack("home", uses))
    return "\n".join(f"{item.place}: {item.code} {item.message} [{item.hint}]" for item in check([root]).diagnostics)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('"{{ inputs.replicas * 2 }}"', '"{{ inputs.replica }}"', "8:17: R235 there is no input 'replica'"),
        ('"{{ inputs.replicas * 2 }}"', '"{{ inputs.label }}"', "8:17: R108 expected a whole number of replicas"),
        ('"{{ inputs.replicas * 2 }}"', '"{{ inputs.cam-id }}"', "an input with a hyphen is named inputs['cam-id']"),
        ("replicas:", "replcas:", "8:7: R106 unknown field 'replcas'"),
        ("files:", 'env: {"{{ inputs.label }}": x}\n      files:', "9:13: R235 a key is not computed"),
        ("files:", 'env: {A: "{{ inputs.replicas }}"}\n      files:', "end it with | string to make text of it"),
        ("kind: ObservationContract", "kind: Stack", "12:7: R104 a Stack has no place in a module"),
    ],
)
def test_a_fault_inside_a_module_is_told_with_its_line_and_the_use(
    root: Path, before: str, after: str, line: str
) -> None:
    found = messages_of(root, PIPELINE.replace(before, after))
    assert line in found
    place = next(text for text in found.splitlines() if line in text)
    assert place.startswith("modules/detection/pipeline.yaml:")
    assert "(in module use 'd')" in place


@pytest.mark.parametrize(
    ("use", "line"),
    [
        ("{name: d, source: modules/detection/module.yaml}", "R231 'modules/detection/module.yaml' is a file"),
        ("{name: d, source: modules/detection, prefix: Cam_}", "R111 'Cam_' begins no name"),
        ("{name: d, source: modules/detection, inputs: {replicas: two}}", "expected an integer, found 'two'"),
        ("{name: d, source: modules/detection, inputs: {replicas: null}}", "expected an integer, found nothing"),
        (
            "{name: d, source: modules/detection}, {name: d, source: modules/detection, prefix: b-}",
            "R210 module use 'd' is here twice",
        ),
    ],
)
def test_a_fault_of_a_use_is_told_where_the_stack_says_so(root: Path, use: str, line: str) -> None:
    found = messages_of(root, PIPELINE, uses=use)
    assert next(text for text in found.splitlines() if line in text).startswith("blueprints/all.yaml:")


def test_an_expression_outside_a_module_is_text_with_a_warning(root: Path) -> None:
    (root / "blueprints" / "p.yaml").write_text(
        "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: p}\n"
        'spec: {services: [{name: a, image: "{{ inputs.image }}", args: ["{{ .Name }}"]}]}\n'
    )
    (found,) = check([root]).diagnostics
    assert (str(found.place), found.code, found.severity) == ("blueprints/p.yaml:4:36", "R235", Severity.WARNING)
