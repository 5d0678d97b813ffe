"""Whatever bytes go in, findings or a RoheError come out: kept inputs, thousands of changed ones, and a campaign."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from drawing import generator
from fuzz_mutations import mutate_input
from fuzz_targets import LONGEST, TARGETS

HERE = Path(__file__).parent
SECONDS = 600
"""Of the processor, for the whole campaign; ROHE_FUZZ_SECONDS says otherwise."""
SHARES = {"blueprint": 6, "foreign": 5, "normal_form": 2, "template": 3, "expression": 2, "edits": 1, "message": 2}
"""How the campaign's time is divided."""
CHANGED = {
    "blueprint": 500,
    "foreign": 150,
    "normal_form": 40,
    "template": 800,
    "expression": 1500,
    "edits": 2000,
    "message": 300,
}
"""How many changed inputs each run of the tests tries."""


def kept_inputs(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / "corpus" / name).iterdir())]


@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_is_taken_without_a_crash(name: str) -> None:
    inputs = kept_inputs(name)
    assert inputs
    for content in inputs:
        assert TARGETS[name](content)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs_are_taken_without_a_crash(name: str) -> None:
    inputs = kept_inputs(name)
    rng = generator(name)
    for index in range(CHANGED[name]):
        content = mutate_input(rng.choice(inputs), LONGEST, rng.getrandbits(32))
        try:
            TARGETS[name](content)
        except BaseException:
            print(f"input {index} of {name}: {content!r}")
            raise


def run_fuzzer(name: str, folder: Path, seconds: float, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the fuzzer on a copy of the kept inputs."""
    shutil.copytree(HERE / "corpus" / name, folder / "seeds")
    (folder / "found").mkdir()
    command = [sys.executable, str(HERE / "fuzz.py"), name, str(seconds), str(folder / "found"), str(folder / "seeds")]
    limits = (
        f"-artifact_prefix={folder}/crash-",
        f"-seed={generator(name).randrange(1, 2**31)}",
        "-rss_limit_mb=1500",
        "-timeout=60",
        "-print_final_stats=0",
    )
    return subprocess.run(
        [*command, *limits, *options], capture_output=True, text=True, errors="replace", check=False, timeout=7200
    )


def output_of(done: subprocess.CompletedProcess[str], folder: Path) -> str:
    """Returns what a failed run printed: its last lines and the input that crashed."""
    crashes = [f"{path.name}: {path.read_bytes()[:2000]!r}" for path in folder.glob("crash-*")]
    return "\n".join([*(done.stdout + done.stderr).splitlines()[-60:], *crashes])


@pytest.mark.platform
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="there is no atheris for this Python")
def test_the_fuzzer_itself_runs(tmp_path: Path) -> None:
    done = run_fuzzer("edits", tmp_path, 60, "-runs=300")
    assert done.returncode == 0, output_of(done, tmp_path)
    assert "Done 300 runs" in done.stderr


@pytest.mark.soak
@pytest.mark.platform
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="there is no atheris for this Python")
@pytest.mark.parametrize("name", TARGETS)
def test_a_campaign_finds_no_crash(name: str, tmp_path: Path) -> None:
    whole = float(os.environ.get("ROHE_FUZZ_SECONDS", SECONDS))
    done = run_fuzzer(name, tmp_path, whole * SHARES[name] / sum(SHARES.values()))
    print(done.stdout)
    assert done.returncode == 0, output_of(done, tmp_path)
    assert "s of the processor" in done.stdout
