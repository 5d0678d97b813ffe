"""Cuts between an agent and RabbitMQ, as users and networks make them."""

from __future__ import annotations

import signal
import time

from consuming_stage import ConsumingStage
from rabbitmq import AGENT_PASSWORD


def cut_by_password(stage: ConsumingStage, seconds: float) -> None:
    """Locks the agent out."""
    stage.rabbit.set_agent_password("another")
    stage.rabbit.close_all_connections()
    time.sleep(seconds)
    stage.rabbit.set_agent_password(AGENT_PASSWORD)


def cut_by_closing(stage: ConsumingStage, seconds: float) -> None:
    """Ends the agent's connections again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stage.rabbit.close_all_connections()
        time.sleep(0.3)


def cut_by_stopping(stage: ConsumingStage, seconds: float) -> None:
    """Stops RabbitMQ, which goes on afterwards as if nothing had been."""
    stage.rabbit.signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        stage.rabbit.signal(signal.SIGCONT)
