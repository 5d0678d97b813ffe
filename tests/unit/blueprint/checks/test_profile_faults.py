"""Faults of a profile are reported by `validate` where they are written, once, however many services name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks import profile as profile_checks
from rohe_iac.blueprint.loading import check

PIPELINE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services:
    - {name: camera, image: camera, profile: profiles/camera.yaml}
    - name: detect
      variants: [{name: small, profile: profiles/camera.yaml}, {name: large, profile: profiles/camera.yaml}]
"""
GOOD = """\
profile: 1
service: camera
demand:
  - {load: 10/s, cpu: 300m, memory: 64Mi}
serviceTime:
  any: {alone: {mean: 12ms, p50: 10ms, p99: 40ms}}
"""


def messages_of(folder: Path, profile: str | bytes) -> list[str]:
    (folder / "rohe.yaml").touch()
    (folder / "shop.yaml").write_text(PIPELINE)
    (folder / "profiles").mkdir()
    (folder / "profiles" / "camera.yaml").write_bytes(profile if isinstance(profile, bytes) else profile.encode())
    return [f"{item.place} {item.code} {item.message}" for item in check([folder]).diagnostics]


def test_a_profile_as_it_should_be_is_no_fault(tmp_path: Path) -> None:
    assert messages_of(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("profile: 1", "profile: 2", "1:10 R109 the number 2 is not allowed here"),
        ("service: camera", "service: Camera", "2:10 R111 'Camera' is not a name"),
        ("service: camera\n", "", "1:1 R107 field 'service' is missing"),
        ("cpu: 300m", "cpu: -300m", "4:23 R112"),
        ("load: 10/s", "load: 0/s", "4:12 R110 expected more than 0"),
        ("memory: 64Mi", "memory: 64MB", "4:37 R112"),
        ("demand:", "demands:", "3:1 R106 unknown field 'demands'"),
        ("p99: 40ms", "p99: 40", "6:45 R112"),
        ("p99: 40ms}", "p99: 40ms", "6:8 R001 not YAML: this brace is not closed"),
        (GOOD, "- a list\n", "1:1 R236 this is not a profile"),
        (GOOD, GOOD + "---\nmore: 1\n", "8:1 R236 a second document"),
    ],
)
def test_a_fault_is_told_once_with_its_place(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    assert right in GOOD
    found = messages_of(tmp_path, GOOD.replace(right, wrong))
    assert len(found) == 1
    assert found[0].startswith(f"profiles/camera.yaml:{says}")


def test_a_profile_that_is_no_text_is_told(tmp_path: Path) -> None:
    assert messages_of(tmp_path, GOOD.encode() + b"\xff") == [
        "profiles/camera.yaml:7:1 R013 the file is not UTF-8: byte 0xff",
    ]


def test_a_bomb_is_no_profile(tmp_path: Path) -> None:
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    assert [line.split()[1] for line in messages_of(tmp_path, GOOD + bomb)] == ["R004"]


def test_only_so_many_profiles_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_checks, "MAX_PROFILES", 0)
    (found,) = messages_of(tmp_path, GOOD)
    assert "R133 the profiles from here on are not looked at" in found
