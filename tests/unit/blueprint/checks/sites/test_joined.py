"""Stacks whose nodes are in several inventories: what only another one has, and what two of them name."""

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.sites.joined import check as check_joined
from rohe_iac.blueprint.loading import check, load
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

HEAD = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: city}
spec: {pipelines: [buses], inventory: NAMES, contracts: [], protect: [node/n-2]}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: buses}
spec:
  services:
    - {name: camera, command: [x], replicas: perNode, requests: {cpu: 200m}, placement: {nodeSelector: {role: bus}}}
"""

INVENTORY = "---\napiVersion: rohe.dev/v1\nkind: Inventory\nmetadata: {name: NAME}\nspec:\n"
TYPES = "  deviceTypes: {pi: {cpu: 4, memory: {rss: 2Gi}, labels: {role: bus}}}\n"
NORTH = '  nodes: [{name: "n-[1:2]", deviceType: pi, labels: {zone: n}}]\n'
SOUTH = "  nodes: [{name: s, deviceType: pi}]\n  links: [{name: way, between: [zone/n, node/s], latency: 1ms}]\n"


def written(folder: Path, names: str = "[types, north, south]", **specs: str) -> Path:
    (folder / "rohe.yaml").touch()
    (folder / "stack.yaml").write_text(HEAD.replace("NAMES", names))
    for name, spec in {"types": TYPES, "north": NORTH, "south": SOUTH, **specs}.items():
        (folder / f"{name}.yaml").write_text(INVENTORY.replace("NAME", name) + spec)
    return folder


def messages(folder: Path) -> list[str]:
    return [f"{found.place.file}: {found.code}: {found.message}" for found in check([folder]).diagnostics]


def test_a_stack_takes_several_inventories_as_one(tmp_path):
    assert messages(written(tmp_path)) == []
    blueprint = load(tmp_path)
    problem = problem_of(blueprint)
    found = plan(problem)
    assert verify(problem, found) == ()
    assert sorted(item.node for item in found.placements) == ["n-1", "n-2", "s"]
    assert (blueprint.places["node/n-2"].file, blueprint.places["node/s"].file) == ("north.yaml", "south.yaml")


@pytest.mark.parametrize(
    ("names", "specs", "expected"),
    [
        ("[types, north, suth]", {}, "stack.yaml: R203: no inventory 'suth'"),
        (
            "[types, types, north]",
            {},
            "stack.yaml: R210: inventory 'types' is here twice, first as number 1 of the list",
        ),
        ("types", {}, "stack.yaml: R203: the inventory has no nodes"),
        (
            "[types, north, south]",
            {"south": "  nodes: [{name: n-1, deviceType: pi}]\n"},
            "stack.yaml: R210: node 'n-1' is in inventory 'north' and in 'south'",
        ),
        (
            "[types, north, south]",
            {"south": "  deviceTypes: {pi: {cpu: 1, memory: {rss: 1Gi}}}\n" + SOUTH},
            "stack.yaml: R210: device type 'pi' is another one in inventory 'types' than in 'south'",
        ),
        (
            "[types, north, south]",
            {"south": "  nodes: [{name: s, deviceType: pj}]\n"},
            "south.yaml: R207: no device type 'pj'",
        ),
        ("[north, south]", {}, "north.yaml: R207: no device type 'pi'"),
        ("[types, north, south]", {"south": SOUTH.replace("zone/n", "zone/m")}, "south.yaml: R209: no zone 'zone/m'"),
        ("[types, north, south]", {"types": "  {}\n"}, "types.yaml: R107: field 'nodes' is missing"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path, names, specs, expected):
    assert expected in messages(written(tmp_path, names, **specs))


def test_a_type_that_only_another_stack_has_beside_is_told_at_the_stack(tmp_path):
    written(tmp_path, "[types, north, south]")
    other = HEAD.split("---")[0].replace("city", "town").replace("NAMES", "[north, south]")
    (tmp_path / "town.yaml").write_text(other)
    found = messages(tmp_path)
    assert any(line.startswith("town.yaml: R207: no device type of the stack's inventories") for line in found)
    assert callable(check_joined)


def test_ranges_are_bounded_together(tmp_path):
    many = '  nodes: [{name: "a-[0:90000]", deviceType: pi}]\n'
    found = messages(written(tmp_path, north=many, south=many.replace("a-", "b-")))
    assert "stack.yaml: R111: the inventories are short for more than 100,000 nodes together" in found
    five = {f"more-{number}": many.replace("a-", f"x{number}-") for number in range(5)}
    found = messages(written(tmp_path, **five))
    assert any(": R111: all inventories together have more nodes than are read" in line for line in found)
