"""What is too old where the agent's clock is wrong, or a client's, or both."""

from __future__ import annotations

import pytest

from rohe_iac.observation.reports.report import OutdatedReport
from rohe_iac.observation.reports.said_clocks import SaidClocks

NOW, IN_2100, IN_1970 = 1.796e9, 4.13e9, 5000.0


def clocks(now: float) -> SaidClocks:
    said = SaidClocks()
    said.begin_batch(now, 7.0)
    return said


def test_by_an_agent_in_2100_good_reports_are_not_too_old() -> None:
    said = clocks(IN_2100)
    said.check_age("a", NOW, IN_2100)
    said.check_age("b", NOW - 5, IN_2100)
    assert said.trouble(IN_2100) == (
        "the clock of this machine is set to 2100-11-15, those of its clients to 2026-11-30: set it right"
    )
    with pytest.raises(OutdatedReport):
        said.check_age("c", IN_1970, IN_2100)


def test_a_client_in_1970_is_no_authority() -> None:
    said = clocks(NOW)
    with pytest.raises(OutdatedReport, match="1970-01-01"):
        said.check_age("a", IN_1970, NOW)
    assert said.trouble(NOW) == ""


def test_most_clients_say_the_time() -> None:
    said = clocks(NOW)
    for client, at in (("a", NOW), ("b", NOW), ("c", IN_2100)):
        said.hear_state(client, at)
    assert said.trouble(NOW) == ""
    assert said.said() == pytest.approx(NOW)


def test_an_agent_in_1970_says_so() -> None:
    said = clocks(IN_1970)
    said.check_age("a", NOW, IN_1970)
    assert said.trouble(IN_1970).startswith("the clock of this machine is set to 1970-01-01, ")
