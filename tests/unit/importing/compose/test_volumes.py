"""Claims about volumes of Compose services."""

from __future__ import annotations

from typing import Any

from import_results import dropped, field_of

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
