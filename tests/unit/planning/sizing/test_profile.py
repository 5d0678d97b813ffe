"""Claims about profiles: what is made of measured files, faults in them, and the slowdown on shared nodes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rohe_iac.foundation.errors import ExitCode, UsageError
from rohe_iac.planning.sizing.interference import Interference, Loads, Slowdown, SlowdownWeights, fit_interference
from rohe_iac.planning.sizing.profile import InvalidProfile, Profile, sample_statistics, shared_estimate
from rohe_iac.planning.sizing.profile_fitting import PUBLISHED, ServiceMeasurements, fit_profiles
from rohe_iac.planning.sizing.profile_yaml import read_profile, write_profile
from rohe_iac.usecases.plans.profile import profile_folder, write_profiles

ROOT = Path(__file__).parents[4]
PROFILES = sorted(path for path in ROOT.glob("examples/*/profiles/*.yaml"))


def write(path: Path, header: str, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + "\n" + "\n".join(rows) + "\n")


def service(folder: Path, name: str = "camera_reader", *, gpu: float = 3.6, shared: bool = True) -> Path:
    """Writes a service's folder in the layout of the published study, with made-up values, and returns it."""
    generator = random.Random(name)
    for load in (1, 10):
        rows = [
            f"{100 * load + number % 20},{50 + number % 3},{gpu + generator.uniform(-0.2, 0.2):.2f},9,1,10,5,{number}"
            for number in range(200)
        ]
        header = "cpu_usage,memory_usage,gpu_usage,no_child,no_child_active,child_cpu,child_memory,execution_time"
        write(folder / name / "resources_proc_metric" / f"{name}_f{load}.csv", header, rows)
    rows = [f"{60 + number % 5},{20},{1.0},{1.0},80,3.6,{number}" for number in range(200)]
    header = "core1,core2,core3,core4,mem,gpu,norm_ex_time"
    write(folder / name / "resources_sys_metric" / f"{name}_jet_nano.csv", header, rows)
    kinds = ("without_shared_resource", "shared_resource") if shared else ("without_shared_resource",)
    for kind in kinds:
        base = 0.1 if kind.startswith("without") else 0.15
        rows = [f"{base + generator.uniform(-0.02, 0.02):.3f},{number}" for number in range(500)]
        path = folder / name / "applications_extracted" / f"{name}_{kind}.csv"
        write(path, "response_time,norm_time", rows)
    return folder / name


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_service_comes_to_its_95th_percentiles_by_load_with_its_children(tmp_path: Path) -> None:
    (profile,) = profile_folder(service(tmp_path)).profiles
    assert profile.service == "camera-reader"
    assert [point.load for point in profile.demand] == [1, 10]
    assert profile.demand[1].cpu == 1018 + 11
    assert profile.demand[1].memory == (52 + 5) * 2**20
    assert profile.devices["jet-nano"].cores == (640, 200)
    assert len(profile.devices["jet-nano"].busy) == 4


def test_the_constant_reading_of_an_idle_device_is_not_asked_for(tmp_path: Path) -> None:
    service(tmp_path, "quiet", gpu=3.6)
    service(tmp_path, "seeing", gpu=15.6)
    quiet, seeing = profile_folder(tmp_path).profiles
    assert quiet.demand[1].accelerators == {}
    assert seeing.demand[1].accelerators["gpu"] == pytest.approx(1200, abs=40)
    assert quiet.idle["gpu"] == pytest.approx(360, abs=10)


def test_what_the_files_lack_is_told_as_missing_or_estimated(tmp_path: Path) -> None:
    (whole,) = profile_folder(service(tmp_path)).profiles
    assert "device type of the response times" in whole.missing
    assert "offered load of the response times" in whole.missing
    (alone,) = profile_folder(service(tmp_path / "other", shared=False)).profiles
    assert "service time shared" in alone.missing
    assert any(note.startswith("service time shared: ") for note in alone.estimated)
    times = alone.service_time["any"]
    assert times.shared is not None
    assert times.alone is not None
    assert times.shared.mean > times.alone.mean


def test_a_missing_folder_of_a_service_is_told_and_no_fault(tmp_path: Path) -> None:
    folder = service(tmp_path)
    for path in (folder / "resources_sys_metric").iterdir():
        path.unlink()
    (profile,) = profile_folder(folder).profiles
    assert profile.devices == {}
    assert "load of each core, by device type" in profile.missing


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("applications_extracted/*without*", "response_time", "latency", "no column response_time"),
        ("applications_extracted/*without*", "0.1", "fast", "response_time is 'fast"),
        ("applications_extracted/*without*", "0.1", "-0.1", "a number above 0"),
        ("applications_extracted/*without*", "0.1", "nan", "a number above 0"),
        ("resources_proc_metric/*_f10*", "cpu_usage", "load", "no column cpu_usage"),
        ("resources_proc_metric/*_f10*", "1000,50", "1000,inf", "memory_usage is 'inf"),
        ("resources_sys_metric/*", "core1", "cpu1", "no column core1"),
        ("resources_sys_metric/*", "core2", "core1", "there twice"),
        ("resources_sys_metric/*", "60,20", "60", "6 values in a table of 7 columns"),
    ],
)
def test_odd_values_and_columns_are_told_with_their_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = service(tmp_path)
    path = next(folder.glob(file))
    edit(path, old, new)
    with pytest.raises(InvalidProfile) as caught:
        profile_folder(folder)
    assert caught.value.exit_code == ExitCode.INVALID
    assert message in caught.value.brief
    assert path.name + ":" in caught.value.brief


def test_files_that_are_no_measurements_are_refused(tmp_path: Path) -> None:
    folder = service(tmp_path)
    path = next((folder / "applications_extracted").glob("*without*"))
    for content in (b"", b"response_time\n0.1\n", b"\xff\xfe\x00\x01", b'response_time\n"' + b"x" * 200_000):
        path.write_bytes(content)
        with pytest.raises(InvalidProfile):
            profile_folder(folder)
    with pytest.raises(InvalidProfile, match="no measurements"):
        profile_folder(tmp_path.joinpath("camera_reader", "resources_sys_metric"))
    with pytest.raises(UsageError):
        profile_folder(tmp_path / "nowhere")


def test_two_runs_of_one_service_are_not_mixed(tmp_path: Path) -> None:
    service(tmp_path / "run_0")
    service(tmp_path / "run_1")
    with pytest.raises(InvalidProfile, match="both measure 'camera-reader'"):
        profile_folder(tmp_path)


def test_a_profile_reads_back_as_it_was_written(tmp_path: Path) -> None:
    measured = profile_folder(service(tmp_path, gpu=15.6))
    (path,) = write_profiles(measured, tmp_path / "one.yaml")
    again = read_profile(path.read_text(), path.name)
    assert write_profile(again) == path.read_text()
    assert again.demand[1].cpu == measured.profiles[0].demand[1].cpu
    assert again.missing == measured.profiles[0].missing


@pytest.mark.parametrize(
    "text",
    ["", "a: 1", "profile: 2\nservice: a", "profile: 1\nservice: a\nmore: 1", "profile: 1\n: : :", "- 1", "profile: 1"],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(InvalidProfile):
        read_profile(text, "some.yaml")


def test_demand_between_two_loads_lies_on_the_line_and_beyond_them_is_the_nearest(tmp_path: Path) -> None:
    (profile,) = profile_folder(service(tmp_path)).profiles
    low, high = profile.demand
    for load in (0.01, 1):
        assert profile.demand_at(load) == low
    assert profile.demand_at(500) == high
    middle = profile.demand_at(5.5)
    assert middle is not None
    assert middle.cpu == pytest.approx((low.cpu + high.cpu) / 2, abs=1)


def test_slowdowns_that_follow_the_loads_are_learned_and_never_speed_up() -> None:
    weights = SlowdownWeights(0.4, -0.2, 0.15)
    loads = [Loads(busiest / 10, rest / 10) for busiest in range(1, 10, 2) for rest in (1, 4, 12)]
    measured = [Slowdown(weights.slowdown(item), weights.slowdown(item)) for item in loads]
    learned = fit_interference(loads, measured)
    for item, slowdown in zip(loads, measured, strict=True):
        assert learned.slowdown(item).mean == pytest.approx(slowdown.mean, rel=0.02)
    assert SlowdownWeights(-3.0, 0.0, 0.0).slowdown(Loads(1, 1)) == 1.0
    assert Interference(weights, weights, 1).slowdown(None).mean > 1


def test_loads_that_are_all_alike_teach_the_mean_slowdown() -> None:
    learned = fit_interference([Loads(0.5, 0.5)] * 5, [Slowdown(1.5, 2.0)] * 5)
    assert learned.slowdown(Loads(0.5, 0.5)).mean == pytest.approx(1.5)


def test_the_weights_that_stand_in_are_those_of_the_nine_published_services() -> None:
    profiles: list[Profile] = [read_profile(path.read_text(), path.name) for path in PROFILES]
    known = [(profile.loads, profile.slowdown) for profile in profiles]
    assert len(known) == 9
    learned = fit_interference([loads for loads, _ in known if loads], [slowdown for _, slowdown in known if slowdown])
    for ours, theirs in ((PUBLISHED.mean, learned.mean), (PUBLISHED.p99, learned.p99)):
        for name in ("base", "busiest", "rest"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=2e-3)


def test_estimated_times_keep_their_order() -> None:
    generator = random.Random(1)
    alone = sample_statistics([generator.uniform(0.08, 0.12) for _ in range(1000)])
    shared = shared_estimate(alone, Slowdown(1.4, 1.2))
    assert shared.p50 <= shared.p99
    assert shared.deviation >= 0
    assert fit_profiles([ServiceMeasurements("lonely", alone=[0.1] * 30)])[0][0].service_time["any"].shared is not None
