"""Claims about the control plane's files, command lines and documents; tests/integration/trial_cluster starts it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml
from lightkube.codecs import from_dict

from rohe_iac.trial_cluster.__main__ import main
from rohe_iac.trial_cluster.control_plane import ControlPlane, ControlPlaneFailed
from rohe_iac.trial_cluster.files import CONTEXT, ControlPlaneFiles
from rohe_iac.trial_cluster.keeper import Keeper, StartFailed
from rohe_iac.trial_cluster.keeper_main import free_ports
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.trial_cluster.programs import ClusterPrograms
from rohe_iac.trial_cluster.servers import STAGES, ServerCommands


@pytest.fixture
def files(tmp_path: Path) -> ControlPlaneFiles:
    files = ControlPlaneFiles(tmp_path / "control-plane")
    files.prepare()
    return files


@pytest.fixture
def commands(files: ControlPlaneFiles, tmp_path: Path) -> ServerCommands:
    programs = ClusterPrograms(tmp_path / "kubernetes", tmp_path / "kine", tmp_path / "kwok")
    return ServerCommands(programs, files, 2379, 6443)


def test_every_server_listens_on_loopback_alone(commands: ServerCommands) -> None:
    assert "--bind-address=127.0.0.1" in commands.api_server()
    assert "127.0.0.1:2379" in commands.store()
    for command in (commands.controllers(), commands.scheduler()):
        assert "--secure-port=0" in command


def test_no_secret_is_on_a_command_line(commands: ServerCommands, files: ControlPlaneFiles) -> None:
    token = files.prepare()
    lines = (
        commands.store(),
        commands.api_server(),
        commands.controllers(),
        commands.scheduler(),
        commands.simulation(),
    )
    assert [line for line in lines if any(token in word for word in line)] == []


def test_the_token_is_kept_when_the_folder_is_prepared_again_and_differs_elsewhere(
    files: ControlPlaneFiles, tmp_path: Path
) -> None:
    assert files.prepare() == files.prepare()
    assert ControlPlaneFiles(tmp_path / "other").prepare() != files.prepare()


def test_the_kubeconfig_is_private_and_names_the_certificate(files: ControlPlaneFiles) -> None:
    files.write_kubeconfig("https://127.0.0.1:6443", "secret")
    assert stat.S_IMODE(files.kubeconfig.stat().st_mode) == 0o600
    document = json.loads(files.kubeconfig.read_text())
    assert document["current-context"] == CONTEXT
    assert document["clusters"][0]["cluster"]["certificate-authority"] == str(files.certificate)


def test_a_control_plane_without_its_programs_names_them(tmp_path: Path) -> None:
    plane = ControlPlane(ControlPlaneFiles(tmp_path / "control-plane"))
    with pytest.raises(ControlPlaneFailed) as raised:
        plane.start(ClusterPrograms(tmp_path, tmp_path / "kine", tmp_path / "kwok"))
    assert str(tmp_path / "kube-apiserver") in raised.value.detail
    assert not plane.running


def test_a_program_that_ends_at_once_is_named_with_its_log(tmp_path: Path) -> None:
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kine", "kwok"):
        (tmp_path / name).write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    plane = ControlPlane(ControlPlaneFiles(tmp_path / "control-plane"))
    with pytest.raises(ControlPlaneFailed) as raised:
        plane.start(ClusterPrograms(tmp_path, tmp_path / "kine", tmp_path / "kwok"))
    assert "kine ended with status 3" in raised.value.detail
    assert "no such luck" in plane.files.log("kine").read_text()
    assert not plane.running


def test_a_keeper_whose_store_ends_gives_up_with_the_place_of_its_log(
    files: ControlPlaneFiles, commands: ServerCommands, tmp_path: Path
) -> None:
    (tmp_path / "kine").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "kine").chmod(0o755)
    keeper = Keeper(files, commands, "secret")
    assert not keeper.answers()
    with pytest.raises(StartFailed, match=r"kine ended with status 3.*kine\.log"):
        keeper.start()


@pytest.mark.parametrize("number", ["-1", "many", "100000", ""])
def test_a_number_of_nodes_that_cannot_be_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["start", f"--nodes={number}"])
    assert raised.value.code == 2
    assert "is no number from 0 to 5000" in capsys.readouterr().err


def test_ports_are_free_and_all_different() -> None:
    assert len(set(free_ports(5))) == 5


def test_the_command_says_whether_a_control_plane_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["status"]) == 1
    assert main(["stop"]) == 0
    assert capsys.readouterr().out == "no control plane is running\n" * 2


def test_a_simulated_node_is_a_valid_document() -> None:
    node = from_dict(simulated_node("edge-1", arch="arm64", resources={"nvidia.com/gpu": "1"}))
    assert node.metadata.labels["kubernetes.io/arch"] == "arm64"
    assert node.status.allocatable["nvidia.com/gpu"] == "1"


def test_stages_are_documents_of_kwok() -> None:
    stages = list(yaml.safe_load_all(STAGES.read_text()))
    assert {stage["kind"] for stage in stages} == {"Stage"}
    assert {stage["spec"]["resourceRef"]["kind"] for stage in stages} == {"Node", "Pod"}
