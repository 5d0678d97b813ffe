"""Claims about devices, users and labels of Compose services."""

from __future__ import annotations

from typing import Any

from import_results import Importer, dropped, field_of, mapped, notes

from rohe_iac.importing.compose.containers import add_devices, add_grace_period, add_labels, add_rights, add_user


def test_devices_are_those_of_the_node_and_gpus_are_accelerators() -> None:
    written = ["/dev/video0", "/dev/ttyUSB0:/dev/lora:rwm", {"source": "/dev/a", "target": "/dev/b"}, "usb"]
    field = field_of({"devices": [*written, "/dev/nvidia0:/dev/nvidia0", "/dev/nvidiactl", "nvidia.com/gpu=all"]})
    service: dict[str, Any] = {}
    add_devices(field, service, "a")
    assert service["devices"] == [
        {"path": "/dev/video0"},
        {"path": "/dev/lora", "from": "/dev/ttyUSB0"},
        {"path": "/dev/b", "from": "/dev/a"},
    ]
    assert service["requests"] == {"accelerators": {"gpu": {"count": 1}}}
    assert set(dropped(field)) == {"devices[3]"}
    assert len(mapped(field)) == 6
    assert any("placement does not know" in text for _, text in field.journal.notes)


def test_a_gpu_that_is_asked_for_already_is_not_asked_for_again() -> None:
    service: dict[str, Any] = {"requests": {"accelerators": {"gpu": {"count": 2}}}}
    add_devices(field_of({"devices": ["/dev/nvidia0"]}), service, "a")
    assert service == {"requests": {"accelerators": {"gpu": {"count": 2}}}}


def test_a_user_is_an_id_and_a_name_is_told() -> None:
    for written, expected in (("1000:44", "1000:44"), (0, "0"), ("node", None), ("1000:video", None)):
        field, service = field_of({"user": written}), dict[str, Any]()
        add_user(field, service, "a")
        assert service.get("user") == expected
        assert (expected is None) == ("id -u NAME" in dropped(field).get("user", ""))


def test_labels_are_those_that_a_cluster_takes() -> None:
    for written in (["team=vision", "traefik.rule=Host(`a`)", "on"], {"team": "vision", "traefik.rule": "Host(`a`)"}):
        field, service = field_of({"labels": written}), dict[str, Any]()
        add_labels(field, service, "a")
        assert service["labels"]["team"] == "vision"
        assert "traefik.rule" not in service["labels"]
        assert "no label of Kubernetes" in "".join(dropped(field).values())


def test_what_a_cluster_alone_takes_is_told(import_contents: Importer) -> None:
    result = import_contents({"services": {"a": {"image": "i", "user": 1000, "labels": {"team": "vision"}}}})
    found = result.documents[0]["spec"]["services"][0]
    assert (found["user"], found["labels"]) == ("1000", {"team": "vision"})
    assert notes(result).count("in a cluster only") == 2


def test_rights_are_those_of_the_security_context() -> None:
    field, service = (
        field_of(
            {
                "read_only": True,
                "cap_add": ["CAP_NET_ADMIN", "net admin"],
                "cap_drop": ["all"],
                "security_opt": ["no-new-privileges:true", "seccomp=unconfined", "label:disable"],
                "stop_grace_period": "1m30s",
            }
        ),
        dict[str, Any](),
    )
    add_rights(field, service, "services.a")
    add_grace_period(field, service, "services.a")
    assert service == {
        "kubernetes": {
            "securityContext": {
                "readOnlyRootFilesystem": True,
                "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
                "allowPrivilegeEscalation": False,
                "seccompProfile": "Unconfined",
            }
        },
        "terminationGracePeriod": "90s",
    }
    assert set(dropped(field)) == {"cap_add[1]", "security_opt[2]"}
    assert len([text for _, text in field.journal.notes if "in a cluster only" in text]) == 2


def test_a_privileged_container_may_gain_rights() -> None:
    field, service = field_of({"privileged": True, "security_opt": ["no-new-privileges"]}), dict[str, Any]()
    add_rights(field, service, "services.a")
    assert service == {"kubernetes": {"securityContext": {"privileged": True}}}
    assert "whatever is said" in dropped(field)["security_opt[0]"]
