"""Degrading: which member of an ensemble to go on without, and until when."""

from __future__ import annotations

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.judging.explanation import Contribution, badness
from rohe_iac.observation.judging.outcome import Action, Violation

MOST_PATIENCE = 16
"""An action that had to be taken again is ended that many times later, at most, than the first one."""


class DegradeState(msgspec.Struct, kw_only=True):
    """Actions in force; how often each member was dropped; by objective, the end of the last window that did so."""

    active: list[Action] = []
    times: dict[str, int] = {}
    last: dict[str, float] = {}


class Degrading:
    """Drops one member at a time, never the last; a further one only for a window that began after the last action."""

    def __init__(self, configuration: Configuration, state: DegradeState | None = None) -> None:
        self._configuration = configuration
        self.state = state if state is not None else DegradeState()

    def members_now(self, service: str) -> tuple[str, ...]:
        """The members of an ensemble that go on under the actions in force."""
        spec = self._configuration.service(service)
        dropped = {action.dropped for action in self.state.active if action.service == service and not action.dry}
        return tuple(member for member in (spec.members if spec is not None else ()) if member not in dropped)

    def may_act(self, name: str, objective: ObjectiveSpec, start: float, end: float) -> bool:
        """Whether a window [start, end) of the objective called `name` may cause an action."""
        last = self.state.last.get(name)
        return last is None or (start >= last and end - last >= objective.cooldown)

    def act(self, name: str, objective: ObjectiveSpec, violation: Violation) -> Action | None:
        """The action on a BROKEN window whose evidence the violation carries; None where no removal would help."""
        evidence = violation.evidence
        if evidence.value is None:
            return None
        best = min(
            (item for item in evidence.contributions if self._helps(objective, item, evidence.value)),
            key=lambda item: (badness(objective, item.without or 0.0), item.name),
            default=None,
        )
        if best is None:
            return None
        service, _, dropped = best.name.partition("/")
        rest = tuple(member for member in self.members_now(service) if member != dropped)
        times = self.state.times.get(best.name, 0)
        self.state.times[best.name] = times + 1
        self.state.last[name] = evidence.end
        action = Action(
            id=f"{violation.id}-{dropped}-{times + 1}",
            kind="degrade",
            violation=violation.id,
            contract=violation.contract,
            objective=violation.objective,
            begun=evidence.end,
            service=service,
            dropped=dropped,
            members=rest,
            reason=f"{objective.text}: {evidence.value:.4g}, without {best.name} {best.without:.4g}",
            dry=objective.dry_run,
            kept_for=objective.clear * min(2**times, MOST_PATIENCE),
        )
        self.state.active.append(action)
        return action

    def _helps(self, objective: ObjectiveSpec, item: Contribution, value: float) -> bool:
        if item.kind != "member" or item.without is None:
            return False
        service, _, member = item.name.partition("/")
        if any((action.service, action.dropped) == (service, member) for action in self.state.active):
            return False
        now = self.members_now(service)
        return member in now and len(now) > 1 and badness(objective, item.without) < badness(objective, value)

    def over(self, contract: str, objective: str, kept_since: float, end: float) -> list[Action]:
        """Ends the actions of an objective that has been KEPT long enough since they began."""
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

    def restore(self, violation: str, end: float) -> list[Action]:
        """Ends the actions of a violation because somebody says so."""
        return self._end([action for action in self.state.active if action.violation == violation], end)

    def _end(self, ending: list[Action], end: float) -> list[Action]:
        self.state.active = [action for action in self.state.active if action not in ending]
        return [msgspec.structs.replace(action, ended=end) for action in ending]
