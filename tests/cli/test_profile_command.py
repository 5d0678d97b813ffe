"""Claims about `rohe profile`, and about plans that are sized from what it wrote."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def measurements(tmp_path: Path) -> Path:
    """Response times of one service, alone."""
    folder = tmp_path / "measured" / "classify"
    (folder / "applications_extracted").mkdir(parents=True)
    generator = random.Random(3)
    rows = [f"{generator.uniform(0.08, 0.12):.4f},{number}" for number in range(300)]
    path = folder / "applications_extracted" / "classify_without_shared_resource.csv"
    path.write_text("response_time,norm_time\n" + "\n".join(rows) + "\n")
    return tmp_path / "measured"


def test_profiles_are_yaml_on_stdout_and_what_is_missing_is_told_apart(rohe: Run, measurements: Path) -> None:
    done = rohe("profile", str(measurements))
    assert done.returncode == 0, done.stderr
    profile = yaml.safe_load(done.stdout)
    assert profile["service"] == "classify"
    assert set(profile["serviceTime"]["any"]) == {"alone", "shared"}
    assert "demand by offered load" in " ".join(done.stderr.split())


def test_a_folder_without_measurements_is_exit_3_and_no_folder_is_exit_64(rohe: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = rohe("profile", str(tmp_path / "empty"))
    assert done.returncode == 3
    assert "no measurements under" in done.stderr
    assert rohe("profile", str(tmp_path / "nowhere")).returncode == 64
    assert rohe("profile", str(tmp_path / "empty"), "--device", "jetson").returncode == 64


def cores(folder: Path, name: str) -> None:
    path = folder / "resources_sys_metric" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("core1,core2,mem\n" + "40,5,300\n" * 30)


def test_device_types_are_named_by_what_follows_the_services_name_whatever_its_folder_is_called(
    rohe: Run, measurements: Path
) -> None:
    for device in ("jet_nano", "Orin"):
        cores(measurements / "classify", f"classify_{device}")
    (measurements / "classify").rename(measurements / "run-7")
    done = rohe("profile", str(measurements), "--device", "jet_nano=jetson-nano")
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["devices"]) == {"jetson-nano", "orin"}


def test_a_device_type_that_no_file_measures_or_two_files_measure_is_told(rohe: Run, measurements: Path) -> None:
    cores(measurements / "classify", "classify_jet_nano")
    done = rohe("profile", str(measurements), "--device", "jet_xavier=jetson-xavier")
    assert done.returncode == 64
    assert "no file measures a device type 'jet_xavier'" in done.stderr
    assert "measured are: jet-nano" in done.stderr
    cores(measurements / "classify", "classify_jet-nano")
    done = rohe("profile", str(measurements))
    assert done.returncode == 3
    assert "measures the device type 'jet-nano' again" in done.stderr


def test_the_plan_is_sized_from_a_written_profile_which_is_one_of_its_inputs(
    rohe: Run, repository: Path, measurements: Path
) -> None:
    shutil.rmtree(repository)
    shutil.copytree(EXAMPLES / "cctvs", repository)
    before = json.loads(rohe("plan", "-o", "json").stdout)
    profile = "profiles/object-detection.yaml"
    assert profile in {source["path"] for source in before["inputs"]}
    assert rohe("profile", str(measurements / "classify"), "--out", profile).returncode == 0
    done = rohe("plan", "-o", "json")
    after = json.loads(done.stdout)
    counts = [
        sum(item["service"] == "object-detection" for item in plan["plan"]["placements"]) for plan in (before, after)
    ]
    assert 0 < counts[1] < counts[0]
    (repository / profile).write_text("profile: 1\n")
    assert rohe("plan").returncode == 3
