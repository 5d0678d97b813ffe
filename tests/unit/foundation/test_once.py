"""A function with a cache is called once for each object, which the cache does not keep alive."""

from __future__ import annotations

import gc
import weakref

from rohe_iac.foundation.once import once


class Subject:
    pass


def test_an_object_is_asked_about_once_and_let_go() -> None:
    calls: list[int] = []

    @once
    def answer(subject: Subject) -> list[int]:
        calls.append(id(subject))
        return [1]

    first, second = Subject(), Subject()
    assert answer(first) is answer(first)
    assert answer(second) is not answer(first)
    assert len(calls) == 2
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None
