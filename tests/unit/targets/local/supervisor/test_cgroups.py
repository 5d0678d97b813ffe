"""Claims about control groups: version 2 in a tree of files as the kernel shows them, and the kernel's own mount."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rohe_iac.targets.local.supervisor import cgroups

UNIFIED = Path("/sys/fs/cgroup/unified")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a delegated group of version 2; files stand for the kernel's, which writes are kept in."""
    group = tmp_path / "user.scope"
    group.mkdir()
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (group / "cgroup.subtree_control").write_text("\n")
    (group / "cgroup.procs").write_text("")
    (tmp_path / "own").write_text("0::/user.scope\n")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "OWN", tmp_path / "own")
    return group


def test_version_2_limits_memory_and_processor_time_in_one_group(tree: Path) -> None:
    assert (cgroups.obstacle("memory"), cgroups.limits_obstacle()) == ("", ("", ""))
    made = cgroups.make(Path("/x/run/programs/web"), cpu=200, memory=64 * 2**20)
    assert made.missing == ()
    (group,) = made.groups
    assert Path(group).parent == tree
    assert Path(group, "memory.max").read_text() == "67108864"
    assert Path(group, "cpu.max").read_text() == "20000"  # the period stays 100 ms, the kernel's default


def test_version_2_without_delegation_says_so_and_how_to_get_it(tree: Path) -> None:
    (tree / "cgroup.controllers").write_text("pids\n")
    made = cgroups.make(Path("/x"), cpu=0, memory=64 * 2**20)
    assert (made.groups, made.missing) == (
        (),
        (f"limit of memory 64Mi is not in force: {tree} has no controller memory",),
    )
    assert "Delegate=yes" in cgroups.limits_obstacle()[1]


def test_killed_processes_are_counted_in_both_versions(tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\n")
    assert cgroups.memory_kills([str(tmp_path)]) == 3
    (tmp_path / "memory.events").unlink()
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    assert cgroups.memory_kills([str(tmp_path)]) == 2
    assert cgroups.memory_kills([str(tmp_path / "absent")]) == 0


@pytest.mark.platform
def test_the_kernel_lets_groups_below_have_a_controller_once_their_parent_has_no_process() -> None:
    """Memory and cpu are bound to version 1 on hybrid machines; hugetlb follows the same rules of version 2."""
    mount = UNIFIED if UNIFIED.exists() else UNIFIED.parent
    control = mount / "cgroup.subtree_control"
    if not os.access(control, os.W_OK) or "hugetlb" not in (mount / "cgroup.controllers").read_text().split():
        pytest.skip(f"{mount} has no controller of version 2 that this user may give to groups")
    had = "hugetlb" in control.read_text().split()
    control.write_text("+hugetlb")
    parent = mount / f"rohe-test-{os.getpid()}"
    parent.mkdir()
    sleeper = subprocess.Popen(["sleep", "600"])
    try:
        (parent / "cgroup.procs").write_text(str(sleeper.pid))
        cgroups.enable(parent, "hugetlb")
        group = parent / "rohe-web"
        group.mkdir()
        assert (group / "hugetlb.2MB.max").exists()
        own = Path(f"/proc/{sleeper.pid}/cgroup").read_text().splitlines()
        assert f"0::/{parent.name}/{cgroups.MAIN}" in own
        cgroups.enable(parent, "hugetlb")  # a second time changes nothing
    finally:
        sleeper.kill()
        sleeper.wait()
        cgroups.remove([str(parent / "rohe-web"), str(parent / cgroups.MAIN), str(parent)])
        if not had:
            control.write_text("-hugetlb")
    assert not parent.exists()
