"""Agent limits: whether the memory of an agent leaves room for the user functions that it is told to run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.blueprint.linked.memory_figures import PROCESS_BYTES
from rohe_iac.foundation.quantities import byte_count, exact_bytes

CONFIGURATION = "agent.json"
"""Name of the file that has an agent's configuration."""


def agent_limit_faults(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yields the agents that have less memory than their process and their user functions may take, a sentence each.

    What reports take beside it follows from the contracts, which a plan is compared with as a whole.

    Args:
        documents: document of each manifest, by the manifest's name.
    """
    texts = {name: _at(document, "data", CONFIGURATION) for name, document in _by_own_name(documents).items()}
    for name, document in documents.items():
        spec = _at(document, "spec")
        limit, functions = _of_process(spec)
        if not functions:
            limit, functions = _of_pod(_at(spec, "template", "spec"), texts)
        if functions and limit is not None and limit < PROCESS_BYTES + functions:
            needed = f"{exact_bytes(PROCESS_BYTES)} and {exact_bytes(functions)} for its user functions"
            yield f"manifest {name}: the agent's limit is {exact_bytes(limit)}, and it needs {needed}"


def _of_process(spec: Any) -> tuple[int | None, int]:
    """Returns an agent's limit of memory and what its user functions may have, both in bytes, on this machine."""
    files = [file for file in _list(_at(spec, "files")) if _at(file, "name") == CONFIGURATION]
    return _bytes_of(_at(spec, "limits", "memory")), sum(_function_bytes(_at(file, "content")) for file in files)


def _of_pod(pod: Any, texts: Mapping[Any, Any]) -> tuple[int | None, int]:
    """Returns the same in a cluster, where the configuration is in a ConfigMap that the pod mounts."""
    mounted = [_at(volume, "configMap", "name") for volume in _list(_at(pod, "volumes"))]
    limits = [_bytes_of(_at(container, "resources", "limits", "memory")) for container in _list(_at(pod, "containers"))]
    # Containers that a template of the repository adds have limits of their own, after that of the agent.
    return limits[0] if limits else None, sum(_function_bytes(texts.get(name)) for name in mounted if name)


def _function_bytes(configuration: Any) -> int:
    """Returns the memory in bytes of the user functions that an agent runs, as its configuration states it.

    It is 0 for an agent that does not judge, and for anything that is no configuration: that is compared as a whole.
    """
    if not isinstance(configuration, str):
        return 0
    try:
        value = json.loads(configuration)
        judge = value.get("judge") or value["agent"]
        functions = [function for contract in value["contracts"] for function in contract["processing"]]
        return sum(int(function["memory"]) for function in functions) if judge == value["agent"] else 0
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return 0


def _by_own_name(documents: Mapping[str, Mapping[str, Any]]) -> dict[Any, Any]:
    named = {_at(document, "metadata", "name"): document for document in documents.values()}
    return {name: document for name, document in named.items() if isinstance(name, str)}


def _bytes_of(limit: Any) -> int | None:
    try:
        return byte_count(limit)
    except ValueError:
        return None


def _at(value: Any, *path: str) -> Any:
    """Returns the value at a path of keys; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
