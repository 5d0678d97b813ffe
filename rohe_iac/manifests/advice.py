"""Advice: what a plan says and its cluster does not enforce."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Advice:
    """One thing of a workload that is kept by the plan's arithmetic alone.

    Attributes:
        address: The address of the workload.
        about: What the cluster does not enforce: device, share, memory, cores or network.
        words: What was planned and why the cluster does not enforce it, as a phrase for people.
    """

    address: str
    about: str
    words: str
