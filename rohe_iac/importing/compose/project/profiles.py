"""Which services of a Compose project run: those without profiles, and those of the profiles that are named.

Source: "Using profiles with Compose" (https://docs.docker.com/compose/how-tos/profiles/).
"""

from __future__ import annotations

from collections.abc import Collection

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.project_settings import ProjectSettings, Variables

NAMES = "COMPOSE_PROFILES"
"""The variable with the names of profiles, divided by commas."""


ALL = "*"


def active_profiles(settings: ProjectSettings, variables: Variables) -> set[str]:
    """Returns the profiles that the user names, or without any those of the variable COMPOSE_PROFILES."""
    named = settings.profiles or variables.values.get(NAMES, "").split(",")
    return {name.strip() for name in named if name.strip()}


def drop_inactive(services: Field, active: Collection[str]) -> set[str]:
    """Drops every service that has profiles of which none is active, and returns their names in the file."""
    found: set[str] = set()
    for key, field in services.entries():
        listed, names = field.get("profiles") if field.is_mapping else None, _profiles(field)
        if listed is None or not names:
            continue
        if ALL in active or set(names) & set(active):
            listed.map_to("one of them is named by --profile or COMPOSE_PROFILES, so the service is imported")
            continue
        found.add(key)
        options = " or ".join(f"--profile {name[:60]}" for name in names[:3])
        field.drop(f"left out, as with Docker Compose, which starts it with {options}")
    return found


def has_profile(services: Field, profile: str) -> bool:
    """Checks whether a service has the profile; `*` is one of all."""
    return profile == ALL or any(profile in _profiles(field) for _, field in services.entries())


def _profiles(service: Field) -> list[str]:
    listed = service.get("profiles") if service.is_mapping else None
    return [item.text for item in listed.as_list() if item.text] if listed is not None else []
