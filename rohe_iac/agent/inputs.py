"""Inputs: what the store has logged of an observer's inputs, applied to the observer now and again after a crash."""

from __future__ import annotations

import logging

import msgspec

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report, read_stored
from rohe_iac.sinks.store import ObserverInput

LOG = logging.getLogger("rohe.agent")


class _Refused(msgspec.Struct):
    """A report that arrived and cannot be used."""

    boot: str
    seq: int


class _Promise(msgspec.Struct):
    """A client's word that all its reports up to an event time have been stored."""

    up_to: float


class _Stall(msgspec.Struct):
    """Seconds for which the agent was stalled."""

    seconds: float


_STALL = msgspec.json.Decoder(_Stall)
_REFUSED = msgspec.json.Decoder(_Refused)
_PROMISE = msgspec.json.Decoder(_Promise)


def refused_input(now: float, client: str, boot: str, seq: int) -> ObserverInput:
    """Returns the input that says that a report arrived and cannot be used."""
    return ObserverInput("refused", now, client, msgspec.json.encode(_Refused(boot, seq)))


def promise_input(now: float, client: str, up_to: float) -> ObserverInput:
    """Returns the input that says that all reports of a client up to an event time have been stored."""
    return ObserverInput("promise", now, client, msgspec.json.encode(_Promise(up_to)))


def stall_input(now: float, seconds: float) -> ObserverInput:
    """Returns the input that says that the agent was stalled for some seconds and heard nobody."""
    return ObserverInput("stall", now, payload=msgspec.json.encode(_Stall(seconds)))


def apply_input(observer: Observer, observer_input: ObserverInput, report: Report | None = None) -> list[Outcome]:
    """Gives one input to the observer and returns its outcomes.

    Whatever the input raises is logged and ends here: the input is left out, now and in every replay.

    Args:
        observer: Observer whose state changes.
        observer_input: Input as it is logged.
        report: The decoded payload of a report, where it is at hand.
    """
    try:
        return _apply(observer, observer_input, report)
    except Exception:
        # An agent that an input ends would be ended by the same input again after each restart.
        LOG.exception("an input of kind %s of %r was left out", observer_input.kind, observer_input.client[:100])
        return []


def _apply(observer: Observer, observer_input: ObserverInput, report: Report | None) -> list[Outcome]:
    at, client, payload = observer_input.at, observer_input.client, observer_input.payload
    match observer_input.kind:
        case "report":
            return observer.report(report if report is not None else read_stored(payload), at)
        case "tick":
            return observer.tick(at)
        case "refused":
            refused = _REFUSED.decode(payload)
            return observer.refuse(client, refused.boot, refused.seq, at)
        case "promise":
            return observer.promise(client, _PROMISE.decode(payload).up_to, at)
        case "pause":
            return observer.pause(at)
        case "resume":
            return observer.resume(at)
        case "stall":
            return observer.stall(_STALL.decode(payload).seconds, at)
        case "shed":
            return observer.shed(at)
        case "stop":
            return observer.stop(client, at)
        case "lost":
            return observer.lose(client, at)
        case "restore":
            return observer.restore(payload.decode(), at)
        case kind:
            raise ValueError(f"no such input: {kind}")
