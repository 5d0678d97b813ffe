"""Claims about volumes of Compose services."""

from __future__ import annotations

from typing import Any

from import_results import Importer, dropped, field_of, reasons

from rohe_iac.importing.compose.volumes import add_volumes
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


class OneFile(ReferencedFiles):
    """A blueprint with every file that is named."""

    def below_root(self, file: str, path: str) -> str | None:
        """Returns the path in the folder deploy."""
        del file
        return f"deploy/{path.removeprefix('./')}"


def test_volumes_have_a_size_and_bind_mounts_are_files() -> None:
    service, files = dict[str, Any](), list[dict[str, str]]()
    field = field_of({"volumes": ["My_Data:/data", "./a.conf:/etc/a.conf:ro"], "tmpfs": "/t:size=2m", "shm_size": "1m"})
    add_volumes(field, service, "services.a", OneFile(), files)
    assert service["volumes"] == [
        {"name": "my-data", "path": "/data", "size": "1Gi"},
        {"path": "/t", "emptyDir": "2Mi"},
        {"path": "/dev/shm", "emptyDir": "1Mi"},
    ]
    assert files == [{"path": "/etc/a.conf", "from": "deploy/a.conf"}]


def test_a_path_has_one_volume_and_is_absolute() -> None:
    field, service = field_of({"volumes": ["a:/data", "b:/data/", "c:data"]}), dict[str, Any]()
    add_volumes(field, service, "services.a", ReferencedFiles(), [])
    assert [volume["name"] for volume in service["volumes"]] == ["a"]
    assert set(dropped(field)) == {"volumes[1]", "volumes[2]"}


def test_a_volume_has_several_paths_and_names_stay_apart() -> None:
    names = {"a": "a", "A": "a-2"}
    field, service = field_of({"volumes": ["a:/data", "a:/logs:ro,z", "A:/b"]}), dict[str, Any]()
    add_volumes(field, service, "services.a", ReferencedFiles(), [], names.__getitem__)
    assert [(volume["name"], volume["path"]) for volume in service["volumes"]] == [
        ("a", "/data"),
        ("a", "/logs"),
        ("a-2", "/b"),
    ]
    assert [volume.get("readOnly") for volume in service["volumes"]] == [None, True, None]
    assert dropped(field) == {}


def test_a_folder_of_a_volume_is_mounted_unless_it_leaves_the_volume() -> None:
    entries = [
        {"type": "volume", "source": "v", "target": f"/{number}", "volume": {"subpath": path}}
        for number, path in enumerate(("models/current", "../out"))
    ]
    field, service = field_of({"volumes": entries}), dict[str, Any]()
    add_volumes(field, service, "services.a", ReferencedFiles(), [])
    assert [volume.get("subPath") for volume in service["volumes"]] == ["models/current", None]
    assert "relative path in the volume" in dropped(field)["volumes[1].volume.subpath"]


def test_settings_of_a_mount_are_listed(import_contents: Importer) -> None:
    mount = {"type": "volume", "source": "d", "target": "/d", "volume": {"nocopy": True, "subpath": "a"}}
    services = {"a": {"image": "i", "volumes": [mount, {**mount, "target": "/e"}]}}
    result = import_contents({"services": services, "volumes": {"d": {"driver_opts": {"type": "nfs"}}}})
    listed = reasons(result)
    assert "services.a.volumes[0].volume.nocopy" in listed
    assert "volumes.d.driver_opts" in listed
    assert "services.a.volumes[0].volume.subpath" not in listed
