"""The lengths of a lease, on which it rests that no two agents hold a share at a time."""

from __future__ import annotations

from rohe_iac.agent.sharing.lease import HOLD_SECONDS, LEASE, RENEWAL_INTERVAL, SILENCE, STALL


def test_a_receiving_agent_gives_a_share_up_before_the_judge_grants_it_to_another() -> None:
    assert HOLD_SECONDS < LEASE


def test_one_lost_renewal_is_no_silence_and_the_watermark_waits_long_before_a_share_moves() -> None:
    assert 2 * RENEWAL_INTERVAL < SILENCE < HOLD_SECONDS < LEASE
    assert RENEWAL_INTERVAL < STALL < HOLD_SECONDS
