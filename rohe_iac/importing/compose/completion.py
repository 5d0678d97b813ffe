"""Services of a Compose project that run to their end: those whose end others wait for, and jobs of Docker Swarm."""

from __future__ import annotations

from typing import Any

from rohe_iac.importing.foreign.journal import Field, loose_spelling

ONCE = "it runs once, and has 30 s to end unless health.startup says more"

AGAIN = "a service that runs once is started again until it ends well"

KEPT = "replicas are restarted when they end; a service that ends by itself has runOnce: true"

JOBS = ("replicatedjob", "globaljob")
"""Modes of `deploy` whose replicas run to their end, in loose spelling."""


def mark_completed(
    entries: list[tuple[str, Field]], services: dict[str, dict[str, Any]], names: dict[str, str], target: str
) -> None:
    """Makes every service run once whose end another one waits for, and says what becomes of `restart`.

    Args:
        entries: The services of the file.
        services: The services of the pipeline by name, changed.
        names: The names of services in the pipeline, by their names in the file.
        target: The name of the pipeline in the journal.
    """
    awaited = {
        other
        for key, field in entries
        for other, part in _dependencies(field)
        if other in names and other != key and waits_for_end(part)
    }
    for key, field in entries:
        if key not in names:
            continue
        service = services[names[key]]
        if key in awaited:
            service["runOnce"] = True
        restart = field.get("restart")
        if not service.get("runOnce"):
            if restart is not None and restart.text.lower() in ("no", "false", "on-failure"):
                restart.drop(KEPT)
            continue
        field.note(ONCE)
        if restart is not None and restart.text.partition(":")[0] == "on-failure":
            restart.map_to(f"{target}: services.{service['name']}.runOnce")
        elif restart is not None:
            restart.drop(AGAIN)


def waits_for_end(dependency: Field) -> bool:
    """Checks whether an entry of `depends_on` is about the end of the other service, not about its start."""
    condition = dependency.get("condition") if dependency.is_mapping else None
    return condition is not None and loose_spelling(condition.text) == "servicecompletedsuccessfully"


def is_job(mode: Field | None) -> bool:
    """Checks whether a mode of `deploy` has its replicas run to their end."""
    return mode is not None and loose_spelling(mode.text) in JOBS


def _dependencies(field: Field) -> list[tuple[str, Field]]:
    depended = field.get("depends_on")
    return depended.entries() if depended is not None else []
