"""Claims about the program of stacks/local: it registers the resources of a plan file and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROBE = """
import asyncio, json, runpy, sys
import pulumi

made = []

class Recorded(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made.append([args.typ, args.name, sorted(args.inputs)])
        return args.name, args.inputs

    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Recorded(), project="rohe", stack="digits")
pulumi.runtime.set_config("rohe:planfile", sys.argv[2])
runpy.run_path(sys.argv[1], run_name="__main__")
asyncio.get_event_loop().run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
print(json.dumps(made))
"""


def test_it_registers_one_resource_a_manifest(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "digits.plan"
    rohe = str(Path(sys.executable).parent / "rohe")
    subprocess.run(
        [rohe, "-C", "examples/digits", "plan", "--out", str(file)], cwd=root, check=True, capture_output=True
    )
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "stacks/local/__main__.py", str(file)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    registered = json.loads(done.stdout.splitlines()[-1])
    manifests = json.loads(file.read_text())["manifests"]
    resources = [resource for resource in registered if not resource[0].startswith("pulumi:providers:")]
    assert {name for _, name, _ in resources} == {manifest["name"] for manifest in manifests}
    assert {tuple(inputs) for _, _, inputs in resources} == {("manifest", "name", "serial")}
