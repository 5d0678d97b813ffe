"""Secrets that command lines of Compose services name as variables."""

from __future__ import annotations

from typing import Any

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.variables.secret_references import reference


def add_secrets_of_commands(field: Field, service: dict[str, Any], references: dict[str, str]) -> None:
    """Adds the secrets that stay as variables in command lines to `env`, so that a shell there finds them.

    Args:
        field: The service in the file.
        service: The service of the pipeline, changed.
        references: What stands for the secret by the variable that `rohe apply` reads it from; added to.
    """
    check = field.get("healthcheck")
    for part in (field.get("entrypoint"), field.get("command"), check.get("test") if check is not None else None):
        for item in part.as_list() if part is not None else []:
            for name in item.node.substitution.kept if item.node.substitution is not None else []:
                if name not in service.get("env", {}):
                    variable = reference(name, f"${name}", str(service["name"]), references)
                    service.setdefault("env", {})[name] = {"secret": f"env:{variable}"}
                    item.note(f"'{service['name']}' gets the variable {name}: set {variable} where `rohe apply` runs")
