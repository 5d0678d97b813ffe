"""Claims about the rights of pods: those of the level `restricted`, with a way out."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.pods.cluster_pod import SecurityContext
from rohe_iac.manifests.kubernetes.pod.security import AGENT_USER, container_security, pod_security


def _context(**fields: object) -> SecurityContext:
    return SecurityContext.model_validate(fields)


def test_a_pod_has_no_rights_by_default() -> None:
    assert pod_security(_context(), system=False) == {
        "runAsNonRoot": True,
        "fsGroup": AGENT_USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container_security(_context()) == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_agents_and_broker_run_as_the_user_of_their_image() -> None:
    assert pod_security(_context(), system=True)["runAsUser"] == AGENT_USER


def test_root_is_a_way_out_that_needs_no_second_field() -> None:
    written = pod_security(_context(runAsUser=0), system=False)
    assert (written["runAsUser"], "runAsNonRoot" in written) == (0, False)


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({"privileged": True}, {"privileged": True, "capabilities": {"drop": ["ALL"]}}),
        (
            {"capabilities": {"add": ["SYS_ADMIN"]}},
            {"capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]}},
        ),
        (
            {"capabilities": {"add": ["NET_RAW"], "drop": []}, "readOnlyRootFilesystem": True},
            {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"add": ["NET_RAW"]},
            },
        ),
        ({"allowPrivilegeEscalation": True}, {"capabilities": {"drop": ["ALL"]}}),
    ],
)
def test_each_right_is_given_by_itself(fields: dict[str, Any], written: dict[str, Any]) -> None:
    assert container_security(_context(**fields)) == written
