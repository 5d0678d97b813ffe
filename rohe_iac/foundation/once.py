"""A cache of one function result for each object, kept while the object lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

Subject = TypeVar("Subject")
Answer = TypeVar("Answer")


def once(function: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
    """Returns the function with a cache: it is called once for each object.

    The result must depend on nothing that changes, and must not be changed by callers.
    """
    results: WeakKeyDictionary[Subject, Answer] = WeakKeyDictionary()

    @wraps(function)
    def cached(subject: Subject) -> Answer:
        if subject not in results:
            results[subject] = function(subject)
        return results[subject]

    return cached
