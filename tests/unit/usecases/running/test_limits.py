"""Claims about the sentences on limits that are not in force."""

from __future__ import annotations

from rohe_iac.deployment.ports import ONLY_PLANNED
from rohe_iac.usecases.running.limits import unlimited_sentences


def test_equal_reasons_are_one_sentence_with_their_number_and_services() -> None:
    memory, cpu = ("limit of memory 64Mi is not in force: no groups",), ("limit of cpu 1 is not in force: other",)
    parts = [
        ("replica/digits:camera/0", memory),
        ("replica/digits:classify/svm/1", memory + cpu),
        ("agent/digits/0", ()),
    ]
    assert unlimited_sentences(parts) == (
        "2 limits not in force, of digits:camera, digits:classify/svm: no groups; `rohe doctor` says what to do",
        "1 limit not in force, of digits:classify/svm: other; `rohe doctor` says what to do",
    )


def test_what_can_never_be_limited_here_names_no_remedy() -> None:
    sentence = f"limit of disk is not in force: disk {ONLY_PLANNED}"
    assert unlimited_sentences([("replica/p:s/0", (sentence,))]) == (
        "1 limit not in force, of p:s: disk is planned, and not limited on this machine",
    )


def test_of_many_services_the_first_are_named_and_the_others_counted() -> None:
    many = [
        (f"replica/p:s{index}/{replica}", ("limit of x is not in force: y",))
        for index in range(7)
        for replica in (0, 1)
    ]
    (sentence,) = unlimited_sentences(many)
    assert sentence.startswith("14 limits not in force, of p:s0, p:s1, p:s2, p:s3, p:s4 and 2 more: y;")
