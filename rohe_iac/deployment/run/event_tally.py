"""Event tally: reports the engine's events to a Progress as they come, and sums them up into an Outcome."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Collection, Iterator, Mapping

from pulumi.automation import OpType
from pulumi.automation.events import EngineEvent, StepEventMetadata

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.ports import NOTE, PENDING, UNHEARD, WAITS, Progress
from rohe_iac.deployment.run.failures import FOREIGN, provider_message
from rohe_iac.deployment.run.outcome import Ending, Failure, Outcome, Pending, Unheard
from rohe_iac.foundation.clock import Clock

VERBS: Mapping[OpType, str] = {
    OpType.CREATE: "create",
    OpType.CREATE_REPLACEMENT: "create",
    OpType.UPDATE: "update",
    OpType.DELETE: "delete",
    OpType.DELETE_REPLACED: "delete",
}
"""What rohe calls an operation of the engine."""

AWAIT = "await"
"""What rohe calls it to wait until a workload is ready."""

MADE = VERBS.keys() - {OpType.DELETE, OpType.DELETE_REPLACED}
"""Operations on a resource that is wanted."""

STACK, PROVIDERS = "pulumi:pulumi:Stack", "pulumi:providers:"
"""The type of the engine's own resource of a stack, and what the types of its providers begin with."""

TWICE = "duplicate resource urn"
"""What the engine says, in lower case, where a resource is registered twice, which a plan never does."""

DONE = {"create": "created", "update": "updated", "delete": "deleted"}
"""The field of Outcome that lists the resources to which a verb was done."""


class EventTally:
    """Sums up the events of one run, which come in order and in one thread.

    Attributes:
        diagnostics: Messages of the engine's error events, in order.
        foreign: Types and names of the resources that the engine was asked for and that are not of the plan.
    """

    def __init__(
        self,
        progress: Progress,
        journal: RunJournal,
        addresses: Mapping[str, str],
        clock: Clock,
        *,
        plugins: Collection[str] = (),
        waits: Collection[str] = (),
        retained: Collection[str] = (),
        former: Mapping[str, str] | None = None,
    ) -> None:
        """Prepares the sums of one run.

        Args:
            progress: Receives each step.
            journal: Records each step.
            addresses: Addresses by name of manifest: all resources of the plan.
            clock: The clock of durations.
            plugins: Names of the plugins whose providers make the resources; none where the run makes none.
            waits: Types of resources that only wait.
            retained: URNs of resources that stay where they are when the engine forgets or replaces them.
            former: Addresses by name of the manifests of earlier plans, whose resources the run deletes.
        """
        self.foreign: list[str] = []
        self._plugins = plugins
        self._waits = waits
        self._retained = retained
        self._ready: list[str] = []
        self._pending: dict[str, str] = {}
        self._unheard: dict[str, str] = {}
        self._progress = progress
        self._journal = journal
        self._addresses = addresses
        self._former = former or {}
        self._clock = clock
        self._start = clock.monotonic()
        self._begun: dict[str, float] = {}
        self._done: dict[str, list[str]] = {"created": [], "updated": [], "deleted": [], "same": []}
        self._failed: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        self._reported: set[str] = set()
        self.diagnostics: list[str] = []

    def take(self, event: EngineEvent) -> None:
        """Counts one event, records it in the journal and reports it."""
        if event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            text = provider_message(event.diagnostic_event.message)
            self.diagnostics.append(text)
            if event.diagnostic_event.urn:
                self._is_foreign(event.diagnostic_event.urn, registered_twice=TWICE in text.lower())
                name = _name(event.diagnostic_event.urn)
                self._reasons.setdefault(name, text)
                self._report_failure(name)
        elif event.diagnostic_event is not None:
            text = provider_message(event.diagnostic_event.message)
            if text.startswith(NOTE):
                self.note(text.removeprefix(NOTE))
            elif text.startswith(WAITS):
                address, words = json.loads(text.removeprefix(WAITS))
                self._progress.on_wait(address, words)
        elif event.resource_pre_event is not None:
            self._step(event.resource_pre_event.metadata, self._begin)
        elif event.res_outputs_event is not None:
            self._note_findings(event.res_outputs_event.metadata)
            self._step(event.res_outputs_event.metadata, self._end)
        elif event.res_op_failed_event is not None:
            self._step(event.res_op_failed_event.metadata, self._fail)

    def _note_findings(self, metadata: StepEventMetadata) -> None:
        """Records what a resource that waits has found: replicas that it does not wait for, or that no agent hears.

        A resource that is as it was has the findings of an earlier run.
        """
        if metadata.type not in self._waits or metadata.op not in MADE or metadata.new is None:
            return
        outputs = metadata.new.outputs or {}
        self._pending |= outputs.get(PENDING) or {}
        self._unheard |= outputs.get(UNHEARD) or {}

    def note(self, text: str) -> None:
        """Records a sentence about the run in the journal and reports it."""
        self._journal.note(text)
        self._progress.on_note(text)

    def outcome(self, signal: int, *, failed: bool) -> Outcome:
        """Reports the failures that came without a reason, records what was not tried, and returns the run's outcome.

        Args:
            signal: The signal that interrupted the run, 0 for none.
            failed: Whether the engine ended with an error.
        """
        failures = tuple(
            Failure(verb, self._address(name), self._reasons.get(name, "no reason was given"))
            for name, verb in sorted(self._failed.items())
        )
        for name in sorted(self._failed):
            self._reasons.setdefault(name, "no reason was given")
            self._report_failure(name)
        ending = Ending.COMPLETE
        if signal and failed:
            ending = Ending.INTERRUPTED
        elif failed:
            ending = Ending.PARTIAL
        reached = {*self._done["created"], *self._done["updated"], *self._done["same"], *self._done["deleted"]}
        reached.update(self._ready)
        skipped = self._addresses.keys() - reached - self._failed.keys() if failed else set()
        for name in sorted(skipped):
            self._journal.step("skipped", "", self._address(name))
        return Outcome(
            ending=ending,
            seconds=self._clock.monotonic() - self._start,
            **{word: tuple(self._address(name) for name in sorted(set(names))) for word, names in self._done.items()},
            failed=failures,
            pending=tuple(Pending(address, reason) for address, reason in sorted(self._pending.items())),
            unheard=tuple(Unheard(address, reason) for address, reason in sorted(self._unheard.items())),
            skipped=tuple(self._address(name) for name in sorted(skipped)),
            signal=signal if ending is Ending.INTERRUPTED else 0,
        )

    def _step(self, metadata: StepEventMetadata, take: Callable[[str, str], None]) -> None:
        # The stack itself and the provider are resources of the engine, not of the blueprint.
        if metadata.op in MADE and self._is_foreign(metadata.urn):
            return
        if metadata.type.startswith("pulumi:"):
            return
        if metadata.type in self._waits:
            # That nobody waits any more is nothing that happens to the stack.
            if metadata.op == OpType.SAME:
                self._ready.append(_name(metadata.urn))
            elif metadata.op in MADE:
                take(AWAIT, _name(metadata.urn))
        elif metadata.op == OpType.SAME:
            self._done["same"].append(_name(metadata.urn))
        elif metadata.urn in self._retained and metadata.op not in (OpType.CREATE, OpType.UPDATE):
            if metadata.op == OpType.CREATE_REPLACEMENT:
                take("update", _name(metadata.urn))
        elif metadata.op in VERBS:
            take(VERBS[metadata.op], _name(metadata.urn))

    def _begin(self, verb: str, name: str) -> None:
        self._begun[name] = self._clock.monotonic()
        self._journal.step("begins", verb, self._address(name))
        self._progress.on_begin(verb, self._address(name))

    def _end(self, verb: str, name: str) -> None:
        (self._ready if verb == AWAIT else self._done[DONE[verb]]).append(name)
        self._journal.step("ended", verb, self._address(name))
        now = self._clock.monotonic()
        shown = PENDING if verb == AWAIT and self._is_pending(self._address(name)) else verb
        self._progress.on_end(shown, self._address(name), now - self._begun.get(name, now))

    def _is_pending(self, workload: str) -> bool:
        """Returns whether a replica of a workload is pending."""
        return any(
            address.rpartition("/")[0].partition("/")[2] == workload.partition("/")[2] for address in self._pending
        )

    def _fail(self, verb: str, name: str) -> None:
        self._failed[name] = verb
        self._report_failure(name)

    def _report_failure(self, name: str) -> None:
        """Reports a failure once, as soon as its reason is known, which comes in an event before or after it."""
        if name in self._failed and name in self._reasons and name not in self._reported:
            self._reported.add(name)
            verb, address, reason = self._failed[name], self._address(name), self._reasons[name]
            self._journal.step("failed", verb, address, reason)
            self._progress.on_failure(verb, address, reason)

    def _is_foreign(self, urn: str, *, registered_twice: bool = False) -> bool:
        """Checks whether a resource is none of the plan, and reports the first such resource.

        The engine's own ports take calls of every user of the machine, so anybody can register a resource.
        """
        if not self._plugins:
            return False
        kind, name = urn.split("::")[-2:]
        if kind.startswith(PROVIDERS):
            ours = name in self._plugins and kind == PROVIDERS + name
        else:
            ours = kind == STACK or name in self._addresses
        if ours and not registered_twice:
            return False
        if not self.foreign:
            self.note(f"{FOREIGN}: {kind} {name}; nothing is made of it")
        self.foreign.append(f"{kind} {name}")
        return True

    def _address(self, name: str) -> str:
        return self._addresses.get(name) or self._former.get(name, name)


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


@contextlib.contextmanager
def engine_listener(tally: EventTally) -> Iterator[Callable[[EngineEvent], None]]:
    """Yields the callback that the engine calls with each event; the tally gets the events in order and in one thread.

    The engine calls from threads of its own and swallows their exceptions. The callback therefore only queues, and an
    exception of the tally is raised at the end of the block.
    """
    events: queue.SimpleQueue[EngineEvent | None] = queue.SimpleQueue()
    errors: list[BaseException] = []

    def work() -> None:
        while (event := events.get()) is not None:
            try:
                tally.take(event)
            except Exception as error:  # noqa: BLE001 - carried to the main thread and raised there, see below
                errors.append(error)
                return

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        yield events.put
    finally:
        events.put(None)
        worker.join()
    if errors:
        raise errors[0]
