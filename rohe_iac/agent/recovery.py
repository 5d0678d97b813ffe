"""Recovery: the observer of an agent as it was when the agent ended, by the last checkpoint and the inputs after it."""

from __future__ import annotations

import logging

import msgspec

from rohe_iac.agent.inputs import apply_input
from rohe_iac.agent.memory import MemoryBudget
from rohe_iac.observation.checkpoint import restored
from rohe_iac.observation.configuration import Configuration, digest_of
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import carried_over, encode_state
from rohe_iac.sinks.observer_input import ObserverInput
from rohe_iac.sinks.store import AgentStore

LOG = logging.getLogger("rohe.agent")

MAX_OUTCOMES = 1000
"""Outcomes of replayed inputs that are kept before they are written."""

CHECK_EVERY = 100
"""Replayed inputs between two looks at how much memory is taken."""


def recover_observer(store: AgentStore, configuration: Configuration, memory: MemoryBudget) -> tuple[Observer, int]:
    """Restores the observer, and writes the outcomes that were lost.

    Args:
        store: Store of the agent.
        configuration: What the agent observes now; where that is something else than before, windows begin anew.
        memory: What the observer may take.

    Returns:
        The observer, and the row of the last input that it has had.

    Raises:
        StoreFailed: The store cannot be read or written.
        UnusableContract: A metric of a contract cannot be evaluated.
    """
    observer, row = _restore_checkpoint(store, configuration)
    replayed = 0
    outcomes: list[Outcome] = []
    for number, observer_input in store.inputs_after(row):
        outcomes += apply_input(observer, observer_input)
        row = number
        replayed += 1
        if replayed % CHECK_EVERY == 0 and memory.is_short(holdings := holdings_of(observer.state)):
            # The limit is lower than it was, or a version before had none in mind.
            remedy = memory.remedy(holdings, observer.spare_bytes)
            outcomes += apply_input(observer, ObserverInput(remedy, observer_input.at))
        if len(outcomes) >= MAX_OUTCOMES:
            store.write_missing_outcomes(outcomes)
            outcomes = []
    if outcomes:
        store.write_missing_outcomes(outcomes)
    LOG.info("replayed %d inputs; %d reports so far", replayed, observer.state.counters.reports)
    return observer, row


def _restore_checkpoint(store: AgentStore, configuration: Configuration) -> tuple[Observer, int]:
    """Returns the observer of the last checkpoint, and the row of the last input that it has had."""
    checkpoint = store.checkpoint()
    if checkpoint is None:
        return Observer(configuration), 0
    row, digest, state = checkpoint
    begun = None
    try:
        found = restored(state, store.segments)
        if digest == digest_of(configuration):
            return Observer(configuration, found), row
        begun = carried_over(found, (instance.instance for instance in configuration.instances))
    except msgspec.DecodeError as error:
        LOG.warning("the checkpoint is of another form (%s): windows begin again", error)
    observer = Observer(configuration, begun)
    # Lanes begin anew, and what they store must not be taken for what the checkpoint before needs.
    store.write_checkpoint(row, digest_of(configuration), encode_state(observer.state))
    return observer, row
