"""Parameters of the search: every number that shapes it, with its default, unit, range, meaning and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

MOST = 1 << 32
"""The most of any parameter: the random numbers have 32 bits."""


def _parameter(default: int, *, unit: str, least: int, meaning: str, reason: str) -> int:
    """Returns a field of `SearchParams` with its unit, least value, meaning and reason as metadata."""
    metadata: Mapping[str, object] = {"unit": unit, "least": least, "meaning": meaning, "reason": reason}
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

    max_size: int = _parameter(
        10_000_000,
        unit="nodes x replicas",
        least=0,
        meaning="largest problem that is searched where the stack names no `iterations`",
        reason="in larger ones the first iteration alone takes seconds",
    )
    max_work: int = _parameter(
        30_000_000,
        unit="nodes x replicas x iterations",
        least=0,
        meaning="bound of the work where the stack names no `iterations`",
        reason="a search of 300 replicas on 100 nodes takes half a second",
    )
    max_iterations: int = _parameter(
        3500,
        unit="iterations",
        least=0,
        meaning="most iterations of a search where the stack names none",
        reason="problems of many replicas end in seconds",
    )
    min_iterations: int = _parameter(
        2000,
        unit="iterations",
        least=0,
        meaning="least of the same, unless `max_work` allows fewer; between them the square of the replicas",
        reason="iterations of few replicas are quick",
    )
    max_extension: int = _parameter(
        4,
        unit="budgets",
        least=1,
        meaning="most budgets of a search, spent while more may be placed or stay, or only nodes exceed their bound",
        reason="a place or a node less may be near; those bounds need not be reachable",
    )
    max_extended_work: int = _parameter(
        2_000_000,
        unit="nodes x replicas x iterations",
        least=0,
        meaning="bound of the work of a search that goes on beyond its budget",
        reason="only small problems end as soon as before",
    )
    seed_offset: int = _parameter(
        17,
        unit="-",
        least=0,
        meaning="added to the number of placed replicas, it seeds the random numbers",
        reason="any number does; it is fixed so that plans stay the same",
    )

    round_length: int = _parameter(
        300,
        unit="iterations",
        least=1,
        meaning="length of a round, which begins with the best assignment found so far",
        reason="leaves a bad region after some hundred iterations",
    )
    initial_threshold: int = _parameter(
        1500,
        unit="cost",
        least=0,
        meaning="how much worse an accepted assignment may be at the start of a round",
        reason="one and a half units of the last term: a node may open for the moment",
    )
    final_threshold: int = _parameter(
        0,
        unit="cost",
        least=0,
        meaning="how much worse it may be at the end of a round",
        reason="a round ends by improving alone",
    )

    max_ruined_nodes: int = _parameter(
        3,
        unit="nodes",
        least=1,
        meaning="most nodes that an iteration takes replicas off",
        reason="the rest stays as it is, which keeps iterations quick and small",
    )
    restart_one_in: int = _parameter(
        400,
        unit="iterations",
        least=1,
        meaning="ruins all nodes instead",
        reason="leads out of a region that small changes do not leave",
    )
    whole_node_one_in: int = _parameter(
        2,
        unit="ruined nodes",
        least=1,
        meaning="empties a node after the first, which always is emptied",
        reason="whole nodes make room for large replicas, parts of them for small ones",
    )
    removal_one_in: int = _parameter(
        2,
        unit="replicas",
        least=1,
        meaning="takes a replica off a ruined node that is not emptied",
        reason="leaves and takes as many on average",
    )

    elimination_period: int = _parameter(
        2,
        unit="rounds",
        least=1,
        meaning="rounds until one begins with one open node fewer than the best",
        reason="half of the rounds look for fewer nodes, half for anything better",
    )
    elimination_period_incomplete: int = _parameter(
        4,
        unit="rounds",
        least=1,
        meaning="the same period while replicas have no place",
        reason="a place for every replica comes before fewer nodes",
    )
    elimination_draws: int = _parameter(
        2,
        unit="draws",
        least=1,
        meaning="how many nodes are drawn, of which the emptiest is eliminated",
        reason="an emptier node is easier to do without, but may not be the right one",
    )

    ignore_interference_one_in: int = _parameter(
        default=4,
        least=1,
        unit="iterations",
        meaning="inserts replicas as if none were sensitive to its neighbours",
        reason="a full node may have to be shared so that another is not",
    )
    repack_one_in: int = _parameter(
        2,
        unit="iterations",
        least=1,
        meaning="allows to deal out all cores of a node anew for a replica that fits nowhere",
        reason="finds room that is spread over cores, but takes time",
    )
    small_first_one_in: int = _parameter(
        2,
        unit="iterations",
        least=1,
        meaning="inserts small replicas first, if some had no place before",
        reason="where not everything fits, small ones first place more",
    )
    shuffle_one_in: int = _parameter(
        3,
        unit="iterations",
        least=1,
        meaning="inserts replicas of one priority in random order",
        reason="reaches assignments that no order by size leads to",
    )
    shuffle_keys: int = _parameter(
        1_073_741_824,
        unit="keys",
        least=1,
        meaning="from how many keys each replica draws its turn in a random order",
        reason="so many that two rarely draw the same",
    )
    chunk_weight: int = _parameter(
        1000,
        unit="millicores",
        least=0,
        meaning="what one chunk of cores counts beside its size in the order by cores",
        reason="replicas of many chunks are hard to place, so that they come early",
    )
    blink_one_in: int = _parameter(
        20,
        unit="better nodes",
        least=1,
        meaning="passes over a node that is better than the best so far",
        reason="the greedy choice does not always end in the same place",
    )

    open_first_weight: int = _parameter(
        2,
        unit="parts",
        least=0,
        meaning="how often open nodes come before others, the fullest first",
        reason="the order that opens the fewest nodes",
    )
    large_first_weight: int = _parameter(
        1,
        unit="parts",
        least=0,
        meaning="how often larger nodes come first",
        reason="few large nodes may do for many small ones",
    )
    fullest_weight: int = _parameter(
        1,
        unit="parts",
        least=0,
        meaning="how often fuller nodes come first, open or not, with noise",
        reason="leaves large residuals whole",
    )
    objective_weight: int = _parameter(
        1,
        unit="parts",
        least=0,
        meaning="how often fuller nodes come first, or emptier ones where the objective spreads, with noise",
        reason="follows `slack` and `balance` too",
    )
    shuffled_weight: int = _parameter(
        1,
        unit="parts",
        least=0,
        meaning="how often nodes come in random order",
        reason="reaches assignments that no greedy order leads to",
    )
    residual_noise: int = _parameter(
        400,
        unit="thousandths of a node",
        least=1,
        meaning="range of the noise that is added to residuals",
        reason="changes the order of nodes that are about as full",
    )
    rank_step: int = _parameter(
        100_000,
        unit="thousandths of a node",
        least=10_000,
        meaning="what one rank of a node counts against residuals",
        reason="outweighs all that a node has free",
    )

    term_ratio: int = _parameter(
        10,
        unit="-",
        least=1,
        meaning="how many times a term of the objective costs what the next one does",
        reason="an important term wins, and some trading leads the search on",
    )
    floor_weight: int = _parameter(
        4,
        unit="replicas",
        least=0,
        meaning="what a replica that loses its place costs beside its absence",
        reason="more than a few others without a place, less than one of a larger priority",
    )
    gang_divisor: int = _parameter(
        4,
        unit="-",
        least=1,
        meaning="one part of so many is saved by a placed replica of a pipeline that has to be whole and is not",
        reason="such a replica is worth nothing, and still leads to the whole",
    )
    size_divisor: int = _parameter(
        3,
        unit="-",
        least=1,
        meaning="one part of so many is what the largest replica costs more than the smallest without a place",
        reason="small replicas find room later",
    )
    fullness_divisor: int = _parameter(
        30_000,
        unit="square thousandths a cost",
        least=1,
        meaning="divides the square of a node's load (0 to 3000), which is taken off its cost",
        reason="rewards full nodes beside nearly empty ones, which are the next to close",
    )

    repack_tries: int = _parameter(
        60,
        unit="chunks",
        least=1,
        meaning="chunks that are set before a packing of cores is given up",
        reason="most packings succeed at once; the search does better to go on",
    )
    repack_tries_few: int = _parameter(
        3000,
        unit="chunks",
        least=1,
        meaning="the same in problems of few replicas, and for starts",
        reason="few packings are tried there, and some succeed late",
    )
    few_replicas: int = _parameter(
        32,
        unit="replicas",
        least=0,
        meaning="most replicas of such a problem",
        reason="the time for long tries is there",
    )
    max_cached_loads: int = _parameter(
        200_000,
        unit="node loads",
        least=1,
        meaning="node loads that are remembered before all are forgotten",
        reason="bounds the memory",
    )

    start_amounts: int = _parameter(
        2,
        unit="amounts",
        least=0,
        meaning="how many of the scarcest of cores, cpu and memory give a start each",
        reason="the least scarce amount is the least likely to decide what fits",
    )
    start_counts: int = _parameter(
        20_000,
        unit="counts of replicas",
        least=1,
        meaning="counts that are tried for all nodes of a start together",
        reason="bounds the time of a start",
    )
    start_counts_per_node: int = _parameter(
        1500,
        unit="counts of replicas",
        least=1,
        meaning="most of them for one node",
        reason="bounds the time of a start in small problems",
    )
    start_packings: int = _parameter(
        200,
        unit="packings",
        least=1,
        meaning="fillings of a start whose cores are dealt out, all nodes together",
        reason="bounds the time of a start",
    )
    start_packings_per_node: int = _parameter(
        15,
        unit="packings",
        least=1,
        meaning="most of them for one node, which has one at least",
        reason="bounds the time of a start in small problems",
    )

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
        size, wanted = max(1, nodes * replicas), max(self.min_iterations, replicas * replicas)
        return min(self.max_iterations, wanted, self.max_work // size) if size <= self.max_size else 0

    def extension(self, nodes: int, replicas: int) -> int:
        """Returns the iterations beyond its budget that a search may spend on places, moves and nodes; 0 in large
        problems."""
        budget = self.budget(nodes, replicas)
        return max(0, min(self.max_extension * budget, self.max_extended_work // max(1, nodes * replicas)) - budget)


DEFAULT_PARAMS = SearchParams()
"""The parameters that the planner uses."""
