"""The options of one apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rohe_iac.blueprint.documents.given_value import GivenValue


@dataclass(frozen=True)
class Choices:
    """The options of one apply.

    Attributes:
        fail_fast: begin nothing more after the first failure.
        refresh: look at every resource before any is changed.
        lock_timeout: seconds to wait for another apply.
        allow_destroy: addresses whose protection is lifted for this apply.
        allow_unplaced: apply the replicas that fit where some do not.
        allow_overwrite: overwrite what others changed.
        allow_interruption: apply although services have no running replica for a while.
        allow_other_cluster: apply although the target leads to another cluster than the stack was applied to.
        prefetch: have nodes pull the images of changed and new replicas before anything is changed.
        only: addresses of what is applied, with all that has to exist for it; everything where there is none.
        values: values that take the place of those of the stack, by name.
    """

    fail_fast: bool = False
    refresh: bool = False
    lock_timeout: float = 0.0
    allow_destroy: tuple[str, ...] = ()
    allow_unplaced: bool = False
    allow_overwrite: bool = False
    allow_interruption: bool = False
    allow_other_cluster: bool = False
    prefetch: bool = False
    only: tuple[str, ...] = ()
    values: Mapping[str, GivenValue] = field(default_factory=dict)
