"""Claims about the engine's files: readable by their owner only, and repaired after a killed engine."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml

from rohe_iac.deployment.ports import ProviderPlugin
from rohe_iac.deployment.run.workspace import KEPT, EngineFolder
from rohe_iac.foundation.folders import StackFolder


@pytest.fixture
def place(tmp_path: Path) -> EngineFolder:
    place = EngineFolder(StackFolder(tmp_path), "bench", "desk")
    place.prepare([ProviderPlugin("rohe", Path("/opt/rohe/bin"), {})])
    place.state.parent.mkdir(parents=True)
    return place


def _state(*pending: str) -> str:
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [], "pending_operations": list(pending)}}})


def test_the_project_file_names_the_plugin_and_the_passphrase_is_made_once(place: EngineFolder) -> None:
    assert yaml.safe_load((place.work / "Pulumi.yaml").read_text())["plugins"] == {
        "providers": [{"name": "rohe", "path": "/opt/rohe/bin"}]
    }
    before = place.passphrase.read_bytes()
    place.prepare([ProviderPlugin("rohe", Path("/elsewhere"), {})])
    assert place.passphrase.read_bytes() == before
    assert stat.S_IMODE(place.passphrase.stat().st_mode) == 0o600


def test_operations_that_a_killed_run_noted_are_forgotten(place: EngineFolder) -> None:
    place.state.write_text(_state("creating web-0", "creating web-1"))
    assert place.forget_pending() == 2
    assert "pending_operations" not in json.loads(place.state.read_text())["checkpoint"]["latest"]
    assert place.forget_pending() == 0


def test_locks_of_dead_engines_are_cleared(place: EngineFolder) -> None:
    lock = place.backend / ".pulumi" / "locks" / "organization" / "bench" / "desk" / "x.json"
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")
    assert (place.clear_dead_locks(), lock.exists(), place.clear_dead_locks()) == (1, False, 0)


@pytest.mark.parametrize("torn", ["", '{"version": 3, "check'])
def test_a_torn_state_gives_way_to_the_one_before_it(place: EngineFolder, torn: str) -> None:
    place.state.write_text(torn)
    place.state.with_name("desk.json.bak").write_text(_state())
    assert place.repair() == ("desk.json",)
    assert place.state.read_text() == _state()
    assert place.repair() == ()


def test_a_torn_state_with_none_before_it_is_taken_for_no_state(place: EngineFolder) -> None:
    place.state.write_text("")
    place.repair()
    assert not place.state.exists()


def test_torn_attributes_are_removed_and_whole_ones_stay(place: EngineFolder) -> None:
    torn, whole = (place.state.with_name(name) for name in ("desk.json.attrs", "desk.json.bak.attrs"))
    torn.write_text("")
    whole.write_text("{}")
    assert place.repair() == ("desk.json.attrs",)
    assert (torn.exists(), whole.exists()) == (False, True)


def test_only_the_newest_logs_of_the_engine_are_kept(place: EngineFolder) -> None:
    logs = place.home / "logs"
    logs.mkdir()
    for number in range(KEPT + 5):
        (logs / f"pulumi-20261122T{number:06}-1-up.log").write_text("")
    place.prune()
    assert len(list(logs.iterdir())) == KEPT
    assert not (logs / "pulumi-20261122T000004-1-up.log").exists()
