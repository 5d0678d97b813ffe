"""What an observer says: results of windows, violations, and actions that begin and end."""

from __future__ import annotations

import msgspec

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.observation.judging.explanation import Evidence
from rohe_iac.observation.judging.verdict import Verdict


class Result(msgspec.Struct, frozen=True, kw_only=True, tag="result"):
    """The number-th closed window of an objective. window: the verdict of it alone; verdict: the objective's."""

    contract: str
    objective: str
    start: float
    end: float
    value: float | None
    count: int
    window: Verdict
    verdict: Verdict
    number: int = 0

    @property
    def key(self) -> str:
        """The same for the same window, whenever it is computed."""
        return f"{self.contract}/{self.objective}/{self.number}/{self.end!r}"


class Violation(msgspec.Struct, frozen=True, kw_only=True, tag="violation"):
    """An objective that became BROKEN. opened, ended: ends of windows, seconds since the epoch; ended 0: still open."""

    id: str
    contract: str
    objective: str
    opened: float
    evidence: Evidence
    ended: float = 0.0


class Action(msgspec.Struct, frozen=True, kw_only=True, tag="action"):
    """Something done about a violation.

    kind `degrade`: the members of the ensemble `service` go on without `dropped`. Dry: nobody is told.
    kept_for: seconds that the objective must be KEPT until the action ends by itself; 0: it never does.
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


Outcome = Result | Violation | Action


def violation_id(*parts: str) -> str:
    """`v-` and ten hexadecimal digits, the same for the same parts."""
    return "v-" + sha256_hex("\n".join(parts).encode())[:10]
