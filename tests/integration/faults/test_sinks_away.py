"""Sinks that are away: results wait in the store, on disk and not in memory, and arrive once the sink is back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fault_stage import begin, end_and_compare, go_on, truthful_configuration
from ground_truth import results_of
from observed_brokers import RunningBroker
from observed_stage import Stage

pytestmark = pytest.mark.broker


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    """Yields a stage whose contract writes lines into a folder."""
    configuration = truthful_configuration(2)
    [contract] = configuration.contracts
    contract = msgspec.structs.replace(contract, sinks=({"jsonl": str(tmp_path / "lines")}, "mqtt"))
    stage = Stage(tmp_path, own_broker, msgspec.structs.replace(configuration, contracts=(contract,)))
    yield stage
    stage.end()


def sink_of(stage: Stage) -> dict[str, object]:
    sinks = {sink["name"]: sink for sink in stage.ask("status")[0]["sinks"]}
    return dict(sinks[f"jsonl:{stage.folder / 'lines'}"])


def compare_lines(stage: Stage) -> None:
    """Compares the lines of the sink with the results in the store: each is there, and no line is torn."""
    lines = [json.loads(line) for line in (stage.folder / "lines" / "truth.jsonl").read_text().splitlines()]
    written = {(line["objective"], line["end"]) for line in lines}
    stored = {(result.objective, result.end) for result in results_of(stage.folder / "store")}
    assert stored - written == set()


def test_results_for_a_folder_that_is_not_there_wait_in_the_store(stage: Stage) -> None:
    lines = stage.folder / "lines"
    lines.write_text("a file where the folder should be")
    begin(stage, 2)
    stage.wait_for(lambda: sink_of(stage)["failures"])
    assert "cannot write to" in str(sink_of(stage)["why"])
    go_on(stage, 1)
    lines.unlink()
    stage.wait_for(lambda: not sink_of(stage)["failures"])
    end_and_compare(stage)
    compare_lines(stage)


@pytest.mark.platform
@pytest.mark.soak
def test_lines_cut_off_by_a_full_file_system_are_written_again_as_a_whole(stage: Stage) -> None:
    lines = stage.folder / "lines"
    lines.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(lines)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("a file system to fill can only be mounted by root")
    try:
        filler = lines / "filler"
        with filler.open("wb", buffering=0) as stream:
            # Room for a few lines and a part of the next one.
            stream.write(b"\0" * (64 - 8) * 1024)
        begin(stage, 2)
        stage.wait_for(lambda: "No space left" in str(sink_of(stage)["why"]), 60)
        filler.unlink()
        stage.wait_for(lambda: not sink_of(stage)["failures"], 60)
        end_and_compare(stage)
        compare_lines(stage)
    finally:
        subprocess.run(["umount", "-l", str(lines)], check=True)
