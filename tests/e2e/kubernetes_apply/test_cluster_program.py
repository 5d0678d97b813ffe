"""The program of stacks/kubernetes registers one resource a manifest, with the object that rohe apply registers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine

PROBE = """
import asyncio, json, runpy, sys
import pulumi

made = []

class Recorded(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made.append([args.typ, args.name, args.inputs.get("kind")])
        return args.name, args.inputs

    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Recorded(), project="rohe", stack="shop")
pulumi.runtime.set_config("rohe:planfile", sys.argv[2])
runpy.run_path(sys.argv[1], run_name="__main__")
asyncio.get_event_loop().run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
print(json.dumps(made))
"""


def test_it_registers_one_object_a_manifest(shop: Shop, root: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.plan"
    shop.run("plan", "--out", str(file))
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "stacks/kubernetes/__main__.py", str(file)],
        cwd=root,
        env=shop.cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    made = [item for item in json.loads(done.stdout.splitlines()[-1]) if not item[0].startswith("pulumi:providers:")]
    manifests = json.loads(file.read_text())["manifests"]
    wanted = {item["name"]: item["kind"] for item in manifests if item["kind"] != "Namespace"}
    assert {name: kind for _, name, kind in made} == wanted
