"""Parameters of the search: every number that shapes it, with its unit, range, default and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

MOST = 1 << 32
"""The most of any parameter: the random numbers have 32 bits."""


def _parameter(default: int, unit: str, least: int, reason: str) -> int:
    """Returns a field of `SearchParams` with what a reader and the validation need in its metadata."""
    metadata: Mapping[str, object] = {"unit": unit, "least": least, "reason": reason}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class SearchParams:
    """Parameters of one search; a value that is checked when it is made.

    All are whole numbers of at most 2^32, so that a search is the same on every machine. A field `..._one_in` is the
    number n of an event that happens once in n draws on average; 1 is always. Costs are those of `SearchCost`, where
    one unit of the last term of the objective counts 1000.

    Raises:
        ValueError: A field is not a whole number, is out of its range, or contradicts another.
    """

    max_work: int = _parameter(
        10_000_000,
        "nodes x replicas x iterations",
        0,
        "bounds the time of a search in large fleets, where the stack names no `iterations`",
    )
    max_iterations: int = _parameter(3500, "iterations", 0, "bounds the time of a search of many replicas")
    min_iterations: int = _parameter(
        2000, "iterations", 0, "fewer replicas get the square of their number, but at least this; theirs are quick"
    )
    seed_offset: int = _parameter(17, "-", 0, "seed of the random numbers, together with the number of placed replicas")

    round_length: int = _parameter(300, "iterations", 1, "a round starts from the best assignment found so far")
    initial_threshold: int = _parameter(
        1500, "cost", 0, "how much worse an accepted assignment may be at the start of a round: one node and a half"
    )
    final_threshold: int = _parameter(0, "cost", 0, "the same at the end of a round: only what is no worse")

    max_ruined_nodes: int = _parameter(
        3, "nodes", 1, "leaves most of the assignment as it is, which keeps an iteration quick"
    )
    restart_one_in: int = _parameter(400, "iterations", 1, "ruins every node, to leave a region of the search space")
    whole_node_one_in: int = _parameter(
        2, "ruined nodes", 1, "empties a node entirely; the first of an iteration always is"
    )
    removal_one_in: int = _parameter(2, "replicas", 1, "takes a replica off a node that is not emptied entirely")

    elimination_period: int = _parameter(2, "rounds", 1, "such a round begins with one open node fewer than the best")
    elimination_period_incomplete: int = _parameter(
        4, "rounds", 1, "the same while replicas have no place, for those come first"
    )
    elimination_draws: int = _parameter(2, "draws", 1, "the emptiest of so many drawn nodes is eliminated")

    repack_one_in: int = _parameter(
        2, "iterations", 1, "may deal all cores of a node out anew, which is slow but finds room that one core hides"
    )
    small_first_one_in: int = _parameter(
        2, "iterations", 1, "inserts small replicas first, where not everything fits: more of them have a place"
    )
    shuffle_one_in: int = _parameter(3, "iterations", 1, "inserts in random order within a priority")
    shuffle_keys: int = _parameter(1 << 30, "keys", 1, "so many that two replicas rarely draw the same")
    chunk_weight: int = _parameter(
        1000, "millicores", 0, "what one chunk of cores counts beside its size in the order of cores"
    )
    blink_one_in: int = _parameter(20, "better nodes", 1, "passes a better node over")

    open_first_weight: int = _parameter(2, "share", 0, "how often open nodes come first, the fullest of them before")
    large_first_weight: int = _parameter(1, "share", 0, "how often the largest nodes come first")
    fullest_weight: int = _parameter(1, "share", 0, "how often the fullest nodes come first, with noise")
    objective_weight: int = _parameter(
        1, "share", 0, "how often the fullest or, where the objective spreads, the emptiest come first, with noise"
    )
    shuffled_weight: int = _parameter(1, "share", 0, "how often nodes come in random order")
    residual_noise: int = _parameter(400, "thousandths of a node", 1, "less than what most replicas take of a node")
    rank_step: int = _parameter(100_000, "thousandths of a node", 10_000, "one rank outweighs all that a node has free")

    term_ratio: int = _parameter(10, "-", 1, "a term of the objective counts so many times the one after it")
    floor_weight: int = _parameter(
        4, "replicas", 0, "one that had its place and lost it: more than a few, less than one of a larger priority"
    )
    size_divisor: int = _parameter(
        3, "-", 1, "the largest replica costs one part of so many more without a place, as small ones find room later"
    )
    fullness_divisor: int = _parameter(
        30_000,
        "square thousandths a cost",
        1,
        "a full node is 300 cheaper, so that full and nearly empty nodes lead on",
    )

    repack_tries: int = _parameter(60, "chunks", 1, "most cores are dealt out at the first try; so goes the search on")
    repack_tries_few: int = _parameter(3000, "chunks", 1, "the same for problems of few replicas and for starts")
    few_replicas: int = _parameter(32, "replicas", 0, "the most of a problem of few, which has the time to try long")
    max_cached_loads: int = _parameter(
        200_000, "node loads", 1, "bounds the memory of a search; then all are forgotten"
    )

    start_amounts: int = _parameter(2, "amounts", 0, "one start for each of the scarcest of cores, cpu and memory")
    start_counts: int = _parameter(20_000, "counts of replicas", 1, "what is tried for all nodes of a start together")
    start_counts_per_node: int = _parameter(1500, "counts of replicas", 1, "what is tried for one node at most")
    start_packings: int = _parameter(200, "packings", 1, "fillings of a start whose cores are dealt out")
    start_packings_per_node: int = _parameter(15, "packings", 1, "the same of one node at most; one at least")

    def __post_init__(self) -> None:
        """Checks every field."""
        for item in fields(self):
            value, least = getattr(self, item.name), item.metadata["least"]
            if type(value) is not int or not least <= value <= MOST:
                raise ValueError(f"{item.name} is {value!r}; it has to be a whole number from {least} to {MOST}")
        for smaller, larger in (
            ("min_iterations", "max_iterations"),
            ("final_threshold", "initial_threshold"),
            ("start_counts_per_node", "start_counts"),
            ("start_packings_per_node", "start_packings"),
        ):
            if getattr(self, smaller) > getattr(self, larger):
                raise ValueError(
                    f"{smaller} is {getattr(self, smaller)}; it has to be at most {larger}, {getattr(self, larger)}"
                )
        if not self.node_order_weights:
            raise ValueError(
                "open_first_weight, large_first_weight and the other weights are all 0; one has to be more"
            )

    @property
    def node_order_weights(self) -> int:
        """The sum of the weights of the orders in which nodes are tried."""
        return (
            self.open_first_weight
            + self.large_first_weight
            + self.fullest_weight
            + self.objective_weight
            + self.shuffled_weight
        )

    def budget(self, nodes: int, replicas: int) -> int:
        """Returns the iterations of a search in a problem of so many nodes and replicas; 0 where it is too large."""
        wanted = max(self.min_iterations, replicas * replicas)
        return min(self.max_iterations, wanted, self.max_work // max(1, nodes * replicas))


DEFAULT_PARAMS = SearchParams()
"""The parameters that the planner uses."""
