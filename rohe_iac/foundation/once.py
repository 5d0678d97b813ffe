"""Once: what a function says of an object, worked out when it is first asked and kept while the object lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

Subject = TypeVar("Subject")
Answer = TypeVar("Answer")


def once(work: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
    """The function, which is asked once of each object. It must depend on nothing that changes, nor may its answer."""
    known: WeakKeyDictionary[Subject, Answer] = WeakKeyDictionary()

    @wraps(work)
    def asked(subject: Subject) -> Answer:
        if subject not in known:
            known[subject] = work(subject)
        return known[subject]

    return asked
