"""Client clocks: the least difference of a while, and states before reports."""

from __future__ import annotations

from rohe_iac.agent.health.clocks import MAX_WORST, PERIOD, ClientClocks


def ahead(clocks: ClientClocks, monotonic: float) -> dict[str, float]:
    return {skew.client: skew.ahead for skew in clocks.measure(1.0, monotonic).worst}


def test_the_least_difference_of_arrival_and_event_counts() -> None:
    clocks = ClientClocks()
    for second, waited in enumerate((9.0, 0.25, 4.0)):
        clocks.observe({"slow-0": 100.0 + second - waited}, 100.0 + second, second, heartbeats=False)
        clocks.observe({"early-0": 100.0 + second + 30.0 - waited}, 100.0 + second, second, heartbeats=False)
    assert ahead(clocks, PERIOD) == {"early-0": 29.75, "slow-0": -0.25}
    assert clocks.measure(1.0, PERIOD).wrong == 1


def test_reports_that_waited_in_an_outbox_do_not_make_a_clock_wrong_that_states_show_right() -> None:
    clocks = ClientClocks()
    clocks.observe({"a-0": 40.0}, 100.0, 0.0, heartbeats=False)
    assert ahead(clocks, 0.0) == {"a-0": 0.0}, "it may have waited"
    clocks.observe({"a-0": 99.5}, 100.0, 0.0, heartbeats=True)
    clocks.observe({"a-0": 130.0}, 100.0, 1.0, heartbeats=False)
    assert ahead(clocks, 1.0) == {"a-0": -0.5}


def test_without_states_a_clock_is_behind_by_the_least_that_was_ever_seen() -> None:
    clocks = ClientClocks()
    for second in range(int(4 * PERIOD)):
        waited = 0.5 if second == 10 else 8.5
        for client, off in (("good-0", 0.0), ("behind-0", -60.0)):
            clocks.observe({client: 1000.0 + second - waited + off}, 1000.0 + second, float(second), heartbeats=False)
    assert ahead(clocks, 4 * PERIOD) == {"behind-0": -60.5, "good-0": -0.5}


def test_a_clock_that_is_set_right_is_right_after_two_periods_and_one_that_is_not_heard_is_forgotten() -> None:
    clocks = ClientClocks()
    clocks.observe({"a-0": 3700.0}, 100.0, 0.0, heartbeats=True)
    for second in range(1, int(2 * PERIOD) + 3):
        clocks.observe({"a-0": 100.0 + second}, 100.0 + second, float(second), heartbeats=True)
    assert ahead(clocks, 2 * PERIOD + 3) == {"a-0": 0.0}
    assert clocks.measure(1.0, 5 * PERIOD).measured == 0


def test_the_worst_alone_are_listed_and_all_are_counted() -> None:
    clocks = ClientClocks()
    clocks.observe({f"c-{number}": 100.0 + number for number in range(50)}, 100.0, 0.0, heartbeats=True)
    found = clocks.measure(1.0, 0.0)
    assert (found.measured, found.wrong, found.limit) == (50, 48, 1.0)
    assert [skew.ahead for skew in found.worst] == [49.0 - place for place in range(MAX_WORST)]
