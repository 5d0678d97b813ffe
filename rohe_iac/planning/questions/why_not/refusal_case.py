"""Case: one replica more on a node that refuses it, and the steps that would let it on.

How large a step is counts relative to what its field is now, in millionths; one without an amount counts as 1000000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.questions.what_if.names import names_of


@dataclass(frozen=True, slots=True)
class EditStep:
    """An edit of one field. words: for people; edit: as `--what-if` takes it; change: how large, in millionths."""

    words: str
    edit: str
    change: int

    @property
    def field(self) -> str:
        """What is edited: the thing and its field."""
        return self.edit.partition("=")[0].rstrip("+")


EditSet = tuple[EditStep, ...]
"""Steps that together mend one thing."""


@dataclass(frozen=True)
class RefusalCase:
    """One replica more of a demand on a node, as a ledger stands. own: replicas of it on each of the node's devices.

    held: for each replica of the demand that is on the node the cores it has, with the millicores of each.
    """

    indexed: IndexedProblem
    ledger: Ledger
    demand: int
    node: int
    own: Sequence[int]
    held: Sequence[Sequence[tuple[int, int]]] = ()

    @property
    def wanted(self) -> Demand:
        """The demand, spread as `survive` asks."""
        return self.indexed.demands[self.demand]

    @cached_property
    def written(self) -> Demand:
        """The demand as the blueprint has it."""
        return next(one for one in self.indexed.problem.demands if one.workload == self.wanted.workload)

    @property
    def asked(self) -> Resources:
        """What the replica asks for."""
        return self.indexed.resources[self.demand]

    @property
    def supply(self) -> Supply:
        """The node."""
        return self.indexed.nodes[self.node]

    @property
    def there(self) -> int:
        """Replicas of the demand that are on the node."""
        return self.ledger.placed[self.demand].get(self.node, 0)

    @property
    def where(self) -> str:
        """The node's address."""
        return f"node/{self.supply.name}"

    @cached_property
    def service(self) -> str:
        """The service, or member, as edits name it."""
        return self.named(self.demand)

    @cached_property
    def asking(self) -> str:
        """What the requests stand below: the service, or its chosen variant."""
        chosen = self.indexed.choice[self.demand]
        return f"{self.service}.variants.{self.wanted.variants[chosen].name}" if chosen >= 0 else self.service

    def named(self, demand: int) -> str:
        """A service, or member, by the shortest name that means no other."""
        one = self.indexed.demands[demand]
        others = {name for other in self.indexed.demands if other is not one for name in names_of(other)}
        names = [name for name in names_of(one) if name not in others]
        return f"service/{min(names, key=len) if names else one.workload.partition('/')[2]}"
