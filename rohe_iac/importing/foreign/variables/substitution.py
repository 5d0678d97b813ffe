"""What became of the variables in a text of an imported file."""

from __future__ import annotations

from dataclasses import dataclass, field

UNFILLED = "it holds a variable without a value"


@dataclass(slots=True)
class Substitution:
    """A text after its variables were substituted.

    Attributes:
        written: The text as it is in the file.
        text: The text with values, defaults or nothing in place of variables, and `$$` as `$`.
        given: Variables that were replaced by their values, in order.
        defaults: Variables that were replaced by what the file says, a default or an alternative.
        missing: Variables with neither, replaced by nothing.
        kept: Variables that stay in the text, since their values look like secrets.
        required: What the file says of variables that it requires and that have no value, by the variable.
    """

    written: str
    text: str = ""
    given: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    required: dict[str, str] = field(default_factory=dict)

    @property
    def is_unfilled(self) -> bool:
        """Whether a variable has no value, or none that may be written here."""
        return bool(self.missing or self.kept)
