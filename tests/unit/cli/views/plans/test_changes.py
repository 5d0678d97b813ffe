"""The one list of resources to create, change and delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.views.plans import changes
from rohe_iac.cli.views.plans.changes import print_changes, print_removals, resource_names
from rohe_iac.deployment.files.actions import ManifestAction, actions_between
from rohe_iac.usecases.plans.analysis import AnalysedPlan


def test_each_resource_has_one_line_and_each_changed_field_its_old_and_new_value(
    new_screen: Any, digits: AnalysedPlan
) -> None:
    after = digits.planfile
    first, second, *others = after.manifests
    text = first.text.replace("spec:", "spec:\n  color: red", 1)
    before = replace(
        after, manifests=(replace(first, text=text), replace(second, name="z", address="replica/z/0"), *others)
    )
    actions = actions_between(before.manifests, after.manifests)
    screen, printed = new_screen()
    print_changes(screen.out, after, before, actions, every=False)
    assert printed().splitlines() == [
        f"  + create {second.address}",
        f"  ~ change {first.address}",
        "      color: removed red",
        "  - delete replica/z/0",
    ]
    screen, printed = new_screen()
    print_changes(screen.out, after, None, actions, every=False)
    assert printed().splitlines()[2] == "      color: removed red"


def test_of_many_resources_the_others_are_counted(
    new_screen: Any, digits: AnalysedPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "FEW", 2)
    screen, printed = new_screen()
    print_changes(screen.out, digits.planfile, None, digits.planfile.actions, every=False)
    assert printed().splitlines()[-1] == "  ... and 14 more; `rohe plan --all` lists every one"
    screen, printed = new_screen()
    print_removals(screen.out, ["stack/a", "agent/a/0", "replica/a/0"])
    assert printed().splitlines() == ["  - delete stack/a", "  - delete agent/a/0", "  ... and 1 more"]


def test_documents_of_one_address_are_told_apart_by_their_names() -> None:
    names = [("service/a", "deployment-a"), ("service/a", "service-a"), ("service/b", "deployment-b")]
    actions = [ManifestAction("create", name, address, "") for address, name in names]
    assert resource_names(actions) == ["service/a (deployment-a)", "service/a (service-a)", "service/b"]
