"""Pages of one grant belong together, however often they are sent, and whichever of them are lost."""

from __future__ import annotations

import pytest
from judging_stage import FIRST, Desk, report
from receiving_stage import Stage

from rohe_iac.agent.sharing import share_desk
from rohe_iac.agent.sharing.grant_pages import pages_of
from rohe_iac.agent.sharing.messages import ReportBatch, ShareGrant
from rohe_iac.foundation.topics import report_topic
from rohe_iac.mqtt.message import Incoming


def test_a_grant_that_is_sent_again_has_the_same_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_desk, "PAGE_BYTES", 40)
    before = desk.grant(FIRST)
    desk.tell(FIRST, ReportBatch(before.epoch, 1, [report("load-1", 1)], {}))
    desk.renew(FIRST)
    desk.sent.clear()
    desk.now += 2 * share_desk.GRANT_INTERVAL
    desk.turn()
    first = desk.grants(FIRST)
    assert first
    desk.sent.clear()
    # The judging agent goes on to hear the client for a minute, while the grant is on its way.
    desk.turn(
        *(
            Incoming(report_topic("s", "load", "load-1"), report("load-1", seq)[2], 1, False, 1, 1)
            for seq in (2, 5, 9, 14)
        )
    )
    desk.now += 2 * share_desk.GRANT_INTERVAL
    desk.turn()
    assert desk.grants(FIRST) == first


def test_pages_keep_the_numbers_of_their_time() -> None:
    ranges = [[1, 3]]
    (page,) = pages_of(ShareGrant("e", "b", 1, 0, 0, [], []), ["load-1"], lambda _: [("boot", ranges)], 1000)
    ranges[0][1] = 9
    assert [item.ranges for item in page.numbers] == [[[1, 3]]]


def test_a_grant_that_is_sent_again_answers_the_newest_renewal(desk: Desk) -> None:
    desk.renew(FIRST)
    desk.renew(FIRST)
    desk.now += 2 * share_desk.GRANT_INTERVAL
    desk.turn()
    assert [page.serial for page in desk.grants(FIRST)] == [1, 2]


def grant(stage: Stage, serial: int, page: int, pages: int, client: str) -> ShareGrant:
    return ShareGrant("e", stage.agent.boot, serial, page, pages, [client], [])


def test_pages_of_a_grant_that_was_divided_anew_are_not_mixed(stage: Stage) -> None:
    serial = stage.next_serial()
    stage.turn(grant(stage, serial, 1, 2, "load-2"), grant(stage, serial, 0, 3, "load-0"))
    stage.turn(grant(stage, serial, 2, 3, "load-2"))
    assert stage.agent.share is None, "page 1 of three is missing"
    stage.turn(grant(stage, serial, 1, 3, "load-1"))
    assert stage.agent.share is not None
    assert set(stage.agent.share.clients) == {"load-0", "load-1", "load-2"}


def test_pages_that_do_not_make_a_grant_end_no_agent(stage: Stage) -> None:
    serial = stage.next_serial()
    stage.turn(grant(stage, serial, 2, 3, "load-2"), grant(stage, serial, 0, 2, "load-0"))
    stage.turn(grant(stage, serial, 7, 2, "load-1"))
    assert stage.agent.share is None
    stage.turn(grant(stage, serial, 1, 2, "load-1"))
    assert stage.agent.share is not None
