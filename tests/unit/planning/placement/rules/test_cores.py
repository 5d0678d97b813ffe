"""The rule about distinct cores: what holds the chunks, what is missing, and the same as arrays."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

from drawing import generator

from rohe_iac.planning.placement.rules.cores import CORES, missing_cores_part, missing_millicores
from rohe_iac.planning.placement.state.core_assignment import cores_fit
from rohe_iac.planning.placement.state.index import IndexedProblem


def test_chunks_fit_exactly_where_some_choice_of_distinct_cores_holds_them() -> None:
    for chunks in product((300, 200, 100), repeat=2):
        for row in product((250, 200, 50), repeat=3):
            ordered = tuple(sorted(chunks, reverse=True)), tuple(sorted(row, reverse=True))
            any_choice = any(
                all(chunk <= free for chunk, free in zip(chunks, choice, strict=True))
                for choice in permutations(row, 2)
            )
            assert cores_fit(*ordered) == any_choice
            assert (missing_millicores(*ordered) == 0) == any_choice
            assert (missing_cores_part(*ordered) == 0) == any_choice


def test_the_words_count_cores_where_there_are_too_few_and_millicores_else(world: Any) -> None:
    demands = [world.demand("a", cores=(600, 600, 600)), world.demand("b", cores=(800,)), world.demand("c")]
    indexed = IndexedProblem(world.problem([world.node("n1")], demands))

    def lacks(demand: int, *row: int) -> list[tuple[str, int]]:
        return list(CORES.lacks(indexed, demand, 0, (0, 0, 0, row, ())))

    assert lacks(0, 900, 900) == [("cores: needs 3 distinct cores, the node has 2", 333_333)]
    assert lacks(0, 900, 500, 500) == [("cores: needs 1800m on 3 distinct cores, 200m of it does not fit", 111_111)]
    assert lacks(1, 600) == [("cores: needs 800m on one core, 200m of it does not fit", 250_000)]
    assert lacks(0, 600, 600, 600) == lacks(2) == []


def test_arrays_find_the_same_cores_missing(world: Any, amounts_agreement: Any) -> None:
    found = set()
    for seed in range(6):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", 4000, cores=tuple(drawn.choices([300, 700, 1000], k=drawn.randint(0, 3))))
                 for i in range(4)]  # fmt: skip
        demands = [world.demand(name, 2, cores=tuple(drawn.choices([200, 400, 800], k=drawn.randint(0, 3))))
                   for name in "abc"]  # fmt: skip
        found |= set(amounts_agreement(world.problem(nodes, demands), seed))
    assert {"", "cores"} == found
