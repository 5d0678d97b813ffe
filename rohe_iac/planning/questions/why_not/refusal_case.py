"""RefusalCase: one more replica on a node that refuses it; EditStep: an edit of one field that may change that.

The change of a step is relative to the present value of its field, in millionths; a step without an amount counts as
1000000.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.questions.what_if.names import names_of


@dataclass(frozen=True, slots=True)
class AdjustableAmount:
    """The amount that a step sets, which can be set nearer to the present one.

    Attributes:
        present: the present amount, in whole units of the field.
        value: the amount that the step sets.
        at: gives the step that sets another amount.
    """

    present: int
    value: int
    at: Callable[[int], EditStep]


@dataclass(frozen=True, slots=True)
class EditStep:
    """An edit of one field.

    Attributes:
        words: the edit for people.
        edit: the edit as `--what-if` takes it.
        change: the relative change of the field, in millionths.
        adjustable: the amount that it sets; None for an edit of several amounts, or of none.
        whole: whether the field has no amount, so that no smaller edit of it exists: a label, a taint, a rule.
        lowers: whether the edit lowers the amount, or no longer asks for it.
    """

    words: str
    edit: str
    change: int
    adjustable: AdjustableAmount | None = field(default=None, compare=False, repr=False)
    whole: bool = field(default=False, compare=False)
    lowers: bool = field(default=False, compare=False)

    @property
    def drastic(self) -> bool:
        """Returns whether the edit leaves less than a tenth of an amount."""
        return self.lowers and self.change > MILLION * 9 // 10

    @property
    def edited_field(self) -> str:
        """Returns the address and field that the step edits."""
        return self.edit.partition("=")[0].rstrip("+")


EditSet = tuple[EditStep, ...]
"""Steps that lift one refusal together."""


@dataclass(frozen=True)
class RefusalCase:
    """One more replica of a demand on a node, as the ledger stands.

    Attributes:
        demand, node: positions in the indexed problem.
        on_devices: replicas of the demand on each device of the node.
        core_uses: for each replica of the demand on the node, its cores with the millicores of each.
    """

    indexed: IndexedProblem
    ledger: Ledger
    demand: DemandIndex
    node: NodeIndex
    on_devices: Sequence[int]
    core_uses: Sequence[Sequence[tuple[int, int]]] = ()

    @property
    def wanted(self) -> Demand:
        """Returns the demand, spread as `survive` asks."""
        return self.indexed.demands[self.demand]

    @cached_property
    def written(self) -> Demand:
        """Returns the demand as the blueprint has it."""
        return next(demand for demand in self.indexed.problem.demands if demand.workload == self.wanted.workload)

    @property
    def asked(self) -> Resources:
        """Returns what the replica asks for."""
        return self.indexed.resources[self.demand]

    @property
    def supply(self) -> Supply:
        """Returns the node."""
        return self.indexed.nodes[self.node]

    @property
    def present(self) -> int:
        """Returns the number of replicas of the demand on the node."""
        return self.ledger.placed[self.demand].get(self.node, 0)

    @property
    def address(self) -> str:
        """Returns the address of the node."""
        return f"node/{self.supply.name}"

    @cached_property
    def service(self) -> str:
        """Returns the service, or member, as edits name it."""
        return self.short_name(self.demand)

    @cached_property
    def request_owner(self) -> str:
        """Returns what the requests belong to: the service, or its chosen variant."""
        chosen = self.indexed.choice[self.demand]
        return f"{self.service}.variants.{self.wanted.variants[chosen].name}" if chosen >= 0 else self.service

    def short_name(self, demand: DemandIndex) -> str:
        """Returns the shortest name of a service, or member, that no other has."""
        subject = self.indexed.demands[demand]
        others = {name for other in self.indexed.demands if other is not subject for name in names_of(other)}
        names = [name for name in names_of(subject) if name not in others]
        return f"service/{min(names, key=len) if names else subject.workload.partition('/')[2]}"


def raise_priority(case: RefusalCase, priorities: Collection[int]) -> list[EditStep]:
    """Returns the steps to each of the priorities and to one above each, where those exceed the present priority."""
    steps = {step for priority in priorities for step in (priority, priority + 1) if step > case.wanted.priority}
    return [_set_priority(case, priority) for priority in sorted(steps)]


def _set_priority(case: RefusalCase, priority: int) -> EditStep:
    present, name = case.wanted.priority, f"{case.service}.priority"
    change = (priority - present) * MILLION // max(abs(present), 1)
    adjustable = AdjustableAmount(present, priority, lambda value: _set_priority(case, value))
    return EditStep(f"{name} up to {priority}", f"{name}={priority}", change, adjustable)
