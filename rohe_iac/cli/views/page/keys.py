"""Workload keys: the number and the short name by which a page refers to each workload."""

from __future__ import annotations

from collections.abc import Sequence

COLOURS = 12
"""Fill colours of a page; each fill carries the number of its workload as well, so that no meaning rests on colour."""


class WorkloadKeys:
    """A number for each workload of a plan, from 1 in the order of addresses, and its short name."""

    def __init__(self, workloads: Sequence[str]) -> None:
        self._numbers = {address: number for number, address in enumerate(sorted(workloads), start=1)}
        pipelines = {address.partition(":")[0] for address in workloads if address.startswith("service/")}
        self._single = len(pipelines) == 1

    def number(self, workload: str) -> int:
        """Returns the number of a workload; 0 for one that the problem does not have any more."""
        return self._numbers.get(workload, 0)

    def name(self, workload: str) -> str:
        """Returns the address without its kind, and without the pipeline where the plan has only one."""
        if not workload.startswith("service/"):
            return workload
        text = workload.removeprefix("service/")
        return text.partition(":")[2] if self._single else text
