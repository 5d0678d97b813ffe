"""Claims about the replays that stand-ins get."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.sizing.profile import InvalidProfile, Profile
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay, decode_replay
from rohe_iac.planning.sizing.stand_ins.from_plan import replays_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.usecases.plans.profile import load_profiles

CCTVS = Path(__file__).parents[5] / "examples" / "cctvs"


def planned(folder: Path, *edits: tuple[str, str, str]) -> tuple[Blueprint, Plan, dict[str, Profile]]:
    """Returns the cctvs example, its plan and profiles. edits: (file, old text, new text); each old text is there."""
    shutil.copytree(CCTVS, folder)
    for name, old, wanted in edits:
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, wanted))
    blueprint = load(folder)
    profiles, _ = load_profiles(blueprint)
    return blueprint, plan(problem_of(blueprint, profiles)), profiles


def replays(folder: Path, *edits: tuple[str, str, str]) -> dict[str, Replay]:
    return replays_of(*planned(folder, *edits))


def test_every_replica_with_a_profile_and_no_command_is_stood_in_for(tmp_path: Path) -> None:
    found = replays(tmp_path / "cctvs")
    assert len(found) == 14
    assert all(address.startswith("replica/cctvs:") for address in found)


def test_only_the_source_makes_requests_and_its_replicas_share_the_load(tmp_path: Path) -> None:
    found = replays(tmp_path / "cctvs")
    sources = [replay.arrivals for address, replay in found.items() if "image-ingestion" in address]
    assert sum(sources) == pytest.approx(10)
    assert all(replay.arrivals == 0 for address, replay in found.items() if "image-ingestion" not in address)


def test_a_request_costs_what_was_measured_at_the_load_of_one_replica(tmp_path: Path) -> None:
    # Two replicas at 10/s get 5/s each, where 195 millicores were measured.
    found = replays(tmp_path / "cctvs")
    assert found["replica/cctvs:image-ingestion/0"].cpu == pytest.approx(0.195 / 5)


def test_a_request_takes_the_time_of_a_shared_node_only_where_the_plan_shares_it(tmp_path: Path) -> None:
    spread = ("blueprints/stack.yaml", "strategy: best-fit", "strategy: worst-fit")
    blueprint, found, profiles = planned(tmp_path / "cctvs", spread)
    services = [item for item in found.placements if not item.system]
    on_node = Counter(item.node for item in services)
    times = {
        (item.service, on_node[item.node] > 1): replays_of(blueprint, found, profiles)[item.replica].times.mean
        for item in services
    }
    assert times["image-sharpening", False] == pytest.approx(0.1283)
    assert times["image-ingestion", True] == pytest.approx(0.10399)


def test_the_flow_says_how_many_requests_of_how_many_bytes_follow(tmp_path: Path) -> None:
    found = replays(
        tmp_path / "cctvs", ("blueprints/pipeline.yaml", "payload: 200Ki, rate: 1", "payload: 1Ki, rate: 0.5")
    )
    (following,) = found["replica/cctvs:image-sharpening/0"].following.items()
    assert following[0] == "object-detection"
    assert (following[1].rate, following[1].payload) == (0.5, 1024)
    assert found["replica/cctvs:object-detection/0"].following == {}


def test_the_members_of_an_ensemble_pass_on_as_much_as_the_service(tmp_path: Path) -> None:
    members = """profile: profiles/image-sharpening.yaml
      ensemble: {members: [{name: a, replicas: 1}, {name: b, replicas: 1}]}"""
    found = replays(
        tmp_path / "cctvs",
        ("blueprints/pipeline.yaml", "profile: profiles/image-sharpening.yaml\n      replicas: auto", members),
    )
    passed = [replay.following["object-detection"].rate for name, replay in found.items() if "sharpening" in name]
    assert passed == [0.5, 0.5]


def test_a_service_with_a_command_runs_itself(tmp_path: Path) -> None:
    found = replays(
        tmp_path / "cctvs",
        ("blueprints/pipeline.yaml", "image: rdsea/cctvs-detection:2.0", "command: [python, detect.py]"),
    )
    assert found
    assert not any("object-detection" in address for address in found)


def test_a_profile_without_service_times_cannot_stand_in(tmp_path: Path) -> None:
    blueprint, decided, profiles = planned(tmp_path / "cctvs")
    path = "profiles/object-detection.yaml"
    silent = {**profiles, path: profiles[path].model_copy(update={"service_time": {}})}
    with pytest.raises(InvalidProfile, match=r"object-detection\.yaml has no service time"):
        replays_of(blueprint, decided, silent)


def test_what_is_written_for_a_stand_in_is_what_it_reads(tmp_path: Path) -> None:
    for replay in replays(tmp_path / "cctvs").values():
        assert decode_replay(replay.encode().encode()) == replay


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b'{"v":2}', b'{"v":1,"times":{}}', b"\xff", b'{"v":1,"times":[]}']
)
def test_what_is_no_replay_is_told_so(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_replay(content)
