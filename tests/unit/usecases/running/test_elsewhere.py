"""Stacks that were applied to another place, or by another machine, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.files.record import Record
from rohe_iac.deployment.location import FoundStack, Location
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.running.elsewhere import OtherCluster, found_words, has_moved, moved_words, refuse_other_cluster

DIGITS = Path(__file__).parents[4] / "examples" / "digits"
HERE = Location("1111", "the cluster of the context edge (https://10.0.0.1:6443)")
THERE = Location("2222", "the cluster of the context edge (https://10.0.0.2:6443)")


@pytest.fixture(scope="module")
def record() -> Record:
    return Record(3, make_plan(DIGITS).planfile, complete=True, location=HERE)


def test_only_ids_that_are_known_and_differ_are_a_move(record: Record) -> None:
    assert has_moved(record, THERE)
    assert not has_moved(None, THERE)
    assert not has_moved(record, Location("1111", "by another name"))
    assert not has_moved(record, Location("", "who knows"))
    assert not has_moved(replace(record, location=Location()), THERE)
    assert moved_words(record, HERE) == ""


def test_both_clusters_and_what_to_do_are_said(record: Record) -> None:
    refuse_other_cluster(record, HERE, command="rohe apply", meant="")
    with pytest.raises(OtherCluster) as raised:
        refuse_other_cluster(record, THERE, command="rohe apply", meant="makes everything here")
    error = raised.value
    assert error.exit_code is ExitCode.POLICY
    assert error.detail == (
        "record 3: the cluster of the context edge (https://10.0.0.1:6443), kube-system 1111\n"
        "now: the cluster of the context edge (https://10.0.0.2:6443), kube-system 2222"
    )
    assert error.hint.endswith("`rohe apply --allow-other-cluster` makes everything here")


def test_who_applied_a_stack_is_said_and_its_project_where_that_is_another() -> None:
    found = FoundStack("market", "the namespace cams", "ann@pc-7 on 2026-11-29 at 21:30 UTC")
    assert found_words(found, "market", "shop") == (
        "the namespace cams has a stack shop, applied by ann@pc-7 on 2026-11-29 at 21:30 UTC"
    )
    assert found_words(replace(found, applied=""), "other", "shop") == (
        "the namespace cams has a stack shop of the project market, applied by another machine, whose name the cluster "
        "does not have"
    )
