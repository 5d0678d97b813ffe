"""Claims about who may do what: pods nothing at the API, observers only what commands ask."""

from __future__ import annotations

from rohe_iac.manifests.kubernetes.access import account_of, observer_rules, observers_of


def test_observers_change_nothing() -> None:
    verbs = {
        (resource, verb) for rule in observer_rules(()) for resource in rule["resources"] for verb in rule["verbs"]
    }
    assert {resource for resource, verb in verbs if verb not in ("get", "list", "watch")} == {"pods/exec"}
    assert not {resource for resource, _ in verbs} & {"secrets", "*"}


def test_names_are_those_of_the_stack() -> None:
    assert (account_of("s"), observers_of("s")) == ("rohe-s", "rohe-s-observers")
