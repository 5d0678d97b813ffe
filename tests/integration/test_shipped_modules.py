"""The blueprint modules that ship with rohe, copied into a repository and used there."""

from __future__ import annotations

import shutil
from pathlib import Path

from rohe_iac.blueprint.loading import load

ROOT = Path(__file__).parents[2]


def test_the_classifier_contract_promises_what_its_inputs_say(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "digits", tmp_path / "repository")
    shutil.copytree(ROOT / "blueprints", tmp_path / "repository" / "blueprints" / "modules")
    stack = tmp_path / "repository" / "blueprints" / "stack.yaml"
    text = stack.read_text()
    used = "{name: promise, source: blueprints/modules/classifier-contract, inputs: {pipeline: digits, accuracy: 0.8}}"
    assert "  contracts: [digits-quality]\n" in text
    stack.write_text(
        text.replace(
            "  contracts: [digits-quality]\n", f"  contracts: [digits-quality, classifier]\n  modules: [{used}]\n"
        )
    )
    blueprint = load(tmp_path / "repository")
    contract = next(contract for contract in blueprint.contracts if contract.metadata.name == "classifier")
    right, fast = contract.spec.objectives
    assert contract.spec.pipeline == "digits"
    assert (right.metric, right.value, right.min_samples) == ("accuracy", 0.8, 200)
    assert (fast.metric, fast.aggregate, str(fast.value)) == ("response_time", "p99", "500ms")
