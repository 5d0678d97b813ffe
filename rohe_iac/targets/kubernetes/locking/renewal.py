"""Renewal: keeps a lease while a command works, and says that it is lost before another command may take it over.

As in client-go (tools/leaderelection) there are three times: a lease is renewed every RENEWAL seconds, a holder that
has not renewed it for DEADLINE seconds gives up, and others take it over after DURATION seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.errors import RoheError

DURATION = 30
"""Seconds after its last renewal at which a lease counts as left behind."""

DEADLINE = 18.0
"""Seconds after its last renewal at which its holder gives it up; the rest is for the engine to stop."""

RENEWAL = 3.0
"""Seconds between two renewals."""

LOOK = 0.5
"""Seconds between two looks at how long ago the last renewal was."""


class LeaseTaken(RoheError):
    """Another command holds the lease; the brief says which."""


@dataclass
class LeaseRenewal:
    """The renewal of one lease.

    Attributes:
        renew: Renews the lease once. It raises LeaseTaken where another command holds it; whatever else it raises is
            tried again.
        held: Is told of the loss.
        clock: The clock to measure by.
    """

    renew: Callable[[], None]
    held: HeldLock
    clock: Clock
    _renewed: float = field(init=False)
    _trouble: str = field(init=False, default="the API server has not answered")

    def __post_init__(self) -> None:
        self._renewed = self.clock.monotonic()

    def once(self) -> None:
        """Renews the lease once, and says so where another command holds it."""
        # The server may have noted the renewal as early as this, and others count from there.
        began = self.clock.monotonic()
        try:
            self.renew()
        except LeaseTaken as error:
            self.held.lose(error.brief)
        except RoheError as error:
            self._trouble = f"{error.brief}: {error.detail}" if error.detail else error.brief
        except Exception as error:  # noqa: BLE001 - whatever a renewal fails by, the lease runs out
            self._trouble = f"{type(error).__name__}: {error}"
        else:
            self._renewed = began

    def look(self) -> None:
        """Gives the lease up where the last renewal is too long ago."""
        passed = self.clock.monotonic() - self._renewed
        if passed >= DEADLINE:
            self.held.lose(f"it could not be renewed for {passed:.0f}s: {self._trouble}")

    def run(self, ended: threading.Event) -> None:
        """Renews the lease until the command has ended or the lease is lost.

        Args:
            ended: Is set when the command has ended.
        """
        # A request may hang for longer than the lease has time, so that another thread looks at the clock.
        renewing = threading.Thread(target=self._renew_until, args=(ended,), daemon=True)
        renewing.start()
        while not self.held.lost and not ended.wait(LOOK):
            self.look()
        ended.wait()
        renewing.join()

    def _renew_until(self, ended: threading.Event) -> None:
        while not self.held.lost and not ended.wait(RENEWAL):
            self.once()
