"""Outcomes of an observer: results of windows, violations, and corrective actions."""

from __future__ import annotations

import msgspec

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.observation.judging.explanation import Evidence
from rohe_iac.observation.judging.verdict import Verdict


class Result(msgspec.Struct, frozen=True, kw_only=True, tag="result"):
    """The result of one closed window of an objective.

    Attributes:
        contract: Name of the contract.
        objective: Name of the objective.
        start: Start of the window (seconds since the epoch).
        end: End of the window (seconds since the epoch).
        value: Value of the metric; None where there is none.
        count: How many samples the value is made of.
        window: Verdict of the window alone.
        verdict: Verdict of the objective after the window.
        number: Number of the window, from 1.
        error: Relative error of the value, such as 0.01; left out where the value is exact.
        close: Whether the threshold is within the error, so that the exact value may be on its other side; left out
            where it is not.
    """

    contract: str
    objective: str
    start: float
    end: float
    value: float | None
    count: int
    window: Verdict
    verdict: Verdict
    number: int = 0
    error: float | msgspec.UnsetType = msgspec.UNSET
    close: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def key(self) -> str:
        """Returns the identity of the window, equal whenever the window is computed again."""
        return f"{self.contract}/{self.objective}/{self.number}/{self.end!r}"


class Violation(msgspec.Struct, frozen=True, kw_only=True, tag="violation"):
    """A period in which an objective is BROKEN.

    Attributes:
        id: Identifier, see `violation_id`.
        contract: Name of the contract.
        objective: Name of the objective.
        opened: End of the window that opened the violation (seconds since the epoch).
        evidence: Why the objective counts as BROKEN.
        ended: End of the window that ended the violation (seconds since the epoch); 0 while it is open.
    """

    id: str
    contract: str
    objective: str
    opened: float
    evidence: Evidence
    ended: float = 0.0


class CorrectiveAction(msgspec.Struct, frozen=True, kw_only=True, tag="action"):
    """A corrective action against a violation.

    Attributes:
        id: Identifier of the action.
        kind: `degrade`: the ensemble `service` works without the member `dropped`.
        violation: Identifier of the violation.
        contract: Name of the contract.
        objective: Name of the objective.
        begun: End of the window that caused the action (seconds since the epoch).
        service: Ensemble that the action is about.
        dropped: Member that is left out.
        members: Members that remain.
        reason: Why the member is left out, as people read it.
        dry: Whether the action is only recorded and sent to no service.
        kept_for: Seconds that the objective must be KEPT until the action ends by itself; 0: it never does.
        ended: When the action ended (seconds since the epoch); 0 while it is in force.
    """

    id: str
    kind: str
    violation: str
    contract: str
    objective: str
    begun: float
    service: str = ""
    dropped: str = ""
    members: tuple[str, ...] = ()
    reason: str = ""
    dry: bool = False
    kept_for: float = 0.0
    ended: float = 0.0


Outcome = Result | Violation | CorrectiveAction


def violation_id(*parts: str) -> str:
    """Returns `v-` and ten hexadecimal digits, the same for the same parts."""
    return "v-" + sha256_hex("\n".join(parts).encode())[:10]
