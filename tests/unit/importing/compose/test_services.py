"""Claims about what a Compose file is, and the pipeline that it becomes."""

from __future__ import annotations

import pytest
from import_results import Importer, dropped, field_of, notes, reasons

from rohe_iac.importing.compose.services import import_compose, is_compose
from rohe_iac.importing.foreign.drafts import Drafts


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ({"web": {"image": "a"}}, True),
        ({"web": {"image": "a", "port_mapping": None}}, True),
        ({"web": {"image": "a", "port_mapping": []}}, False),
        ({"web": {"odd": 1}}, False),
        ({}, False),
    ],
)
def test_a_compose_file_has_services_with_fields_of_compose_and_none_of_the_original(
    services: object, expected: bool
) -> None:
    assert is_compose(field_of({"services": services})) is expected


def test_a_pipeline_is_named_by_the_file_and_flows_have_no_circle() -> None:
    drafts = Drafts()
    services = {"web": {"image": "a", "links": ["db:x"]}, "db": {"image": "b", "depends_on": ["web"]}, "x-a": None}
    root = field_of({"services": services, "version": "3", "x-own": 1}, "deploy/compose.shop.yaml")
    import_compose(root, drafts)
    (draft,) = drafts.pipelines.values()
    assert draft.name == "deploy"
    assert draft.flow == [{"from": "web", "to": "db"}]
    reasons = dropped(root)
    assert reasons["services.db.depends_on[0]"] == "requests would run in a circle, and a flow has none"
    assert "x-" in reasons["x-own"]


def test_secrets_in_command_lines_and_checks_are_never_copied(import_contents: Importer) -> None:
    result = import_contents(
        {
            "services": {
                "a": {"image": "i", "command": "redis-server --requirepass hunter2"},
                "b": {"image": "i", "command": ["serve", "--password=hunter2"]},
                "c": {"image": "i", "command": "run postgres://u:hunter2@host:5432/x"},
                "d": {"image": "i", "entrypoint": "run --token hunter2", "command": ["go"]},
                "e": {"image": "i", "command": "serve --password=${PW:-hunter2}"},
                "f": {"image": "i", "healthcheck": {"test": "redis-cli -a hunter2 ping"}},
            }
        }
    )
    assert "hunter2" not in f"{result.documents} {reasons(result)} {notes(result)}"
    assert all(set(service) == {"name", "image"} for service in result.documents[0]["spec"]["services"])
    assert "follow others" in reasons(result)["services.d.command"]
