"""Claims about priority classes."""

from __future__ import annotations

from rohe_iac.manifests.kubernetes.priorities import priority_class


def test_classes_of_stacks_and_values_are_told_apart() -> None:
    names = {priority_class(*of, value) for of in (("n", "s"), ("n", "t"), ("m", "s")) for value in (-5, 5, 6)}
    assert len(names) == 9
    assert priority_class("n", "s", -5) == "rohe.n.s.minus-5"
    assert priority_class("n", "s", 0) == ""


def test_names_of_namespaces_and_stacks_with_hyphens_are_not_taken_for_one_another() -> None:
    assert priority_class("a-b", "c", 5) != priority_class("a", "b-c", 5)
