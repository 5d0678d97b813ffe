"""Claims about the parameters of the search."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, MOST, SearchParams

NAMES = [item.name for item in fields(SearchParams)]


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_outside_its_range_is_refused_by_its_name(name: str) -> None:
    least = SearchParams.__dataclass_fields__[name].metadata["least"]
    for value in (least - 1, MOST + 1, 1.5, "3", True, None):
        with pytest.raises(ValueError, match=f"^{name} is .* has to be a whole number from {least} to "):
            replace(DEFAULT_PARAMS, **{name: value})


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("min_iterations", "max_iterations"),
        ("final_threshold", "initial_threshold"),
        ("start_counts_per_node", "start_counts"),
        ("start_packings_per_node", "start_packings"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(smaller: str, larger: str) -> None:
    limit = getattr(DEFAULT_PARAMS, larger)
    assert getattr(replace(DEFAULT_PARAMS, **{smaller: limit}), smaller) == limit
    with pytest.raises(ValueError, match=f"^{smaller} is {limit + 1}; it has to be at most {larger}, {limit}$"):
        replace(DEFAULT_PARAMS, **{smaller: limit + 1})


def test_one_order_of_nodes_at_least_has_a_weight() -> None:
    weights = dict.fromkeys([name for name in NAMES if name.endswith("_weight")], 0)
    weights.pop("chunk_weight")
    weights.pop("floor_weight")
    with pytest.raises(ValueError, match="all 0"):
        SearchParams(**weights)
    for name in weights:
        assert SearchParams(**{**weights, name: 1}).node_order_weights == 1


def test_the_parameters_of_a_search_cannot_change() -> None:
    with pytest.raises(AttributeError):
        DEFAULT_PARAMS.round_length = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("nodes", "replicas", "iterations"),
    [
        (3, 9, 2000),
        (10, 50, 2500),
        (10, 70, 3500),
        (100, 1000, 300),
        (1000, 10_000, 3),
        (1000, 10_001, 0),
        (0, 0, 2000),
    ],
)
def test_the_budget_grows_with_the_replicas_and_ends_with_the_work(nodes: int, replicas: int, iterations: int) -> None:
    assert DEFAULT_PARAMS.budget(nodes, replicas) == iterations


@pytest.mark.parametrize(
    ("nodes", "replicas", "iterations"), [(3, 9, 6000), (10, 50, 1500), (10, 70, 0), (100, 1000, 0), (0, 0, 6000)]
)
def test_only_small_problems_are_searched_beyond_their_budget(nodes: int, replicas: int, iterations: int) -> None:
    assert DEFAULT_PARAMS.extension(nodes, replicas) == iterations


def test_the_page_of_the_planner_has_every_parameter_with_all_that_is_said_of_it(root: Path) -> None:
    page = (root / "docs" / "planner.md").read_text(encoding="utf-8")
    for item in fields(SearchParams):
        about = item.metadata
        numbers = f"`{item.name}` | {item.default:,} | {about['unit']} | {about['least']:,}"
        assert f"| {numbers} | {about['meaning']} | {about['reason']} |\n" in page
