"""Agents that the plan has hear nobody: they are named, hold a share, and stand in for others."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from judging_stage import CONFIGURATION, FIRST, JUDGE, SECOND, Desk

from rohe_iac.agent.sharing.known_receiver import Hold
from rohe_iac.agent.sharing.lease import RENEWAL_INTERVAL
from rohe_iac.agent.sharing.messages import ShareGrant, ShareReleased


def test_an_agent_whose_share_is_empty_holds_it_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instances = tuple(msgspec.structs.replace(item, agent=JUDGE) for item in CONFIGURATION.instances)
    idle = msgspec.structs.replace(CONFIGURATION, instances=instances, receivers=(FIRST,))
    desk = Desk(tmp_path, monkeypatch, idle)
    assert [item["name"] for item in desk.desk.to_builtins()] == [JUDGE, FIRST]
    granted = desk.grant(FIRST)
    assert granted.clients == []
    assert desk.hold(FIRST) is Hold.HELD
    while desk.hold(FIRST) is not Hold.NONE:
        desk.now += RENEWAL_INTERVAL
        desk.turn()
    _, first = desk.desk.to_builtins()
    assert (first["hears"], "silent" in str(first["trouble"])) == (0, True)
    desk.store.close()


def test_an_agent_that_was_a_stand_in_gives_all_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would otherwise go on to be sent what it does not take in."""
    instances = tuple(
        msgspec.structs.replace(item, agent=FIRST if item.agent == SECOND else item.agent)
        for item in CONFIGURATION.instances
    )
    desk = Desk(tmp_path, monkeypatch, msgspec.structs.replace(CONFIGURATION, instances=instances, receivers=(SECOND,)))
    first, second = desk.grant(FIRST), desk.grant(SECOND)
    assert second.clients == []
    desk.silence(FIRST, SECOND, second.epoch)
    desk.tell(SECOND, ShareReleased(second.epoch))
    stand_in = desk.grant(SECOND)
    assert stand_in.clients
    desk.renew(FIRST)
    desk.renew(SECOND, stand_in.epoch)
    assert desk.hold(SECOND) is Hold.REVOKED
    desk.tell(SECOND, ShareReleased(stand_in.epoch))
    assert sorted(desk.take(FIRST, ShareGrant).clients) == sorted(first.clients)
    assert desk.grant(SECOND).clients == []
    desk.store.close()
