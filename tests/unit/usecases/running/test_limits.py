"""Claims about the sentences on limits that are not in force."""

from __future__ import annotations

from rohe_iac.usecases.running.limits import unlimited_sentences


def test_equal_reasons_are_one_sentence_with_their_number() -> None:
    memory, cpu = ("limit of memory 64Mi is not in force: no groups",), ("limit of cpu 1 is not in force: other",)
    assert unlimited_sentences([memory, memory + cpu, ()]) == (
        "2 limits not in force: no groups; `rohe doctor` says what to do",
        "1 limit not in force: other; `rohe doctor` says what to do",
    )
