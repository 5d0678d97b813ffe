from __future__ import annotations

import gc
import weakref

from rohe_iac.foundation.once import once


class Subject:
    pass


def test_an_object_is_asked_about_once_and_let_go() -> None:
    asked: list[int] = []

    @once
    def answer(subject: Subject) -> list[int]:
        asked.append(id(subject))
        return [1]

    one, other = Subject(), Subject()
    assert answer(one) is answer(one)
    assert answer(other) is not answer(one)
    assert len(asked) == 2
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
