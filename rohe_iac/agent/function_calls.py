"""Function calls: brings the windows that wait to the processes of user functions, and what comes of them back.

Each function has a thread, which waits for it; so a function that takes its time holds up neither the agent nor other
functions. What has not come back when the agent ends waits in the observer's state, and is called again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence

from rohe_iac.agent.inputs import answer_input
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.observation.contract import ProcessingSpec
from rohe_iac.observation.judging.processing import OpenCall, Processor
from rohe_iac.observation.judging.user_process import FunctionFailed, UserProcess
from rohe_iac.observation.judging.user_program import FunctionAnswer

ENDING_SECONDS = 5.0
"""Seconds that a thread may take to end, with its process."""


class FunctionCalls:
    """The calls of all user functions of an agent; used by one thread."""

    def __init__(self, processors: Mapping[str, Processor]) -> None:
        """Prepares the functions of processors by `CONTRACT/INDEX`; no process is started before the first call."""
        self._processors = processors
        self._callers: dict[str, _Caller] = {}

    def take(self, batch: IntakeBatch) -> None:
        """Adds to a batch the inputs that say what has come back, in the order of each function."""
        for name, caller in self._callers.items():
            for window, answer in caller.take():
                batch.append(answer_input(batch.now, name, window, answer))

    def offer(self) -> None:
        """Hands to each function that is not at work the windows that wait for it."""
        for name, processor in self._processors.items():
            if not processor.state.calls:
                continue
            if name not in self._callers:
                self._callers[name] = _Caller(name, processor.spec)
            self._callers[name].offer(processor.state.calls)

    def close(self) -> None:
        """Ends all functions with their processes, also those at work."""
        for caller in self._callers.values():
            caller.end()
        for caller in self._callers.values():
            caller.join()
        self._callers = {}


class _Caller:
    """One function and its thread."""

    def __init__(self, name: str, spec: ProcessingSpec) -> None:
        self._process = UserProcess(spec)
        self._calls: queue.SimpleQueue[list[OpenCall]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[tuple[int, float], FunctionAnswer] | None] = queue.SimpleQueue()
        self._at_work = False
        self._thread = threading.Thread(target=self._run, name=f"function-{name}", daemon=True)
        self._thread.start()

    def offer(self, calls: Sequence[OpenCall]) -> None:
        if not self._at_work:
            self._at_work = True
            self._calls.put(list(calls))

    def take(self) -> Iterator[tuple[tuple[int, float], FunctionAnswer]]:
        while not self._answers.empty():
            answer = self._answers.get()
            if answer is None:
                self._at_work = False
            else:
                yield answer

    def end(self) -> None:
        self._process.ending.set()
        self._calls.put([])

    def join(self) -> None:
        self._thread.join(ENDING_SECONDS)

    def _run(self) -> None:
        while calls := self._calls.get():
            for call in calls:
                if self._process.ending.is_set():
                    break
                answer = self._call(call)
                if not self._process.ending.is_set():
                    self._answers.put((call.window, answer))
                if answer.failure:
                    # Whether and when it is called again is not decided here.
                    break
            self._answers.put(None)
        self._process.close()

    def _call(self, call: OpenCall) -> FunctionAnswer:
        try:
            return FunctionAnswer(self._process.call(call.rows))
        except FunctionFailed as error:
            return FunctionAnswer(failure=str(error))
        except Exception as error:  # noqa: BLE001
            # A thread that ended would leave its function at work for ever.
            return FunctionAnswer(failure=f"it could not be called: {type(error).__name__}: {error}")
