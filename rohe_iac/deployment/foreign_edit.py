"""Foreign edit: a field of what was applied that somebody else has set since."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForeignEdit:
    """A field that somebody else changed since it was applied, and that the next apply would write again.

    Attributes:
        address: Address of the stack's part.
        object: What was changed, as the target names it, such as `deployment/back-0`.
        field: The field.
        found: What it is now, in words, such as `is 3` or `was removed`.
        planned: The value that the plan has, "" where the plan does not have the field.
        editor: Who changed it, as the target knows it, "" where nobody knows.
        by_apply: Whether it came with another plan, such as by `rohe apply` on another machine, and not by hand.
    """

    address: str
    object: str
    field: str
    found: str
    planned: str
    editor: str
    by_apply: bool = False

    def __str__(self) -> str:
        """Returns the edit as a sentence."""
        planned = f"the plan says {self.planned}" if self.planned else "the plan does not have it"
        return f"{self.object}: {self.field} {self.found}, set by {self.editor or 'somebody'}; {planned}"
