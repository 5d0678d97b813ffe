"""Whether an agent has heard an instance, by its answer to `status`."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.transports.heard import HeardInstances


def heard(state: dict[str, Any] | None = None, *, spoke: float = 0.0, needed: bool = False) -> HeardInstances:
    clients = {"detect-0": state} if state is not None else {}
    return HeardInstances(
        {"at": 100.0, "clients": clients, "instances": {"detect-0": {"spoke": spoke, "needed": needed}}}
    )


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"state": "online", "serial": 3, "digest": "new"}, ""),
        ({"state": "stopped", "serial": 3, "digest": "new"}, ""),
        ({"state": "lost", "serial": 3, "digest": "new"}, "its connection to the broker was lost"),
        ({"state": "online", "serial": 2, "digest": "old"}, "it was last heard as record 2 had it"),
        (None, "it was never heard"),
        ({"state": "online"}, "it was never heard"),
    ],
)
def test_a_state_counts_where_it_is_of_the_planned_manifest(state: dict[str, Any] | None, why: str) -> None:
    assert heard(state).objection("detect-0", "new", age=1000.0) == why


def test_a_client_that_names_no_manifest_counts_once_it_has_spoken_since_its_start() -> None:
    found = heard({"state": "online"}, spoke=70.0)
    assert found.objection("detect-0", "new", age=31.0) == ""
    assert found.objection("detect-0", "new", age=29.0) == "it was last heard 30 s ago, before it was started"
    assert found.objection("detect-0", "new") == ""


def test_what_an_agent_expects_and_needs_is_its_own_word() -> None:
    assert heard(needed=True).needs("detect-0")
    assert not heard().needs("detect-0")
    assert heard().expects("detect-0")
    assert not heard().expects("camera-0")
    older = HeardInstances({"at": 100.0, "clients": {"detect-0": {"state": "online", "digest": "new"}}})
    assert older.objection("detect-0", "new", age=1.0) == ""
    assert not older.needs("detect-0")


def test_an_instance_was_never_heard_where_it_neither_reported_nor_connected() -> None:
    assert heard().has_never_heard("detect-0")
    assert not heard(spoke=1.0).has_never_heard("detect-0")
    assert not heard({"state": "lost"}).has_never_heard("detect-0")


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        ({"silent": True, "interval": 5.0, "spoke": 91.0},
         "it was last heard 9 s ago, and promises to speak every 5 s"),
        ({"silent": False, "interval": 5.0, "spoke": 99.0}, ""),
        ({"silent": True, "interval": 0.0, "spoke": 0.0}, ""),
        ({"spoke": 99.0}, ""),
    ],
)  # fmt: skip
def test_an_instance_that_does_not_speak_as_it_promised_is_told(instance: dict[str, Any], words: str) -> None:
    assert HeardInstances({"at": 100.0, "instances": {"detect-0": instance}}).silence("detect-0") == words
