"""Keys of nodes: they order by score, then by name, and give both back; arrays encode alike."""

from __future__ import annotations

from itertools import product

import numpy as np

from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys

SCORES = (-7, -1, 0, 1, 10**6, 1 << 50)


def test_a_key_gives_its_score_and_node_back() -> None:
    for number in (1, 2, 5000):
        keys = NodeKeys(number)
        for score, node in product(SCORES, {0, number // 2, number - 1}):
            key = keys.encode(score, node)
            assert key == -(score * number + number - 1 - node)
            assert keys.decode(key) == (score, node)
            assert keys.node_of(key) == node


def test_the_smallest_key_is_the_node_of_the_highest_score_and_the_first_of_equals() -> None:
    keys = NodeKeys(3)
    pairs = list(product(SCORES, range(3)))
    assert sorted(pairs, key=lambda pair: keys.encode(*pair)) == sorted(pairs, key=lambda pair: (-pair[0], pair[1]))


def test_arrays_are_encoded_alike() -> None:
    keys = NodeKeys(4)
    scores, nodes = np.array([5, 0, -2, 5], np.int64), np.arange(4)
    assert keys.encode(scores, nodes).tolist() == [
        keys.encode(*pair) for pair in zip([5, 0, -2, 5], range(4), strict=True)
    ]
