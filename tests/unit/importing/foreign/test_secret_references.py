"""Claims about rohe_iac.importing.foreign.variables.secret_references: what stands for secrets of imported files."""

from __future__ import annotations

from import_results import Importer


def test_two_values_of_one_name_get_two_references(import_contents: Importer) -> None:
    services = {
        name: {"image": "i", "environment": {"PASSWORD": value}}
        for name, value in {"a": "first", "b": "second", "c": "first", "b-d": "third"}.items()
    }
    found = import_contents({"services": services}).documents[0]["spec"]["services"]
    assert [service["env"]["PASSWORD"]["secret"] for service in found] == [
        "env:PASSWORD",
        "env:B_PASSWORD",
        "env:PASSWORD",
        "env:B_D_PASSWORD",
    ]
