"""Claims about the delivery watch: when a report counts as not arriving, and that it is said once."""

from __future__ import annotations

from rohe_iac.reporting.delivery_watch import MIN_AGE, DeliveryWatch


def test_a_report_does_not_arrive_once_it_was_sent_three_times_for_long() -> None:
    watch = DeliveryWatch()
    watch.note(7, 0, 9, 100.0)
    assert watch.silence(100.0 + MIN_AGE) == 0.0
    watch.note(7, 9, 9, 101.0)
    for now in (103.0, 106.0):
        watch.note(7, 0, 9, now)
    assert watch.silence(106.0) == 0.0
    assert watch.to_say(106.0) is None
    assert watch.silence(100.0 + MIN_AGE) == MIN_AGE
    assert watch.to_say(100.0 + MIN_AGE) == (3, MIN_AGE)
    assert watch.to_say(200.0) is None
    assert watch.silence(200.0) == 100.0


def test_another_report_begins_anew_and_an_empty_outbox_is_no_silence() -> None:
    watch = DeliveryWatch()
    for now in (0.0, 3.0, 9.0):
        watch.note(7, 0, 9, now)
    assert watch.silence(9.0) == 9.0
    watch.note(8, 9, 9, 10.0)
    assert watch.silence(100.0) == 0.0
    for now in (110.0, 113.0, 119.0):
        watch.note(8, 0, 9, now)
    assert watch.to_say(120.0) == (3, 10.0)
    watch.note(0, 9, 9, 121.0)
    assert watch.silence(200.0) == 0.0
