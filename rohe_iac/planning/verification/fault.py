"""Fault: one constraint that a plan breaks, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A constraint that the plan breaks: the rule, the address of what breaks it, and how."""

    rule: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.rule}: {self.message}"
