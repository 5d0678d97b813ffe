"""The slowest client of a group is found without looking at all the others."""

from __future__ import annotations

import math
import random

from rohe_iac.observation.reports.client_group import ClientGroup, Mark


def test_after_any_reports_the_first_is_that_of_all_marks() -> None:
    chance = random.Random(3)
    marks: dict[str, Mark] = {f"c{number}": (number % 7 == 0, chance.random(), f"c{number}") for number in range(40)}
    group = ClientGroup()
    group.replace(marks.values(), 0)
    reported: list[str] = []
    for _ in range(500):
        for _ in range(chance.randrange(3)):
            client = chance.choice([*marks, "unknown"])
            if client in marks:
                marks[client] = (marks[client][0], chance.random(), client)
            reported.append(client)
        group.update(reported, marks.__getitem__)
        smallest = min(marks.values())
        assert group.first == smallest[1:]


def test_a_group_without_clients_has_no_first() -> None:
    assert ClientGroup().first == (math.inf, "")
