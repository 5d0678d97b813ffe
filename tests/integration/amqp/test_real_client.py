"""Services with QoA4ML's own client report unchanged, and nothing that they hand over expires."""

from __future__ import annotations

from collections import Counter

import pytest
from consuming_stage import STACK, ConsumingStage
from observed_stage import Stage

from rohe_iac.foundation.names import instance_id

pytestmark = pytest.mark.broker


def test_reports_are_stored_once_under_the_replica_that_sent_them(stage: ConsumingStage) -> None:
    stage.start_agent()
    stage.wait_up()
    for number in (0, 1):
        stage.start_client(10, name="load", INSTANCE_ID=instance_id(STACK, f"load-{number}"))
    requests = stage.client_requests()
    stage.wait_for(lambda: sum(Stage.stored_requests(stage).values()) >= 20)
    expected = {(f"load-{number}", request): 1 for number in (0, 1) for request in requests}
    assert stage.stored_requests() == expected
    stage.wait_for(stage.settled)


def test_what_is_sent_while_the_agent_is_away_is_kept_for_it(stage: ConsumingStage) -> None:
    stage.start_agent()
    stage.wait_up()
    stage.kill_agent()
    stage.start_client(25, pause=0.2)
    requests = stage.client_requests()
    stage.wait_for(lambda: stage.rabbit.waiting(f"{stage.exchange.queue}.kept") == 25)
    stage.start_agent()
    stage.wait_for(lambda: len(stage.stored()) == 25)
    assert stage.stored() == Counter(requests)
    stage.wait_for(lambda: stage.source()["expired"] == 25)
    stage.wait_for(stage.settled)
