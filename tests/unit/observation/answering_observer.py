"""Answering observer: an observer whose user functions answer at once, where those of an agent run beside it."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.judging.user_process import FunctionFailed, UserProcess
from rohe_iac.observation.judging.user_program import FunctionAnswer
from rohe_iac.observation.measuring.heard_lane import Closing
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import ObserverState


class AnsweringObserver(Observer):
    """An observer that runs user functions as their windows close, so that results are in the order of windows."""

    def __init__(self, configuration: Configuration, state: ObserverState | None = None) -> None:
        """Prepares the functions; the arguments are those of `Observer`."""
        super().__init__(configuration, state)
        self._processes = {name: UserProcess(processor.spec) for name, processor in self.processors.items()}

    def _settle(self, closings: Iterable[Closing]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for closing in closings:
            outcomes += super()._settle([closing])
            for name, processor in self.processors.items():
                for call in processor.state.calls[:]:
                    try:
                        answer = FunctionAnswer(self._processes[name].call(call.rows))
                    except FunctionFailed as error:
                        answer = FunctionAnswer(failure=str(error))
                    outcomes += self.answer(name, call.window, answer, self.state.watermark.now)
        return outcomes
