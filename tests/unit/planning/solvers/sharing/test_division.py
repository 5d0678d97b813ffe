"""Claims about how the instances of a pipeline are divided among agents."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest

from rohe_iac.planning.solvers.sharing.division import HeardInstance, Hearer, divide


def agents(number: int, judge: int = 1000) -> list[Hearer]:
    return [Hearer(f"agent-{index}", 1000 if index else judge) for index in range(number)]


def fleet(seed: int, sizes: tuple[int, ...] = (1, 2, 4, 30, 60)) -> list[HeardInstance]:
    """Services of these sizes, the instances of each with an equal load."""
    drawn = random.Random(seed)
    found = []
    for number, size in enumerate(sizes):
        weight = drawn.choice((10, 20, 40))
        found += [HeardInstance(f"s{seed}-{number}-{index}", f"s{seed}-{number}", weight) for index in range(size)]
    return found


def loads(instances: list[HeardInstance], agent_of: dict[str, str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for instance in instances:
        found[agent_of[instance.name]] += instance.weight
    return found


def moved(instances: list[HeardInstance], before: dict[str, str], after: dict[str, str]) -> float:
    """Returns the part of the load that another agent hears."""
    total = sum(instance.weight for instance in instances)
    return sum(item.weight for item in instances if before[item.name] != after[item.name]) / total


@pytest.mark.parametrize("number", [2, 3, 4, 8])
@pytest.mark.parametrize("seed", range(5))
def test_every_instance_is_heard_once_and_shares_are_even(number: int, seed: int) -> None:
    instances = fleet(seed)
    found = divide(instances, agents(number), {})
    assert found.keys() == {instance.name for instance in instances}
    even = sum(instance.weight for instance in instances) / number
    largest = max(instance.weight for instance in instances)
    for load in loads(instances, found).values():
        assert abs(load - even) <= max(0.1 * even, largest)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_instances_and_agents_come_changes_nothing(seed: int) -> None:
    instances, hearers = fleet(seed), agents(4)
    found = divide(instances, hearers, {})
    random.Random(seed).shuffle(instances)
    assert divide(instances, hearers[::-1], {}) == found
    assert divide(instances, hearers, found) == found, "shares that are even stay as they are"


def test_small_services_are_kept_together_and_big_ones_divided() -> None:
    instances = fleet(1, (2, 2, 2, 2, 60))
    found = divide(instances, agents(3), {})
    hearing = defaultdict(set)
    for instance in instances:
        hearing[instance.service].add(found[instance.name])
    assert [len(hearing[f"s1-{number}"]) for number in range(5)] == [1, 1, 1, 1, 3]


@pytest.mark.parametrize("number", [2, 3, 4, 8])
def test_another_agent_takes_its_part_and_nothing_else_moves(number: int) -> None:
    parts = []
    for seed in range(10):
        instances = fleet(seed)
        before = divide(instances, agents(number), {})
        after = divide(instances, agents(number + 1), before)
        changed = [instance.name for instance in instances if before[instance.name] != after[instance.name]]
        assert {after[name] for name in changed} == {f"agent-{number}"}
        parts.append(moved(instances, before, after))
    assert 0.8 / (number + 1) <= sum(parts) / len(parts) <= 1.1 / (number + 1)


@pytest.mark.parametrize("number", [2, 3, 4, 8])
def test_without_an_earlier_plan_the_hash_of_instances_leaves_most_of_a_big_service_where_it_was(number: int) -> None:
    parts = []
    for seed in range(10):
        instances = fleet(seed, (240,))
        parts.append(moved(instances, divide(instances, agents(number), {}), divide(instances, agents(number + 1), {})))
    assert sum(parts) / len(parts) <= 1.5 / (number + 1)


@pytest.mark.parametrize("number", [2, 3, 4, 8])
def test_an_agent_less_moves_what_it_heard_and_little_else(number: int) -> None:
    for seed in range(5):
        instances = fleet(seed)
        before = divide(instances, agents(number + 1), {})
        after = divide(instances, agents(number), before)
        others = [item for item in instances if before[item.name] != f"agent-{number}"]
        assert sum(before[item.name] != after[item.name] for item in others) <= len(others) // 10


def test_another_instance_moves_next_to_nothing() -> None:
    changed = 0
    for seed in range(10):
        instances = fleet(seed)
        before = divide(instances, agents(4), {})
        more = [*instances, HeardInstance(f"s{seed}-4-60", f"s{seed}-4", instances[-1].weight)]
        after = divide(more, agents(4), before)
        changed += sum(before[item.name] != after[item.name] for item in instances)
    assert changed <= 5, "of some thousand"


def test_an_agent_of_half_the_capacity_hears_half_as_much() -> None:
    instances = fleet(3)
    found = loads(instances, divide(instances, agents(4, judge=500), {}))
    assert found["agent-0"] == pytest.approx(found["agent-1"] / 2, rel=0.2)


def test_with_near_an_agent_of_the_zone_hears_and_else_one_on_the_node() -> None:
    instances = [
        HeardInstance("a-0", "a", 1, "n1", "east"),
        HeardInstance("a-1", "a", 1, "n2", "east"),
        HeardInstance("a-2", "a", 1, "n3", "west"),
        HeardInstance("a-3", "a", 1, "n4", ""),
        HeardInstance("b-0", "b", 1, "n5", "north"),
        HeardInstance("c-0", "c", 1, "n8", ""),
    ]
    hearers = [Hearer("agent-0", 1, "n1", "east"), Hearer("agent-1", 1, "n9", "west"), Hearer("agent-2", 1, "n8", "")]
    found = divide(instances, hearers, {}, near=True)
    assert (found["a-0"], found["a-1"], found["a-2"]) == ("agent-0", "agent-0", "agent-1")
    assert found["c-0"] == "agent-2"
    assert divide(instances, hearers, dict.fromkeys(found, "agent-1"), near=True) == found


def test_more_agents_than_instances_leave_some_without_any() -> None:
    instances = fleet(1, (2,))
    assert len(set(divide(instances, agents(5), {}).values())) == 2
    assert divide([], agents(3), {}) == {}
