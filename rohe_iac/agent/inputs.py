"""Inputs: what the store has logged of an observer's inputs, applied to the observer now and again after a crash."""

from __future__ import annotations

import logging

import msgspec

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.judging.user_program import FunctionAnswer
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.client_clock import DEFAULT_INTERVAL
from rohe_iac.observation.reports.report import Report, read_stored
from rohe_iac.sinks.observer_input import InputKind, ObserverInput

LOG = logging.getLogger("rohe.agent")


class _DeadLetter(msgspec.Struct):
    """A report that arrived and cannot be used."""

    boot: str
    seq: int


class _Promise(msgspec.Struct):
    """A client's word that all its reports up to an event time have been stored, and how soon it speaks again."""

    up_to: float
    interval: float = DEFAULT_INTERVAL


class _Heartbeat(msgspec.Struct):
    """A client's word that it is there, and how soon it speaks again."""

    interval: float


class _Stall(msgspec.Struct):
    """Seconds for which the agent was stalled; negative where its clock was set back."""

    seconds: float


class _Answer(msgspec.Struct):
    """What a user function made of a window, by its number and end."""

    window: tuple[int, float]
    answer: FunctionAnswer


_STALL = msgspec.json.Decoder(_Stall)
_DEAD_LETTER = msgspec.json.Decoder(_DeadLetter)
_PROMISE = msgspec.json.Decoder(_Promise)
_HEARTBEAT = msgspec.json.Decoder(_Heartbeat)
_ANSWER = msgspec.msgpack.Decoder(_Answer)  # numbers may be infinite, which JSON cannot say


def dead_letter_input(now: float, client: str, boot: str, seq: int) -> ObserverInput:
    """Returns the input that says that a report arrived and cannot be used."""
    return ObserverInput(InputKind.DEAD_LETTER, now, client, msgspec.json.encode(_DeadLetter(boot, seq)))


def promise_input(now: float, client: str, up_to: float, interval: float = DEFAULT_INTERVAL) -> ObserverInput:
    """Returns the input that says that all reports of a client up to an event time have been stored."""
    return ObserverInput(InputKind.PROMISE, now, client, msgspec.json.encode(_Promise(up_to, interval)))


def heartbeat_input(now: float, client: str, interval: float) -> ObserverInput:
    """Returns the input that says that a client is there, and speaks again within some seconds."""
    return ObserverInput(InputKind.HEARTBEAT, now, client, msgspec.json.encode(_Heartbeat(interval)))


def stall_input(now: float, seconds: float) -> ObserverInput:
    """Returns the input that says that the agent was stalled for some seconds and heard nobody.

    Seconds below zero say that its clock was set back by as many.
    """
    return ObserverInput(InputKind.STALL, now, payload=msgspec.json.encode(_Stall(seconds)))


def answer_input(now: float, function: str, window: tuple[int, float], answer: FunctionAnswer) -> ObserverInput:
    """Returns the input that says what a function, by `CONTRACT/INDEX`, made of a window, by its number and end."""
    return ObserverInput(InputKind.ANSWER, now, function, msgspec.msgpack.encode(_Answer(window, answer)))


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
        case InputKind.REPORT:
            return observer.report(report if report is not None else read_stored(payload), at)
        case InputKind.TICK:
            return observer.tick(at)
        case InputKind.DEAD_LETTER:
            letter = _DEAD_LETTER.decode(payload)
            return observer.pass_dead_letter(client, letter.boot, letter.seq, at)
        case InputKind.PROMISE:
            promise = _PROMISE.decode(payload)
            return observer.promise(client, promise.up_to, at, promise.interval)
        case InputKind.HEARTBEAT:
            return observer.heartbeat(client, _HEARTBEAT.decode(payload).interval, at)
        case InputKind.PAUSE:
            return observer.pause(at)
        case InputKind.RESUME:
            return observer.resume(at)
        case InputKind.STALL:
            return observer.stall(_STALL.decode(payload).seconds, at)
        case InputKind.FOLD:
            return observer.fold(at)
        case InputKind.SHED:
            return observer.shed(at)
        case InputKind.ANSWER:
            found = _ANSWER.decode(payload)
            return observer.answer(client, found.window, found.answer, at)
        case InputKind.STOP:
            return observer.stop(client, at)
        case InputKind.LOST:
            return observer.lose(client, at)
        case InputKind.RESTORE:
            return observer.restore(payload.decode(), at)
        case kind:
            raise ValueError(f"no such input: {kind}")
