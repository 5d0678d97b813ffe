from dataclasses import dataclass

import pytest
from digits.ballot import PATIENCE, Answer, BallotBox
from digits.members import Members

THREE = ["bayes", "forest", "svm"]


def sure(digit: int, share: float = 1.0) -> list[float]:
    return [share if number == digit else (1 - share) / 9 for number in range(10)]


@dataclass
class Order:
    action: str
    members: tuple[str, ...] = ()
    service: str = "classify"


class Box:
    def __init__(self) -> None:
        self.now = 100.0
        self.members = Members("classify")
        self.answers: list[Answer] = []
        self.box = BallotBox(self.members, self.answers.append, lambda: self.now)

    def cast(self, member: str, digit: int = 3, request: str = "r-1", expected: list[str] = THREE) -> bool:
        return self.box.cast(request, expected, member, f"{member}-0", sure(digit))


@pytest.fixture
def box() -> Box:
    return Box()


def test_the_answer_is_given_once_all_have_voted_and_names_whom_it_was_made_of(box):
    assert box.cast("svm", 3)
    assert box.cast("forest", 3)
    assert box.answers == []
    box.now += 0.1
    assert box.cast("bayes", 8)
    (answer,) = box.answers
    assert answer.prediction == 3
    assert answer.inputs == ["bayes-0", "forest-0", "svm-0"]
    assert (answer.missing, answer.start, answer.end) == ([], 100.0, 100.1)


def test_without_a_silent_member_the_answer_comes_after_the_patience(box):
    box.cast("svm")
    box.cast("bayes")
    assert box.box.sweep() == 0
    box.now += PATIENCE
    assert box.box.sweep() == 1
    assert box.answers[0].missing == ["forest"]


def test_a_vote_that_comes_late_counts_for_nothing(box):
    box.cast("svm", expected=["svm"])
    assert not box.cast("forest")
    assert len(box.answers) == 1


def test_a_member_votes_once_however_often_it_says_so(box):
    box.cast("svm", 3)
    assert not box.cast("svm", 8)
    box.cast("forest", 3)
    box.cast("bayes", 3)
    assert box.answers[0].prediction == 3


def test_a_dropped_member_is_neither_counted_nor_waited_for(box):
    box.cast("bayes", 8)
    box.cast("svm", 3)
    box.members.obey(Order("degrade", ("svm", "forest")))
    assert not box.cast("bayes", 8, request="r-2")
    box.cast("forest", 3)
    (answer,) = box.answers
    assert answer.inputs == ["forest-0", "svm-0"]
    assert answer.prediction == 3


def test_a_ballot_that_waits_for_a_dropped_member_alone_is_answered_at_the_next_sweep(box):
    box.cast("svm", 3)
    box.cast("forest", 3)
    box.members.obey(Order("degrade", ("svm", "forest")))
    assert box.box.sweep() == 1


def test_a_ballot_of_dropped_members_alone_gives_no_answer(box):
    box.cast("bayes", 8)
    box.members.obey(Order("degrade", ("svm", "forest")))
    box.now += PATIENCE
    box.box.sweep()
    assert box.answers == []


def test_requests_do_not_mix(box):
    box.cast("svm", 3, "r-1", ["svm", "bayes"])
    box.cast("svm", 5, "r-2", ["svm", "bayes"])
    box.cast("bayes", 5, "r-2", ["svm", "bayes"])
    box.cast("bayes", 3, "r-1", ["svm", "bayes"])
    assert [(answer.request, answer.prediction) for answer in box.answers] == [("r-2", 5), ("r-1", 3)]


def test_restore_brings_all_members_back():
    members = Members("classify")
    assert members.obey(Order("degrade", ("svm",)))[0]
    assert members.of(THREE) == ["svm"]
    assert members.obey(Order("restore"))[0]
    assert members.of(THREE) == THREE


@pytest.mark.parametrize("order", [Order("reject"), Order("degrade"), Order("degrade", ("svm",), "camera")])
def test_a_command_that_cannot_be_done_is_refused_with_a_reason_and_changes_nothing(order):
    members = Members("classify")
    accepted, why = members.obey(order)
    assert not accepted
    assert why
    assert members.of(THREE) == THREE
