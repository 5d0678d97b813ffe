"""Degrading: the policy by which an ensemble goes on without one of its members, and until when."""

from __future__ import annotations

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.judging.explanation import Contribution, violation_degree
from rohe_iac.observation.judging.outcome import CorrectiveAction, Violation

MAX_BACKOFF_FACTOR = 16
"""Largest factor of `clear` after which a repeated action ends; the factor doubles with each repetition."""


class DegradeState(msgspec.Struct, kw_only=True):
    """Everything that the policy remembers.

    Attributes:
        active: Actions in force.
        drop_counts: How often each member was dropped, by `SERVICE/MEMBER`.
        last_drop: End of the last window that caused an action, by `CONTRACT/OBJECTIVE` (seconds since the epoch).
    """

    active: list[CorrectiveAction] = []
    drop_counts: dict[str, int] = msgspec.field(default_factory=dict, name="times")
    last_drop: dict[str, float] = msgspec.field(default_factory=dict, name="last")


class DegradePolicy:
    """Drops one member of an ensemble at a time, and never the last one.

    A further member is dropped only for a window that began after the last action, so that the action's effect is
    measured first.

    Attributes:
        state: What the policy remembers.
    """

    def __init__(self, configuration: Configuration, state: DegradeState | None = None) -> None:
        self._configuration = configuration
        self.state = state if state is not None else DegradeState()

    def current_members(self, service: str) -> tuple[str, ...]:
        """Returns the members of an ensemble that work under the actions in force."""
        spec = self._configuration.service(service)
        dropped = {action.dropped for action in self.state.active if action.service == service and not action.dry}
        return tuple(member for member in (spec.members if spec is not None else ()) if member not in dropped)

    def may_act(self, name: str, objective: ObjectiveSpec, start: float, end: float) -> bool:
        """Checks whether a window [start, end) may cause an action.

        Args:
            name: `CONTRACT/OBJECTIVE`.
            objective: Objective of that name.
            start: Start of the window (seconds since the epoch).
            end: End of the window (seconds since the epoch).
        """
        last = self.state.last_drop.get(name)
        return last is None or (start >= last and end - last >= objective.cooldown)

    def act(self, name: str, objective: ObjectiveSpec, violation: Violation) -> CorrectiveAction | None:
        """Drops the member without which the objective's value would be best.

        Args:
            name: `CONTRACT/OBJECTIVE`.
            objective: Objective of that name.
            violation: Violation with the evidence of the window that causes the action.

        Returns:
            The action, which is in force from now on; None where no removal would improve the value.
        """
        evidence = violation.evidence
        if evidence.value is None:
            return None
        best = min(
            (
                contribution
                for contribution in evidence.contributions
                if self._helps(objective, contribution, evidence.value)
            ),
            key=lambda contribution: (violation_degree(objective, contribution.without or 0.0), contribution.name),
            default=None,
        )
        if best is None:
            return None
        service, _, dropped = best.name.partition("/")
        values = f"{objective.shown(evidence.value)}, without {best.name} {objective.shown(best.without)}"
        remaining = tuple(member for member in self.current_members(service) if member != dropped)
        count = self.state.drop_counts.get(best.name, 0)
        self.state.drop_counts[best.name] = count + 1
        self.state.last_drop[name] = evidence.end
        action = CorrectiveAction(
            id=f"{violation.id}-{dropped}-{count + 1}",
            kind="degrade",
            violation=violation.id,
            contract=violation.contract,
            objective=violation.objective,
            begun=evidence.end,
            service=service,
            dropped=dropped,
            members=remaining,
            reason=f"{objective.text}: {values}",
            dry=objective.dry_run,
            kept_for=objective.clear * min(2**count, MAX_BACKOFF_FACTOR),
        )
        self.state.active.append(action)
        return action

    def _helps(self, objective: ObjectiveSpec, contribution: Contribution, value: float) -> bool:
        """Checks whether the contributor is a member that may be dropped, and the value would be better without it."""
        if contribution.kind != "member" or contribution.without is None:
            return False
        service, _, member = contribution.name.partition("/")
        if any((action.service, action.dropped) == (service, member) for action in self.state.active):
            return False
        members = self.current_members(service)
        improves = violation_degree(objective, contribution.without) < violation_degree(objective, value)
        return member in members and len(members) > 1 and improves

    def end_recovered(self, contract: str, objective: str, kept_since: float, end: float) -> list[CorrectiveAction]:
        """Ends the actions of an objective that has been KEPT long enough since they began.

        Args:
            contract: Name of the contract.
            objective: Name of the objective.
            kept_since: Since when the objective's windows have been KEPT (seconds since the epoch); 0 where not.
            end: End of the present window (seconds since the epoch).

        Returns:
            The actions that ended.
        """
        return self._end(
            [
                action
                for action in self.state.active
                if (action.contract, action.objective) == (contract, objective)
                and action.kept_for
                and kept_since
                and end - max(kept_since, action.begun) >= action.kept_for
            ],
            end,
        )

    def restore(self, violation: str, end: float) -> list[CorrectiveAction]:
        """Ends the actions of a violation by request of the operator.

        Args:
            violation: Identifier of the violation.
            end: When the actions end (seconds since the epoch).

        Returns:
            The actions that ended.
        """
        return self._end([action for action in self.state.active if action.violation == violation], end)

    def _end(self, ending: list[CorrectiveAction], end: float) -> list[CorrectiveAction]:
        self.state.active = [action for action in self.state.active if action not in ending]
        return [msgspec.structs.replace(action, ended=end) for action in ending]
