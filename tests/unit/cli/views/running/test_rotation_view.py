"""Claims about what `rohe rotate` prints: what was replaced and for how many, and until when the former is trusted."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.rotation import show_rotated
from rohe_iac.deployment.rotation import Rotated, Rotation


def test_what_was_replaced_is_said_with_the_end_of_a_former_authority(new_screen: Any) -> None:
    screen, printed = new_screen()
    show_rotated(screen, "desk", Rotated(tuple(Rotation), ("operator", "web"), 1_800_000_000.0), Output.human)
    said = printed()
    assert "Stack desk: replaced passwords, certificates, authority of the broker and its 2 clients" in said
    assert "trusted until 2027-01-15 08:00 UTC" in said


def test_a_broker_that_is_started_again_is_not_passed_over(new_screen: Any) -> None:
    screen, printed = new_screen()
    show_rotated(screen, "desk", Rotated((Rotation.AUTHORITY,), ("web",), 0.0), Output.human)
    assert "nothing was restarted" in printed()
    screen, printed = new_screen(300)
    show_rotated(screen, "desk", Rotated((Rotation.AUTHORITY,), ("web",), 0.0, broker_restarted=True), Output.human)
    assert "restarted" not in printed()
    assert "the broker is started again, to forget an earlier authority, and its clients connect again" in printed()


def test_without_a_former_authority_nothing_is_said_of_one(new_screen: Any) -> None:
    screen, printed = new_screen()
    show_rotated(screen, "desk", Rotated((Rotation.PASSWORDS,), ("web",), 0.0), Output.human)
    assert "its 1 client;" in printed()
    assert "former" not in printed()
